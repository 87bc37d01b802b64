"""The sections of a policy file, one class each, with the default and the meaning of each key."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from switchover.domain.golden.identity import Identity
from switchover.domain.policies.choices import Inconclusive
from switchover.domain.policies.parts import Part
from switchover.domain.policies.tolerable import Tolerable
from switchover.domain.units import Duration, refuse_percent

# WaitIntervalInSeconds and TerminationWaitInSeconds: 0–3600 (rules §1.2).
WaitSeconds = Annotated[int, Duration(0, 3600)]


AlarmName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"\S")]


# A relative path with at least one letter or digit, so that no pattern matches every file.
_DATA_FILE = r"^([^/\\\x00-\x1f][^\\\x00-\x1f]*)?[0-9A-Za-z][^\\\x00-\x1f]*$"


class Rolling(Part):
    """Batches of instances, each baked before the next."""

    batch_percent: Annotated[
        Annotated[float, Field(ge=5, le=50)] | None,
        Field(
            description="Share of the fleet per batch. Default, as in the guide: 50 for 2–4 instances,"
            " 25 for 5–10, 20 for more."
        ),
    ] = None
    bake_seconds: Annotated[WaitSeconds, Field(description="How long each batch is watched.")] = 300
    rollback_batch_percent: Annotated[
        float, Field(ge=5, le=100, description="Share of the fleet per batch in a rollback.")
    ] = 100


class Canary(Part):
    """A small part of the new fleet serves first, then the whole new fleet."""

    percent: Annotated[
        float,
        Field(
            gt=0, le=50, description="Share of the fleet that serves first; at least 1 instance."
        ),
    ] = 10
    bake_seconds: Annotated[WaitSeconds, Field(description="How long the canary is watched.")] = 600


class Linear(Part):
    """Equal steps of the new fleet, each baked before the next."""

    step_percent: Annotated[
        float, Field(ge=10, le=50, description="Share of the fleet per step; at least 1 instance.")
    ] = 25
    bake_seconds: Annotated[WaitSeconds, Field(description="How long each step is watched.")] = 300


class Latency(Part):
    """The limit on ModelLatency, in seconds. AWS publishes this metric in microseconds."""

    limit_seconds: Annotated[
        Annotated[float, Duration(0.001, 3600)],
        Field(description="The alarm goes red above this latency."),
    ] = 5.0
    statistic: Annotated[
        str,
        Field(
            pattern=r"^(Average|Maximum|p\d{1,2}(\.\d{1,2})?)$",
            description="The statistic that is compared with the limit: Average, Maximum, or a percentile"
            " like p99.",
        ),
    ] = "Average"
    versus_old: Annotated[
        Annotated[float, Field(gt=1, le=100)] | None,
        Field(
            description="The new fleet's limit as a multiple of the old fleet's latency in the last hour,"
            " like 1.5. If limit_seconds is set, the limit is never above it. If the old fleet answered"
            " too few requests, limit_seconds is the limit."
        ),
    ] = None


class Alarms(Part):
    """The alarms that roll an update back."""

    latency: Latency = Latency()
    error_rate: Annotated[
        float,
        BeforeValidator(refuse_percent),
        Field(
            gt=0, lt=1, description="5XX and model errors per request; the alarm goes red above it."
        ),
    ] = 0.05
    period_seconds: Annotated[
        Annotated[int, Duration(10, 3600)],
        Field(
            description="Length of one evaluation period: 10, 20, 30 or a multiple of 60 seconds."
        ),
    ] = 60
    evaluation_periods: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="Number of consecutive bad periods before the alarm goes red. All of them plus"
            " 2 minutes of delay must be shorter than the bake.",
        ),
    ] = 2
    # AutoRollbackConfiguration takes 10 alarms (rules §1.2); Switchover needs four of them itself.
    also: Annotated[
        tuple[AlarmName, ...],
        Field(
            max_length=50,
            description="Names of your own alarms. SageMaker watches the first 6, Switchover the others.",
        ),
    ] = ()

    @model_validator(mode="after")
    def _period_that_cloudwatch_takes(self) -> Alarms:
        if self.period_seconds not in {10, 20, 30} and self.period_seconds % 60:
            raise ValueError("period_seconds is 10, 20, 30 or a multiple of 60")
        if self.period_seconds * self.evaluation_periods > 86_400:
            raise ValueError(
                "period_seconds × evaluation_periods is at most 86400 (rules of CloudWatch)"
            )
        return self


class Guard(Part):
    """The number of requests that the new fleet must get before its bakes prove anything."""

    min_requests: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            description="Minimum number of requests that the new fleet answers during the bake; 0 means"
            " no minimum.",
        ),
    ] = 10
    inconclusive: Annotated[
        Inconclusive,
        Field(
            description="With fewer requests: hold asks a person before the update counts as Updated;"
            " roll-back rolls back before the end of the bake."
        ),
    ] = Inconclusive.HOLD
    probes_per_minute: Annotated[
        int,
        Field(
            ge=0,
            le=600,
            description="Golden requests that are sent per minute of the bake if there are too few real"
            " requests.",
        ),
    ] = 30


class Tests(Part):
    """Golden requests, which the new fleet must answer correctly."""

    golden: Annotated[
        Annotated[str, Field(min_length=1, max_length=1024)] | None,
        Field(
            description="S3 key of the golden requests (JSON lines), in the model bucket; default: none."
        ),
    ] = None
    latency_seconds: Annotated[
        Annotated[float, Duration(0.001, 60)],
        Field(description="Maximum time for an answer, for requests without a limit of their own."),
    ] = 60
    warm_up: Annotated[
        int,
        Field(
            ge=0,
            le=20,
            description="How often the first request is sent before the test, without judging the answer:"
            " first answers are slow.",
        ),
    ] = 1
    at_once: Annotated[
        int, Field(ge=1, le=10, description="How many requests are sent at the same time.")
    ] = 4
    identity: Annotated[
        Identity | None,
        Field(
            description="Where an answer names its model, and the expected name, like"
            " {at: model, equals: 'qwen-{version}'}. Default: only the endpoint config proves which"
            " version serves."
        ),
    ] = None

    @model_validator(mode="after")
    def _identity_is_read_off_answers(self) -> Tests:
        if self.identity is not None and self.golden is None:
            raise ValueError("identity is read from the answers to golden requests: set golden too")
        return self


class Approval(Part):
    """When a person must approve. The stack's ApprovalSeconds is the time limit for the answer."""

    required: Annotated[
        bool,
        Field(description="A person must approve before the update begins."),
    ] = False
    promotion: Annotated[
        bool,
        Field(
            description="After the new fleet serves and has passed its tests, a person must approve it;"
            " otherwise the update is rolled back."
        ),
    ] = False
    four_eyes: Annotated[
        bool,
        Field(
            description="The person who offered or started the update may not approve it. Needs"
            " `required` or `promotion`. If an AWS identity is unknown, the update is Rejected."
        ),
    ] = False

    @model_validator(mode="after")
    def _asks_somebody(self) -> Approval:
        if self.four_eyes and not (self.required or self.promotion):
            raise ValueError("four_eyes needs an approval: set `required` or `promotion` too")
        return self


class CapacityBounds(Part):
    """Temporary autoscaling bounds, in instances."""

    min: Annotated[int, Field(ge=1, description="Minimum number of instances.")]
    max: Annotated[int, Field(ge=1, description="Maximum number of instances.")]

    @model_validator(mode="after")
    def _ordered(self) -> CapacityBounds:
        if self.min > self.max:
            raise ValueError("min is above max")
        return self


class Capacity(Part):
    """The fleet during an update."""

    during: Annotated[
        CapacityBounds | None,
        Field(
            description="Scaling bounds during the update, like {min: 4, max: 8}; restored afterwards."
        ),
    ] = None


class Model(Part):
    """The files that a model may contain. Loading a pickle or remote code runs code of its author."""

    allow_pickle: Annotated[
        bool,
        Field(
            description="Allows pickles: .bin, .pt, .pkl, .npz, and files that begin like a pickle."
        ),
    ] = False
    allow_remote_code: Annotated[
        bool,
        Field(
            description="Allows code that a container runs: auto_map, .py, .so, inference.py,"
            " requirements.txt, TensorRT engines, files of unknown kind."
        ),
    ] = False
    data_files: Annotated[
        tuple[Annotated[str, Field(max_length=200, pattern=_DATA_FILE)], ...],
        Field(
            max_length=50,
            description="Patterns of unknown files that are only data, like lookup/*.dat; * also matches"
            " subfolders. Code and pickles are still refused.",
        ),
    ] = ()
    tolerate: Annotated[
        tuple[Tolerable, ...],
        Field(description="Codes of findings that become warnings, such as [model.no-tokenizer]."),
    ] = ()
    refuse: Annotated[
        tuple[Tolerable, ...],
        Field(
            description="Codes of warnings that reject the release, such as [model.no-chat-template]."
        ),
    ] = ()
