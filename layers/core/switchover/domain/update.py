"""An update as the ledger keeps it: what was asked, what was planned, what happened, how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from switchover.domain.errors import UpdateUnknown
from switchover.domain.fleet import AlarmReading, ScalingReading
from switchover.domain.outcome import Outcome
from switchover.domain.plan import Kind, Plan
from switchover.domain.reasons import Reason, reasons_from
from switchover.domain.release import EndpointName, Release
from switchover.domain.verdict import Course


class Request(BaseModel):
    """The execution's input: `release` alone is enough.

    `release` is the S3 URI of a release.json; `rollback` names an endpoint to take back instead, `to`
    the version (by default the last one that served before); `recover` is the id of an update whose
    execution was stopped; `policy` overrides; `reason` is recorded.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", title="Switchover start")

    release: str | None = Field(default=None, pattern=r"^s3://[^/]+/.+")
    object_version: str | None = None
    rollback: EndpointName | None = None
    to: str | None = None
    recover: str | None = None
    policy: dict[str, Any] = Field(default_factory=dict)
    reason: str = Field(default="", max_length=1000)

    @model_validator(mode="after")
    def _asks_for_one_thing(self) -> Request:
        asked = [
            name for name in ("release", "rollback", "recover") if getattr(self, name) is not None
        ]
        if len(asked) != 1:
            raise ValueError(
                "give `release` (the S3 URI of a release.json) or `rollback` (an endpoint's name)"
            )
        return self

    @property
    def bucket_and_key(self) -> tuple[str, str]:
        """Where the release lies."""
        bucket, _, key = (self.release or "").removeprefix("s3://").partition("/")
        return bucket, key


def parse_request(raw: object) -> Request | tuple[Reason, ...]:
    """Read an execution's input, or say everything that is wrong with it."""
    try:
        return Request.model_validate(raw)
    except ValidationError as error:
        return reasons_from(
            error, code="input.invalid", subjects={}, source="execution input", model=Request
        )


class Evidence(BaseModel):
    """What would vanish when the update is over: SageMaker's words and the alarms' states."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    failure_reason: str = ""
    alarms: tuple[AlarmReading, ...] = ()


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
    # Of the release's source when its copy began; empty before.
    source_digest: str = ""
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Outcome | None = None
    summary: str = ""
    reasons: tuple[Reason, ...] = ()
    plan: Plan | None = None
    course: Course | None = None
    is_started: bool = False
    is_announced: bool = False
    rollback_attempts: int = 0
    has_aborted: bool = False
    is_mixed: bool = False
    last_seen: str = ""
    snapshot: CapacitySnapshot | None = None
    evidence: Evidence = Evidence()
    serving_config: str = ""
    task_token: str | None = None
    awaited: str | None = None
    revision: int = 0

    @property
    def planned(self) -> Plan:
        """The plan of an update that has come so far.

        Raises:
            UpdateUnknown: it was never planned.
        """
        if self.plan is None:
            raise UpdateUnknown(f"update {self.update_id!r} has no plan")
        return self.plan
