"""The request of an execution: its checked input."""

from __future__ import annotations

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

from switchover.domain.bounded import Limits, Unreadable, check_value
from switchover.domain.reasons import Reason, reasons_from
from switchover.domain.release import EndpointName, Hotfix, check_year, explained

# The largest input of an execution is 256 KiB (Step Functions Developer Guide, "Quotas").
INPUT_LIMITS = Limits(bytes=256 * 1024)


# An execution's name, which takes 80 characters (StartExecution, name).
UpdateId = Annotated[str, Field(max_length=80)]


class Request(BaseModel):
    """The execution's input: `release` alone is enough.

    `release` is the S3 URI of a release.json. `rollback` names an endpoint to roll back instead, and
    `to` the version (by default the last one that served before). `recover` is the id of an update
    whose execution was stopped, `resume` of one that waits in the queue, `cancel` of one to remove
    from the queue. `policy` are overrides; `reason` is recorded. `hotfix` leaves out alarms that are
    already red because the serving version fails; it needs a `reason`. `now` doesn't wait for a
    window; it needs a `reason` too. `offered_at` is the time of the release's upload, at the latest
    now; without it, a person requested the release by name.
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
    now: Annotated[bool, Field(strict=True), explained("now skips the window")] = False
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
                "a continued update keeps its request: policy and now are only for a"
                " `release` or a `rollback`"
            )
        if self.hotfix and self.release is None:
            raise ValueError("hotfix is only for a `release`: red alarms don't stop a rollback")
        return self

    @property
    def earlier_update(self) -> str | None:
        """The id of the update that this execution continues; None if it begins a new one."""
        return self.recover or self.resume or self.cancel

    @property
    def bucket_and_key(self) -> tuple[str, str]:
        """The bucket and key of the release."""
        bucket, _, key = (self.release or "").removeprefix("s3://").partition("/")
        return bucket, key


def parse_request(raw: object) -> Request | tuple[Reason, ...]:
    """Read an execution's input, or return every fault in it."""
    try:
        check_value(raw, INPUT_LIMITS)
        return Request.model_validate(raw)
    except Unreadable as unreadable:
        return (
            Reason(
                code="input.invalid",
                subject="execution input",
                message=f"{unreadable}.",
                remedy="Write the input like the examples in docs/inputs.",
            ),
        )
    except ValidationError as error:
        return reasons_from(
            error, code="input.invalid", subjects={}, source="execution input", model=Request
        )
