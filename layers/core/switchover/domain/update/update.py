"""An update as the ledger keeps it: what was asked, what was planned, what happened, how it ended."""

from __future__ import annotations

from datetime import datetime, timedelta

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
)

from switchover.domain.asking import LANDING_SECONDS
from switchover.domain.errors import UpdateUnknown
from switchover.domain.fleet import CapacitySnapshot
from switchover.domain.golden.identity import Proof
from switchover.domain.golden.results import GoldenResult
from switchover.domain.manifest import ObjectVersion
from switchover.domain.outcome import Outcome
from switchover.domain.plain_text import quote
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.preflight import Preflight
from switchover.domain.reasons import Reason
from switchover.domain.release import Release
from switchover.domain.serving import Serving
from switchover.domain.update.approval import Approval, ApprovalLink, Gate, Question
from switchover.domain.update.records import AbortRequest, Evidence, GuardCall, NotedMoment
from switchover.domain.update.request import Request
from switchover.domain.verdict import Course

_NO_JUDGEMENT = {"execution.stopped", "switchover.crashed", "switchover.unexplained"}


def add_fault(update: Update, fault: Reason) -> tuple[Reason, ...]:
    """What stood in the way of going back, each fault once, the latest last."""
    earlier = (each for each in update.way_back_faults if each != fault)
    return (*earlier, fault)


class Update(BaseModel):
    """One run: one release, one endpoint, one plan, one outcome."""

    model_config = ConfigDict(frozen=True, extra="ignore")

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
    # Of the release's source when its copy began; empty before.
    source_digest: str = ""
    # The version of the policy file that this run reads; None if none was looked for yet.
    policy_version: ObjectVersion | None = None
    # Of the manifest of the model's files, as they were checked.
    files_digest: str = ""
    started_at: datetime
    # When release.json was uploaded, or somebody asked: what is newer is decided by this.
    offered_at: datetime | None = None
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    summary: str = ""
    reasons: tuple[Reason, ...] = ()
    # What validation found that refuses nothing.
    warnings: tuple[Reason, ...] = ()
    preflight: Preflight | None = None
    plan: Plan | None = None
    course: Course | None = None
    is_started: bool = False
    # When AWS was last asked for a change whose answer isn't known; None if every answer is.
    asked_at: datetime | None = None
    # Why the way back was taken, or has to be; empty if it goes forward.
    cause: tuple[Reason, ...] = ()
    # When the way back was taken; None if it goes forward.
    turned_back_at: datetime | None = None
    # When SageMaker was first seen to serve the new config, and how long that took from the request on.
    settled_at: datetime | None = None
    moving_seconds: int | None = None
    emitted: Outcome | None = None
    announced: Outcome | None = None
    rollback_attempts: int = 0
    guard: GuardCall | None = None
    abort: AbortRequest | None = None
    # When the abort alarm was set by hand, and when it was made red by a published value.
    tripped_at: datetime | None = None
    abort_published_at: datetime | None = None
    # What SageMaker said where it refused the way back, or could not go it.
    way_back_faults: tuple[Reason, ...] = ()
    # Decided for good: from here on only a rollback stops it.
    is_confirmed: bool = False
    is_mixed: bool = False
    last_seen: str = ""
    # What RollBack told last: where it tells the same again, that is counted there.
    last_move: NotedMoment | None = None
    snapshot: CapacitySnapshot | None = None
    # Whether SageMaker was asked to bring the fleet back to its size.
    is_resize_asked: bool = False
    # What others changed of the capacity meanwhile, and was left to them.
    left_to_others: tuple[Reason, ...] = ()
    approvals: tuple[Approval, ...] = ()
    question: Question | None = None
    approval_link: ApprovalLink | None = None
    # Why a look answered a question in place of people.
    gate_closed_by: tuple[Reason, ...] = ()
    evidence: Evidence = Evidence()
    # What the model was asked after the last shift, and how it answered.
    golden: tuple[GoldenResult, ...] = ()
    # How far it was proven that the release itself answers; None if that wasn't looked at.
    identity: Proof | None = None
    serving_config: str = ""
    serving: Serving | None = None
    task_token: str | None = None
    awaited: str | None = None
    revision: int = 0
    # Long fields that the ledger keeps apart, with the digest of what each held when it was read.
    parts: dict[str, str] = Field(default_factory=dict)
    # Whether it was opened after its execution had lost its record, or ended before it had one.
    is_reopened: bool = False
    # Whether it only stands in for a record that can't be read (domain/unreadable.py).
    is_unreadable: bool = False

    @property
    def is_going_back(self) -> bool:
        """Whether the way back was taken: what the update itself comes to is settled then."""
        is_known = self.turned_back_at is not None
        return is_known or self.rollback_attempts > 0 or self.tripped_at is not None

    def has_request_under_way(self, now: datetime) -> bool:
        """Whether a request that AWS hasn't answered may still land."""
        return self.asked_at is not None and now < self.asked_at + timedelta(
            seconds=LANDING_SECONDS
        )

    @property
    def is_stand_in(self) -> bool:
        """Whether what it planned and changed is unknown."""
        return self.is_reopened or any(each.code == "update.unreadable" for each in self.reasons)

    @property
    def was_stopped_unjudged(self) -> bool:
        """Whether it ended by no fault of the release, before anything was said of that."""
        said = {reason.code for reason in self.reasons}
        is_unjudged = self.preflight is None and self.plan is None
        return self.outcome is Outcome.REJECTED and is_unjudged and said <= _NO_JUDGEMENT

    @property
    def is_changing(self) -> bool:
        """Whether it has begun to change its endpoint, and has no outcome yet."""
        return self.snapshot is not None and self.outcome is None

    @property
    def open_gate(self) -> Gate | None:
        """Where a person is asked right now; None if nobody is waited for."""
        if self.task_token is None or self.outcome is not None or self.awaited not in set(Gate):
            return None
        gate = Gate(self.awaited)
        return None if self.approval_of(gate) else gate

    def approval_of(self, gate: Gate) -> Approval | None:
        """What was answered at a gate, if it was."""
        given = [each for each in self.approvals if each.gate is gate]
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
    def hotfix_told(self) -> str:
        """What people are told of a hotfix: why, and which alarms it leaves out; else empty."""
        if not self.hotfix_reason:
            return ""
        left_out = ", ".join(self.plan.excluded_alarms) if self.plan else ""
        return (
            f"Hotfix, for the reason given by the starter: {quote(self.hotfix_reason)};"
            f" {f'left out, as red already: {left_out}' if left_out else 'no alarm is left out'}."
        )

    @property
    def overrides_told(self) -> str:
        """What people are told of that isn't as the policy file says; else empty."""
        overrides = self.plan.overrides if self.plan else ()
        return f"Overrides the policy: {'; '.join(map(str, overrides))}." if overrides else ""

    @property
    def planned(self) -> Plan:
        """The plan of an update that has come so far.

        Raises:
            UpdateUnknown: it was never planned.
        """
        if self.plan is None:
            raise UpdateUnknown(f"update {self.update_id!r} has no plan")
        return self.plan
