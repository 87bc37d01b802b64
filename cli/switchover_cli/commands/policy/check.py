"""`switchover policy check`: whether policy files are right, without AWS."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, TypeAdapter

from switchover.domain.plans.policy_sense import find_contradictions, find_idle_keys
from switchover.domain.policies.layers import (
    Layer,
    merge_policy,
    parse_policy,
)
from switchover.domain.reasons import Reason
from switchover_cli.exits import ExitCode
from switchover_cli.options import Json
from switchover_cli.output import open_console, print_document
from switchover_cli.policies.store import read_file
from switchover_cli.screens.policy import draw_verdict


class VerdictRecord(BaseModel):
    """What a check found in one file, for machines."""

    file: str
    is_right: bool
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]


def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Policy files.")],
    *,
    json: Json = False,
) -> None:
    """Say everything that is wrong with policy files, without AWS."""
    verdicts = tuple(_judge(parse_policy(read_file(file), str(file))) for file in files)
    if json:
        adapter = TypeAdapter(tuple[VerdictRecord, ...])
        print_document(adapter.dump_json(verdicts, indent=2).decode())
    else:
        console = open_console()
        for verdict in verdicts:
            console.print(draw_verdict(verdict.file, verdict.reasons, verdict.warnings))
    if not all(verdict.is_right for verdict in verdicts):
        raise typer.Exit(ExitCode.REJECTED)


def _judge(layer: Layer) -> VerdictRecord:
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
