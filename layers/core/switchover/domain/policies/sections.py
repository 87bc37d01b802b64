"""The sections of a policy file, one class each, with defaults and meanings."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    BeforeValidator,
    Field,
    model_validator,
)

from switchover.domain.golden.identity import Identity

# WaitIntervalInSeconds and TerminationWaitInSeconds: 0–3600 (rules §1.2).
from switchover.domain.policies.choices import (
    Inconclusive,
)
from switchover.domain.policies.parts import Part
from switchover.domain.policies.tolerable import Tolerable
from switchover.domain.units import Duration, refuse_percent

# WaitIntervalInSeconds and TerminationWaitInSeconds: 0–3600 (rules §1.2).
WaitSeconds = Annotated[int, Duration(0, 3600)]


AlarmName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"\S")]


# A relative path with at least one letter or digit, so that no pattern takes everything.
_DATA_FILE = r"^([^/\\\x00-\x1f][^\\\x00-\x1f]*)?[0-9A-Za-z][^\\\x00-\x1f]*$"


class Rolling(Part):
    """Batches of instances, each baked before the next."""

    batch_percent: Annotated[
        Annotated[float, Field(ge=5, le=50)] | None,
        Field(
            description="Share of the fleet per batch; left out, the guide's table decides:"
            " 50 of 2–4 instances, 25 of 5–10, then 20."
        ),
    ] = None
    bake_seconds: Annotated[WaitSeconds, Field(description="How long each batch is watched.")] = 300
    rollback_batch_percent: Annotated[
        float, Field(ge=5, le=100, description="Share of the fleet per batch on the way back.")
    ] = 100


class Canary(Part):
    """A small share of the new fleet serves first, then all of it."""

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
    """The bound on ModelLatency. `limit_seconds` is for people; AWS counts microseconds."""

    limit_seconds: Annotated[
        Annotated[float, Duration(0.001, 3600)],
        Field(description="The alarm goes red above it."),
    ] = 5.0
    statistic: Annotated[
        str,
        Field(
            pattern=r"^(Average|Maximum|p\d{1,2}(\.\d{1,2})?)$",
            description="What is held against it: Average, Maximum, or a percentile like p99.",
        ),
    ] = "Average"
    versus_old: Annotated[
        Annotated[float, Field(gt=1, le=100)] | None,
        Field(
            description="The new fleet's bound as a multiple of what the old one took in the last hour,"
            " like 1.5. limit_seconds bounds it where it is set, and holds where the old fleet answered"
            " too little."
        ),
    ] = None


class Alarms(Part):
    """What turns an update back."""

    latency: Latency = Latency()
    error_rate: Annotated[
        float,
        BeforeValidator(refuse_percent),
        Field(gt=0, lt=1, description="5XX and model errors per request; red above it."),
    ] = 0.05
    period_seconds: Annotated[
        Annotated[int, Duration(10, 3600)],
        Field(description="One look of the alarms: 10, 20, 30 or a multiple of 60 seconds."),
    ] = 60
    evaluation_periods: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="Looks in a row that must be bad. All of them and 2 minutes of delay"
            " must be shorter than the bake.",
        ),
    ] = 2
    # AutoRollbackConfiguration takes 10 alarms (rules §1.2), and four of them are ours.
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
    """How much the new fleet must be asked before its bakes prove anything."""

    min_requests: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            description="The fewest requests that it answers while it bakes; 0 asks for none.",
        ),
    ] = 10
    inconclusive: Annotated[
        Inconclusive,
        Field(
            description="With fewer: hold lets a person decide before it is Updated, roll-back turns back"
            " before the bake is over."
        ),
    ] = Inconclusive.HOLD
    probes_per_minute: Annotated[
        int,
        Field(
            ge=0,
            le=600,
            description="Golden requests that are sent as traffic meanwhile, where real traffic is thin.",
        ),
    ] = 30


class Tests(Part):
    """Golden requests, which the new fleet must answer."""

    golden: Annotated[
        Annotated[str, Field(min_length=1, max_length=1024)] | None,
        Field(description="JSON lines in the model bucket, by key; left out, nothing is asked."),
    ] = None
    latency_seconds: Annotated[
        Annotated[float, Duration(0.001, 60)],
        Field(description="The longest that an answer may take, where a request says nothing."),
    ] = 60
    warm_up: Annotated[
        int,
        Field(
            ge=0,
            le=20,
            description="How often the first request is asked before, unjudged: a first answer is slow.",
        ),
    ] = 1
    at_once: Annotated[
        int, Field(ge=1, le=10, description="How many requests are asked at the same time.")
    ] = 4
    identity: Annotated[
        Identity | None,
        Field(
            description="What the answers say of the model that wrote them, like"
            " {at: model, equals: 'qwen-{version}'}; left out, only the config vouches for what serves."
        ),
    ] = None

    @model_validator(mode="after")
    def _identity_is_read_off_answers(self) -> Tests:
        if self.identity is not None and self.golden is None:
            raise ValueError("identity is read off the answers to golden requests: set golden too")
        return self


class Approval(Part):
    """When a person must agree; the stack's ApprovalSeconds says how long they have."""

    required: Annotated[
        bool, Field(description="The update waits, and people are told how to answer.")
    ] = False
    promotion: Annotated[
        bool,
        Field(
            description="Once the new fleet serves and passed its tests, a person must agree that it"
            " stays; else it is taken back."
        ),
    ] = False
    four_eyes: Annotated[
        bool,
        Field(
            description="Whoever offered or started the update may not approve it; needs `required`"
            " or `promotion`. Both are known by their AWS identity, or the update is Rejected."
        ),
    ] = False

    @model_validator(mode="after")
    def _asks_somebody(self) -> Approval:
        if self.four_eyes and not (self.required or self.promotion):
            raise ValueError("four_eyes says who may approve: set `required` or `promotion` too")
        return self


class CapacityBounds(Part):
    """Temporary autoscaling bounds, in instances."""

    min: Annotated[int, Field(ge=1, description="The fewest instances.")]
    max: Annotated[int, Field(ge=1, description="The most instances.")]

    @model_validator(mode="after")
    def _ordered(self) -> CapacityBounds:
        if self.min > self.max:
            raise ValueError("min is above max")
        return self


class Capacity(Part):
    """The fleet during an update."""

    during: Annotated[
        CapacityBounds | None,
        Field(description="Scales up before the update and back after it, like {min: 4, max: 8}."),
    ] = None


class Model(Part):
    """What a checkpoint may hold. Pickle and remote code run whatever they like when loaded."""

    allow_pickle: Annotated[
        bool,
        Field(description="Takes pickles: .bin, .pt, .pkl, .npz, and what begins as one."),
    ] = False
    allow_remote_code: Annotated[
        bool,
        Field(
            description="Takes code that a container runs: auto_map, .py, .so, inference.py,"
            " requirements.txt, TensorRT engines, files of unknown kind."
        ),
    ] = False
    data_files: Annotated[
        tuple[Annotated[str, Field(max_length=200, pattern=_DATA_FILE)], ...],
        Field(
            max_length=50,
            description="Files of unknown kind that are data, as patterns like lookup/*.dat;"
            " * also crosses folders. Code and pickles stay refused.",
        ),
    ] = ()
    tolerate: Annotated[
        tuple[Tolerable, ...],
        Field(description="Findings that are said but don't refuse, by code: docs/rejections.md."),
    ] = ()
    refuse: Annotated[
        tuple[Tolerable, ...],
        Field(description="Warnings that refuse, by code, such as [model.no-chat-template]."),
    ] = ()
