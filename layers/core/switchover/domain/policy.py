"""How one endpoint wants to be updated: tiers, strategies, alarms, tests; layered and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core.core_schema import float_schema, int_schema, no_info_before_validator_function

from switchover.domain.reasons import Reason, reasons_from

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core.core_schema import CoreSchema

_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|m|h)\s*$")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600}


def _seconds(value: object) -> object:
    """Read `"90s"`, `"5m"` or `"1h"` as seconds; whatever else is left for pydantic to judge."""
    if isinstance(value, bool):
        raise ValueError("is yes or no, not a duration")  # noqa: TRY004  (pydantic collects these)
    match = _DURATION.match(value) if isinstance(value, str) else None
    return value if match is None else float(match[1]) * _UNIT_SECONDS[match[2]]


@dataclass(frozen=True, slots=True)
class Duration:
    """Marks a number of seconds within bounds, which people may also write as `"5m"` or `"1h"`."""

    at_least: float
    at_most: float

    def __get_pydantic_core_schema__(
        self, source: Any, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        low, high = self.at_least, self.at_most
        bounded = (
            int_schema(ge=int(low), le=int(high))
            if source is int
            else float_schema(ge=low, le=high)
        )
        return no_info_before_validator_function(_seconds, bounded)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": _DURATION.pattern}]}


# WaitIntervalInSeconds and TerminationWaitInSeconds: 0–3600 (rules §1.2).
WaitSeconds = Annotated[int, Duration(0, 3600)]
AlarmName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"\S")]


class Strategy(StrEnum):
    """The five ways from the previous fleet to the new one."""

    ROLLING = "rolling"
    CANARY = "canary"
    LINEAR = "linear"
    ALL_AT_ONCE = "all-at-once"
    REDEPLOY = "redeploy"


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


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Rolling(_Part):
    """Batches of instances, each baked before the next.

    Without `batch_percent` the guide's table decides: 50 % of 2–4 instances, 25 % of 5–10, then 20 %.
    """

    batch_percent: Annotated[float, Field(ge=5, le=50)] | None = None
    bake_seconds: WaitSeconds = 300
    rollback_batch_percent: Annotated[float, Field(ge=5, le=100)] = 100


class Canary(_Part):
    """A small share of the new fleet serves first, then all of it."""

    percent: Annotated[float, Field(gt=0, le=50)] = 10
    bake_seconds: WaitSeconds = 600


class Linear(_Part):
    """Equal steps of the new fleet, each baked before the next."""

    step_percent: Annotated[float, Field(ge=10, le=50)] = 25
    bake_seconds: WaitSeconds = 300


class Latency(_Part):
    """The bound on ModelLatency. `limit_seconds` is for people; AWS counts microseconds."""

    limit_seconds: Annotated[float, Duration(0.001, 3600)] = 5.0
    statistic: Annotated[str, Field(pattern=r"^(Average|Maximum|p\d{1,2}(\.\d{1,2})?)$")] = (
        "Average"
    )


class Alarms(_Part):
    """What turns an update back. Rates are 0–1; at most 10 alarms go to SageMaker (rules §1.2)."""

    latency: Latency = Latency()
    error_rate: Annotated[float, Field(gt=0, lt=1)] = 0.05
    period_seconds: Annotated[int, Duration(10, 3600)] = 60
    evaluation_periods: Annotated[int, Field(ge=1, le=100)] = 2
    also: Annotated[tuple[AlarmName, ...], Field(max_length=6)] = ()

    @model_validator(mode="after")
    def _period_that_cloudwatch_takes(self) -> Alarms:
        if self.period_seconds not in {10, 20, 30} and self.period_seconds % 60:
            raise ValueError("period_seconds is 10, 20, 30 or a multiple of 60")
        if self.period_seconds * self.evaluation_periods > 86_400:
            raise ValueError(
                "period_seconds × evaluation_periods is at most 86400 (rules of CloudWatch)"
            )
        return self


class Tests(_Part):
    """Golden requests. `golden` is a JSON-lines key in the model bucket; without it nothing is asked."""

    golden: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    latency_seconds: Annotated[float, Duration(0.001, 60)] = 60


class Approval(_Part):
    """Whether a person must agree first; the stack's ApprovalSeconds says how long they have."""

    required: bool = False


class CapacityBounds(_Part):
    """Temporary autoscaling bounds, in instances."""

    min: Annotated[int, Field(ge=1)]
    max: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _ordered(self) -> CapacityBounds:
        if self.min > self.max:
            raise ValueError("min is above max")
        return self


class Capacity(_Part):
    """The fleet during an update. `during` scales up before and back after it."""

    during: CapacityBounds | None = None


class Model(_Part):
    """What a checkpoint may hold. Pickle and remote code run whatever they like when loaded."""

    allow_pickle: bool = False
    allow_remote_code: bool = False


class Policy(_Part):
    """How one endpoint wants to be updated, every value present."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Switchover policy")

    json_schema: Annotated[str | None, Field(alias="$schema", exclude=True)] = None
    tier: Tier = Tier.PRODUCTION
    strategy: Strategy = Strategy.ROLLING
    # The variant that the policy was written for; another one in the live config is refused.
    variant: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    rolling: Rolling = Rolling()
    canary: Canary = Canary()
    linear: Linear = Linear()
    # All-at-once is observed during TerminationWait; WaitInterval has no step to act on (rules §8.15).
    termination_wait_seconds: WaitSeconds = 300
    deadline_seconds: Annotated[int, Duration(600, 28800)] | None = None
    allow_downtime: bool = False
    retain_capacity: bool = True
    ready_seconds: Annotated[int, Duration(30, 7200)] | None = None
    watch_seconds: Annotated[int, Duration(0, 86400)] = 0
    alarms: Alarms = Alarms()
    tests: Tests = Tests()
    approval: Approval = Approval()
    capacity: Capacity = Capacity()
    model: Model = Model()


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of policy values: a file, a release, the manual input."""

    source: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """The merged policy, and for each dotted key that somebody set, where it came from."""

    policy: Policy
    origins: Mapping[str, str]


def parse_policy(raw: bytes, source: str) -> Layer | tuple[Reason, ...]:
    """Read `policies/<endpoint>.yaml` as a layer; merging checks its values."""
    try:
        content = yaml.load(raw, Loader=_UniqueKeys)  # noqa: S506  (a SafeLoader, see below)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        text = " ".join(str(error).split())
        return (
            Reason(
                code="policy.not-yaml",
                subject=source,
                message=f"is not YAML: {text}.",
                remedy="Correct it there.",
            ),
        )
    if content is None:
        return Layer(source, {})
    if not isinstance(content, dict):
        return (
            Reason(
                code="policy.invalid",
                subject=source,
                message=f"holds a {type(content).__name__}, not keys and values.",
                remedy="Write `key: value` lines.",
            ),
        )
    return Layer(source, content)


def merge_policy(layers: Sequence[Layer]) -> EffectivePolicy | tuple[Reason, ...]:
    """Lay the layers over the defaults, later ones on top, or say every fault of every layer."""
    merged: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        _overlay(merged, origins, layer.values, layer.source, path="")
    source = layers[-1].source if layers else "policy"
    try:
        policy = Policy.model_validate(_with_tier_strategy(merged))
    except ValidationError as error:
        return reasons_from(
            error, code="policy.invalid", subjects=origins, source=source, model=Policy
        )
    return EffectivePolicy(policy, origins)


def _with_tier_strategy(values: dict[str, Any]) -> dict[str, Any]:
    tier = values.get("tier", Tier.PRODUCTION)
    if "strategy" in values or not isinstance(tier, str) or tier not in set(Tier):
        return values
    strategy = TIER_STRATEGY[Tier(tier)]
    # The guide offers redeploy only where downtime is acceptable; choosing the tier says so.
    downtime = {"allow_downtime": True} if strategy is Strategy.REDEPLOY else {}
    return {**downtime, **values, "strategy": strategy}


def _overlay(
    merged: dict[str, Any],
    origins: dict[str, str],
    values: Mapping[str, Any],
    source: str,
    path: str,
) -> None:
    for key, value in values.items():
        dotted = f"{path}.{key}" if path else str(key)
        if isinstance(value, Mapping):
            below = merged.get(key)
            merged[key] = dict(below) if isinstance(below, Mapping) else {}
            origins[dotted] = source
            _overlay(merged[key], origins, value, source, dotted)
        else:
            merged[key] = value
            origins[dotted] = source


_MERGE = "tag:yaml.org,2002:merge"


class _UniqueKeys(yaml.SafeLoader):
    """A SafeLoader that refuses a key written twice, which YAML would silently let the last one win."""


def _unique_mapping(loader: _UniqueKeys, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        if key_node.tag == _MERGE:
            continue
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"the key {key!r} stands twice", key_node.start_mark
            )
        seen.add(key)
    return loader.construct_mapping(node, deep=True)


_UniqueKeys.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG,
    _unique_mapping,
)
