"""The facts about an update: its request, plan, course and outcome."""

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
    """The fields of an update, and the properties that follow from them."""

    update_id: str
    execution_arn: str
    endpoint: str
    version: str
    kind: Kind
    request: Request | None
    bucket: str = ""
    release: Release | None = None
    # The SHA-256 of release.json; empty for a rollback.
    release_sha256: str = ""
    # The callers who vouched for offering or starting the update. Empty if one of them is unknown,
    # None before the look-up.
    offered_by: tuple[str, ...] | None = None
    started_at: datetime
    # The time of the upload of release.json, or of the request. It decides which update is newer.
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
        """Whether the rollback has begun. Then the update itself can't succeed any more."""
        return self.way_back.is_taken

    def has_request_under_way(self, now: datetime) -> bool:
        """Whether a request without an answer from AWS may still land."""
        return self.progress.asked_at is not None and now < self.progress.asked_at + timedelta(
            seconds=LANDING_SECONDS
        )

    @property
    def is_stand_in(self) -> bool:
        """Whether this is a stand-in: the update's plan and changes are unknown."""
        return self.record.is_reopened or any(
            each.code == "update.unreadable" for each in self.reasons
        )

    @property
    def was_stopped_unjudged(self) -> bool:
        """Whether the update ended before the release was judged, and not because of the release."""
        said = {reason.code for reason in self.reasons}
        is_unjudged = self.found.preflight is None and self.plan is None
        return self.outcome is Outcome.REJECTED and is_unjudged and said <= _NO_JUDGEMENT

    @property
    def is_changing(self) -> bool:
        """Whether the update has begun to change its endpoint, and has no outcome yet."""
        return self.capacity.snapshot is not None and self.outcome is None

    @property
    def open_gate(self) -> Gate | None:
        """The question that waits for a person now; None if there is none."""
        if (
            self.waiting.task_token is None
            or self.outcome is not None
            or self.waiting.awaited not in set(Gate)
        ):
            return None
        gate = Gate(self.waiting.awaited)
        return None if self.approval_of(gate) else gate

    def approval_of(self, gate: Gate) -> Approval | None:
        """The answer to a question, if there is one."""
        given = [each for each in self.asking.given if each.gate is gate]
        return given[-1] if given else None

    @property
    def is_ending(self) -> bool:
        """Whether no further verdict on the update is needed."""
        return self.abort is not None or self.is_going_back or self.outcome is not None

    def waits_for(self, serving: Serving) -> bool:
        """Whether the update has ended, but its restoration has to wait until SageMaker settles."""
        return self.outcome is Outcome.NEEDS_OPERATOR and serving.is_moving

    @property
    def given_reason(self) -> str:
        """The reason in the request or in the release; empty if there is none."""
        asked = (each.reason for each in (self.request, self.release) if each is not None)
        return next(filter(None, asked), "")

    @property
    def hotfix_reason(self) -> str:
        """The reason for a hotfix, which leaves out red alarms; empty without a hotfix."""
        asked = [each for each in (self.request, self.release) if each is not None and each.hotfix]
        return asked[0].reason if asked else ""

    @property
    def planned(self) -> Plan:
        """The plan of an update that was planned.

        Raises:
            UpdateUnknown: the update was never planned.
        """
        if self.plan is None:
            raise UpdateUnknown(f"update {self.update_id!r} has no plan")
        return self.plan
