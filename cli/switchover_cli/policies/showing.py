"""The policy in force for an endpoint, as records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from switchover.domain.policies.overrides import Override
from switchover.domain.policies.policy import Policy

if TYPE_CHECKING:
    from switchover.domain.policies.layers import EffectivePolicy


class PolicyRecord(BaseModel):
    """A policy in force, for machines; `origins` leaves out keys that have their default."""

    policy: Policy
    origins: dict[str, str]
    overrides: tuple[Override, ...]


def record_policy(effective: EffectivePolicy) -> PolicyRecord:
    """The printed form for machines."""
    return PolicyRecord(
        policy=effective.policy,
        origins=dict(effective.origins),
        overrides=effective.overrides,
    )
