"""The policy of one endpoint: tiers, strategies, alarms, tests.

Each key's meaning and bounds stand here only: schemas, docs, `policy show` and `policy init` read them.
"""

from __future__ import annotations

import difflib
from enum import StrEnum
from typing import Annotated

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from switchover.domain.golden.identity import Identity
from switchover.domain.policies.parts import Part, key_names
from switchover.domain.policies.tolerable import Tolerable
from switchover.domain.units import Duration, refuse_percent
from switchover.domain.windows.freezes import Freezes
from switchover.domain.windows.times import Windows

# WaitIntervalInSeconds and TerminationWaitInSeconds: 0–3600 (rules §1.2).
WaitSeconds = Annotated[int, Duration(0, 3600)]
AlarmName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"\S")]
# A relative path with at least one letter or digit, so that no pattern takes everything.
_DATA_FILE = r"^([^/\\\x00-\x1f][^\\\x00-\x1f]*)?[0-9A-Za-z][^\\\x00-\x1f]*$"


class Strategy(StrEnum):
    """The five ways from the previous fleet to the new one."""

    ROLLING = "rolling"
    CANARY = "canary"
    LINEAR = "linear"
    ALL_AT_ONCE = "all-at-once"
    REDEPLOY = "redeploy"


class Weights(StrEnum):
    """What becomes of environment variables that name other weights than the release's."""

    AS_CONFIGURED = "as-configured"
    RELEASE = "release"


class WhenBusy(StrEnum):
    """What becomes of a release while another update of its endpoint runs or waits."""

    SUPERSEDE = "supersede"
    QUEUE = "queue"
    REJECT = "reject"


class Wish(StrEnum):
    """A request of a release besides policy keys, allowed if `releases_may` names it."""

    HOTFIX = "hotfix"
    START_TIME = "start-time"


# Who may change what is the policy file's alone to say.
OWNERS_ALONE = frozenset({"locked", "releases_may"})


class Tier(StrEnum):
    """How much an endpoint matters, which picks the guide's recommendation."""

    PRODUCTION = "production"
    CRITICAL = "critical"
    DEVELOPMENT = "development"


TIER_STRATEGY = {
    Tier.PRODUCTION: Strategy.ROLLING,
    Tier.CRITICAL: Strategy.CANARY,
    Tier.DEVELOPMENT: Strategy.REDEPLOY,
}


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


class Inconclusive(StrEnum):
    """What becomes of an update whose new fleet was asked too little to be judged."""

    HOLD = "hold"
    ROLL_BACK = "roll-back"


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


class Policy(Part):
    """How one endpoint wants to be updated, every value present."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Switchover policy")

    json_schema: Annotated[
        str | None,
        Field(alias="$schema", exclude=True, description="The schema, for editors; not read here."),
    ] = None
    tier: Annotated[
        Tier,
        Field(
            description="Picks the strategy: production → rolling, critical → canary,"
            " development → redeploy with downtime allowed."
        ),
    ] = Tier.PRODUCTION
    strategy: Annotated[
        Strategy, Field(description="How the new fleet takes over; overrides the tier.")
    ] = Strategy.ROLLING
    variant: Annotated[
        Annotated[str, Field(min_length=1, max_length=63)] | None,
        Field(
            description="The variant that the policy was written for; another live one is refused."
        ),
    ] = None
    container: Annotated[
        Annotated[str, Field(min_length=1, max_length=63)] | None,
        Field(
            description="The ContainerHostname that gets the release, where several containers have"
            " weights; left out, the only one that has."
        ),
    ] = None
    weights: Annotated[
        Weights,
        Field(
            description="A container whose environment names other weights (HF_MODEL_ID, SM_VLLM_MODEL):"
            " as-configured refuses the release, release points the variable at it."
        ),
    ] = Weights.AS_CONFIGURED
    rolling: Rolling = Rolling()
    canary: Canary = Canary()
    linear: Linear = Linear()
    # All-at-once is observed during TerminationWait; WaitInterval has no step to act on (rules §8.15).
    termination_wait_seconds: Annotated[
        WaitSeconds,
        Field(
            description="canary, linear, all-at-once: how long the old fleet is kept at the end;"
            " for all-at-once this is the bake."
        ),
    ] = 300
    deadline_seconds: Annotated[
        Annotated[int, Duration(600, 28800)] | None,
        Field(description="SageMaker turns back what takes longer; left out, it is computed."),
    ] = None
    allow_downtime: Annotated[
        bool, Field(description="redeploy needs it, and so does bringing back a Failed endpoint.")
    ] = False
    retain_capacity: Annotated[
        bool,
        Field(description="Keeps the present instance count, not the config's initial one."),
    ] = True
    ready_seconds: Annotated[
        Annotated[int, Duration(30, 7200)] | None,
        Field(description="Launch to serving of a new instance; left out, it is estimated."),
    ] = None
    watch_seconds: Annotated[
        Annotated[int, Duration(0, 86400)],
        Field(description="After success: a red alarm still turns the update back."),
    ] = 0
    window: Annotated[
        Windows,
        Field(
            description="When updates may run: {days, from, to, timezone}, a list of such,"
            " or `auto` for the quietest hours."
        ),
    ] = ()
    freezes: Annotated[
        Freezes,
        Field(
            description="What holds everything but hotfixes: {from, to, reason}, or the key of an"
            " iCal file in the model bucket."
        ),
    ] = ()
    locked: Annotated[
        tuple[str, ...],
        Field(
            max_length=100,
            description="Keys and sections that hold as they stand here, whoever asks: neither a"
            " release nor an operator's input changes them.",
        ),
    ] = ()
    releases_may: Annotated[
        tuple[str, ...] | None,
        Field(
            max_length=100,
            description="Keys and sections that releases may set to anything, beside `hotfix` and"
            " `start-time`, which lets a release's named time pass over the window; left out, the"
            " stack's ReleasesMay says.",
        ),
    ] = None
    when_busy: Annotated[
        WhenBusy,
        Field(
            description="While another update runs: supersede keeps only the newest waiting release,"
            " queue gives each its turn, reject turns it away."
        ),
    ] = WhenBusy.SUPERSEDE
    alarms: Alarms = Alarms()
    guard: Guard = Guard()
    tests: Tests = Tests()
    approval: Approval = Approval()
    capacity: Capacity = Capacity()
    model: Model = Model()

    @field_validator("locked", "releases_may")
    @classmethod
    def _known(cls, names: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        """Refuse a name that is no key: the key that it was meant to lock would stay open."""
        known = set(key_names(cls))
        if info.field_name == "releases_may":
            known = known.union(wish.value for wish in Wish) - OWNERS_ALONE
        for name in names or ():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                remedy = f"Did you mean {near[0]!r}?" if near else "Name keys or sections."
                raise PydanticCustomError(
                    "unknown_key",
                    "{name} is no key of a policy",
                    {"name": repr(name), "remedy": remedy},
                )
        return names
