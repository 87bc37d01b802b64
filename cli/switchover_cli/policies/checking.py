"""Checks a policy file, as far as possible without AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from switchover.domain.plans.policy_sense import find_contradictions, find_idle_keys
from switchover.domain.policies.layers import merge_policy, parse_policy
from switchover.domain.reasons import Reason
from switchover_cli.policies.store import read_file

if TYPE_CHECKING:
    from pathlib import Path


class VerdictRecord(BaseModel):
    """The findings of a check in one file, for machines."""

    file: str
    is_right: bool
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]


def check_policy(file: Path) -> VerdictRecord:
    """Everything that is wrong with a policy file.

    Raises:
        Misused: the file can't be read.
    """
    layer = parse_policy(read_file(file), str(file))
    effective = merge_policy([layer])
    if isinstance(effective, tuple):
        return VerdictRecord(file=layer.source, is_right=False, reasons=effective, warnings=())
    reasons = find_contradictions(effective)
    return VerdictRecord(
        file=layer.source,
        is_right=not reasons,
        reasons=reasons,
        warnings=find_idle_keys(effective),
    )
