"""An update as the ledger keeps it: what was asked, what was planned, what happened, how it ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from switchover.domain.aborting import AbortRequest
from switchover.domain.approvals.approval import Approval, ApprovalLink, Gate, Question
from switchover.domain.asking import LANDING_SECONDS
from switchover.domain.bounded import Limits, Unreadable, check_value
from switchover.domain.checks.check import Preflight
from switchover.domain.errors import UpdateUnknown
from switchover.domain.fleet import ScalingReading
from switchover.domain.golden.identity import Proof
from switchover.domain.golden.results import GoldenResult
from switchover.domain.guarding import GuardCall
from switchover.domain.manifest import ObjectVersion
from switchover.domain.outcome import Outcome
from switchover.domain.plain_text import quote
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.reasons import Reason, reasons_from
from switchover.domain.release import EndpointName, Hotfix, Release, check_year, explained
from switchover.domain.serving import Serving
from switchover.domain.telling.evidence import ContainerLog, Trip
from switchover.domain.verdict import Course

# Step Functions hands over 256 KiB at most (Step Functions Developer Guide, "Quotas").
INPUT_LIMITS = Limits(bytes=256 * 1024)


# An execution's name, which takes 80 characters (StartExecution, name).
UpdateId = Annotated[str, Field(max_length=80)]


class Request(BaseModel):
    """The execution's input: `release` alone is enough.

    `release` is the S3 URI of a release.json; `rollback` names an endpoint to take back instead, `to`
    the version (by default the last one that served before); `recover` is the id of an update whose
    execution was stopped, `resume` of one that waits for its turn, `cancel` of one to be taken out of the
    queue; `policy` overrides; `reason` is recorded. `hotfix` leaves out the alarms that are red
    already, because the version that serves is what fails; it needs a `reason`. So does `now`, which
    doesn't wait for a window. `offered_at` is when a release was uploaded, at the latest now; without it,
    it is asked for by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", title="Switchover start")

    release: str | None = Field(default=None, pattern=r"^s3://[^/]+/.+", max_length=1100)
    object_version: str | None = Field(default=None, max_length=1024)
    rollback: EndpointName | None = None
    to: str | None = Field(default=None, max_length=63)
    recover: UpdateId | None = None
    resume: UpdateId | None = None
    cancel: UpdateId | None = None
    policy: dict[str, Any] = Field(default_factory=dict)
    reason: str = Field(default="", max_length=1000)
    hotfix: Hotfix = False
    now: Annotated[bool, Field(strict=True), explained("now passes over the window")] = False
    offered_at: Annotated[AwareDatetime, AfterValidator(check_year)] | None = None

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> Request:
        asked = [
            name
            for name in ("release", "rollback", "recover", "resume", "cancel")
            if getattr(self, name) is not None
        ]
        if len(asked) != 1:
            raise ValueError(
                "give `release` (the S3 URI of a release.json) or `rollback` (an endpoint's name)"
            )
        if self.earlier_update is not None and (self.policy or self.now):
            raise ValueError(
                "an update that is taken up keeps what it was asked for: policy and now go with a"
                " `release` or a `rollback`"
            )
        if self.hotfix and self.release is None:
            raise ValueError("a hotfix is a `release`: red alarms don't hold a rollback up anyway")
        return self

    @property
    def earlier_update(self) -> str | None:
        """The id of the update that this execution takes up; None if it begins one of its own."""
        return self.recover or self.resume or self.cancel

    @property
    def bucket_and_key(self) -> tuple[str, str]:
        """Where the release lies."""
        bucket, _, key = (self.release or "").removeprefix("s3://").partition("/")
        return bucket, key


_NO_JUDGEMENT = {"execution.stopped", "switchover.crashed", "switchover.unexplained"}


def add_fault(update: Update, fault: Reason) -> tuple[Reason, ...]:
    """What stood in the way of going back, each fault once, the latest last."""
    earlier = (each for each in update.way_back_faults if each != fault)
    return (*earlier, fault)


def parse_request(raw: object) -> Request | tuple[Reason, ...]:
    """Read an execution's input, or say everything that is wrong with it."""
    try:
        check_value(raw, INPUT_LIMITS)
        return Request.model_validate(raw)
    except Unreadable as unreadable:
        return (
            Reason(
                code="input.invalid",
                subject="execution input",
                message=f"{unreadable}.",
                remedy="Write what is asked for, as docs/inputs shows it.",
            ),
        )
    except ValidationError as error:
        return reasons_from(
            error, code="input.invalid", subjects={}, source="execution input", model=Request
        )


class Evidence(BaseModel):
    """What would vanish when the update is over: SageMaker's words, alarms, the container's log."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    failure_reason: str = ""
    alarms: tuple[Trip, ...] = ()
    log: ContainerLog = ContainerLog()


class Moment(BaseModel):
    """One entry of an update's timeline."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime
    state: str
    text: str
    old_instances: int | None = None
    new_instances: int | None = None


class CapacitySnapshot(BaseModel):
    """The variant's capacity and scaling before anything was changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    desired_instances: int
    scaling: ScalingReading


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
