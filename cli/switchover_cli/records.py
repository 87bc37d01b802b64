"""What `--json` prints: stable keys, times in ISO 8601 with zone, seconds as integers."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.adoption import Drift
from switchover.domain.fleet import AlarmReading
from switchover.domain.golden.identity import UNASKED, Proof
from switchover.domain.golden.results import GoldenResult
from switchover.domain.marks import Mark, Pin
from switchover.domain.outcome import Outcome
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.policies.choices import Strategy
from switchover.domain.policies.overrides import Override
from switchover.domain.queueing import Waiting
from switchover.domain.reasons import Reason
from switchover.domain.update.records import Moment
from switchover.explain.waits import Wait, find_wait

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlanNumbers(_Record):
    """The numbers of a plan that people ask about."""

    strategy: Strategy
    instance_type: str
    instances: int
    step_instances: int
    steps: int
    bake_seconds: int
    expected_seconds: int
    deadline_seconds: int
    peak_instances: int
    target_config: str
    previous_config: str
    overrides: tuple[Override, ...]


class UpdateRecord(_Record):
    """One update, as `history`, `watch` and every `--watch` print it.

    `started_by` are ARNs that AWS authenticated; empty if the starter wasn't recorded. `drift` is set if
    the serving config was changed later outside Switchover.
    """

    update_id: str
    endpoint: str
    kind: Kind
    version: str
    reason: str
    started_by: tuple[str, ...]
    waits_for: Wait | None
    outcome: Outcome | None
    summary: str
    reasons: tuple[Reason, ...]
    started_at: datetime
    ended_at: datetime | None
    serving_config: str
    plan: PlanNumbers | None
    golden: tuple[GoldenResult, ...]
    identity: Proof
    timeline: tuple[Moment, ...]
    drift: Drift | None = None


class StatusRecord(_Record):
    """What `status` prints. `version` is null for a config that no update created.

    `drift` is set if the serving config was changed outside Switchover since the last known good.
    """

    endpoint: str
    exists: bool
    status: str | None
    config: str | None
    version: str | None
    serves_since: datetime | None
    instances: int
    pending_config: str | None
    pending_version: str | None
    pending_instances: int
    phase: str | None
    elapsed_seconds: int | None
    running: UpdateRecord | None
    last: UpdateRecord | None
    last_change: UpdateRecord | None
    waiting: tuple[Waiting, ...]
    pin: Pin | None
    marks: tuple[Mark, ...]
    alarms: tuple[AlarmReading, ...]
    drift: Drift | None
    read_at: datetime


class StartRecord(_Record):
    """What `start` and `rollback` print without `--watch`.

    `drift` is a change made outside Switchover, which a rollback undoes.
    """

    update_id: str
    release: str | None
    drift: Drift | None = None


class UploadRecord(_Record):
    """What `upload` prints without `--watch`. Paths are relative to the folder.

    `update_id` is the update that the upload starts; if nothing was sent, the last to this version.
    """

    release: str
    outcome: str
    bytes: int
    sent: tuple[str, ...]
    copied: tuple[str, ...]
    already_there: tuple[str, ...]
    left_out: tuple[str, ...]
    update_id: str


def record_update(
    update: Update, timeline: tuple[Moment, ...], drift: Drift | None = None
) -> UpdateRecord:
    """The printed form of an update."""
    return UpdateRecord(
        update_id=update.update_id,
        endpoint=update.endpoint,
        kind=update.kind,
        version=update.version,
        reason=update.given_reason,
        started_by=update.offered_by or (),
        waits_for=find_wait(update),
        outcome=update.outcome,
        summary=update.summary,
        reasons=update.reasons,
        started_at=update.started_at,
        ended_at=update.ended_at,
        serving_config=update.serving_config,
        plan=_numbers(update.plan) if update.plan else None,
        golden=update.found.golden,
        identity=update.found.identity or UNASKED,
        timeline=timeline,
        drift=drift,
    )


def _numbers(plan: Plan) -> PlanNumbers:
    return PlanNumbers(
        strategy=plan.deployment.pace.strategy,
        instance_type=plan.target.instance_type,
        instances=plan.deployment.pace.instances,
        step_instances=plan.deployment.pace.step_instances,
        steps=plan.deployment.pace.steps,
        bake_seconds=plan.deployment.pace.bake_seconds,
        expected_seconds=plan.times.expected_seconds,
        deadline_seconds=plan.times.deadline_seconds,
        peak_instances=plan.capacity.peak_instances,
        target_config=plan.target.config,
        previous_config=plan.previous.config,
        overrides=plan.overrides,
    )
