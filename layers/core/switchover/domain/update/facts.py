"""What is known of an update: what was asked, what was planned, what happened, how it ended."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime, timedelta

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from switchover.domain.asking import LANDING_SECONDS
from switchover.domain.errors import UpdateUnknown
from switchover.domain.outcome import Outcome
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.reasons import Reason
from switchover.domain.release import Release
from switchover.domain.serving import Serving
from switchover.domain.update.approval import Approval, Gate
from switchover.domain.update.groups import (
    Asking,
    Capacity,
    Findings,
    GoingBack,
    Pins,
    Progress,
    Record,
    Told,
    Waiting,
)
from switchover.domain.update.records import AbortRequest, GuardCall
from switchover.domain.update.request import Request

_NO_JUDGEMENT = {"execution.stopped", "switchover.crashed", "switchover.unexplained"}


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class UpdateFacts:
    """The fields of an update, and the questions that they answer."""

    update_id: str
    execution_arn: str
    endpoint: str
    version: str
    kind: Kind
    request: Request | None
    bucket: str = ""
    release: Release | None = None
    # Of release.json as it was read; empty for a rollback.
    release_sha256: str = ""
    # Callers who vouched for having offered or started it; empty if any of them is unknown, None before
    # anybody looked.
    offered_by: tuple[str, ...] | None = None
    started_at: datetime
    # When release.json was uploaded, or somebody asked: what is newer is decided by this.
    offered_at: datetime | None = None
    plan: Plan | None = None
    guard: GuardCall | None = None
    abort: AbortRequest | None = None
    pins: Pins = Pins()
    found: Findings = Findings()
    asking: Asking = Asking()
    waiting: Waiting = Waiting()
    progress: Progress = Progress()
    way_back: GoingBack = GoingBack()
    capacity: Capacity = Capacity()
    outcome: Outcome | None = None
    summary: str = ""
    reasons: tuple[Reason, ...] = ()
    ended_at: datetime | None = None
    serving_config: str = ""
    serving: Serving | None = None
    told: Told = Told()
    record: Record = field(default_factory=Record)

    @property
    def is_going_back(self) -> bool:
        """Whether the way back was taken: what the update itself comes to is settled then."""
        return self.way_back.is_taken

    def has_request_under_way(self, now: datetime) -> bool:
        """Whether a request that AWS hasn't answered may still land."""
        return self.progress.asked_at is not None and now < self.progress.asked_at + timedelta(
            seconds=LANDING_SECONDS
        )

    @property
    def is_stand_in(self) -> bool:
        """Whether what it planned and changed is unknown."""
        return self.record.is_reopened or any(
            each.code == "update.unreadable" for each in self.reasons
        )

    @property
    def was_stopped_unjudged(self) -> bool:
        """Whether it ended by no fault of the release, before anything was said of that."""
        said = {reason.code for reason in self.reasons}
        is_unjudged = self.found.preflight is None and self.plan is None
        return self.outcome is Outcome.REJECTED and is_unjudged and said <= _NO_JUDGEMENT

    @property
    def is_changing(self) -> bool:
        """Whether it has begun to change its endpoint, and has no outcome yet."""
        return self.capacity.snapshot is not None and self.outcome is None

    @property
    def open_gate(self) -> Gate | None:
        """Where a person is asked right now; None if nobody is waited for."""
        if (
            self.waiting.task_token is None
            or self.outcome is not None
            or self.waiting.awaited not in set(Gate)
        ):
            return None
        gate = Gate(self.waiting.awaited)
        return None if self.approval_of(gate) else gate

    def approval_of(self, gate: Gate) -> Approval | None:
        """What was answered at a gate, if it was."""
        given = [each for each in self.asking.given if each.gate is gate]
        return given[-1] if given else None

    @property
    def is_ending(self) -> bool:
        """Whether nobody need judge it any more."""
        return self.abort is not None or self.is_going_back or self.outcome is not None

    def waits_for(self, serving: Serving) -> bool:
        """Whether it ended unsettled, and what is left to put back has to wait for SageMaker."""
        return self.outcome is Outcome.NEEDS_OPERATOR and serving.is_moving

    @property
    def given_reason(self) -> str:
        """Why it was asked for, by the words of who started it, or of its release; else empty."""
        asked = (each.reason for each in (self.request, self.release) if each is not None)
        return next(filter(None, asked), "")

    @property
    def hotfix_reason(self) -> str:
        """Why alarms that are red already are left out; empty unless somebody asked for a hotfix."""
        asked = [each for each in (self.request, self.release) if each is not None and each.hotfix]
        return asked[0].reason if asked else ""

    @property
    def planned(self) -> Plan:
        """The plan of an update that has come so far.

        Raises:
            UpdateUnknown: it was never planned.
        """
        if self.plan is None:
            raise UpdateUnknown(f"update {self.update_id!r} has no plan")
        return self.plan
