"""What `doctor` found, for people and machines alike."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.counts import count_nothing
from switchover_cli.doctor.finding import Finding
from switchover_cli.doctor.findings import diagnose
from switchover_cli.doctor.reading import Doctor, Unseen
from switchover_cli.doctor.seen import Holding, tell_held

if TYPE_CHECKING:
    from switchover.domain.counts import OnCount
    from switchover_cli.deployment import Deployment

# A local cloud sends no mail, so a topic without subscribers is normal there.
_NORMAL_LOCALLY = frozenset({"topic.unheard"})


class DoctorRecord(BaseModel):
    """What `doctor --json` prints. Parts in `unseen` weren't read completely.

    `notes` would be findings on AWS, and are normal on a local cloud.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    held: tuple[Holding, ...]
    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    unseen: tuple[Unseen, ...]


def examine(
    deployment: Deployment, within_seconds: float, on_count: OnCount = count_nothing
) -> DoctorRecord:
    """Read for `within_seconds` at most, and report claims, queues, pins and leftovers."""
    examination = Doctor(deployment, within_seconds, on_count=on_count)
    seen = examination.look()
    found = diagnose(seen)
    normal = _NORMAL_LOCALLY if deployment.is_local else frozenset[str]()
    return DoctorRecord(
        at=seen.now,
        held=tell_held(seen),
        findings=tuple(each for each in found if each.code not in normal),
        notes=tuple(each for each in found if each.code in normal),
        unseen=tuple(examination.unseen),
    )
