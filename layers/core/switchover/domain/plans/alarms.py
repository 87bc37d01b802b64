"""The alarms that guard an update: names, metrics and thresholds."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.naming import alarm_name
from switchover.domain.readings import Unmeasured

if TYPE_CHECKING:
    from switchover.domain.policies.sections import Alarms, Latency

INVOCATIONS = "AWS/SageMaker"
OURS = "Switchover"
# AutoRollbackConfiguration takes 1–10 alarms (rules §1.2).
MOST_LISTED = 10
_US_PER_SECOND = 1_000_000  # ModelLatency counts microseconds (rules §4)


class Scope(StrEnum):
    """The fleet that an alarm measures, and the alarm's lifetime."""

    STANDING = "standing"
    UPDATE = "update"
    ABORT = "abort"


class AlarmSpec(BaseModel):
    """One CloudWatch metric alarm. `threshold` is in the metric's own unit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    scope: Scope
    description: str
    namespace: str
    metric: str
    dimensions: dict[str, str]
    statistic: str
    period_seconds: int
    evaluation_periods: int
    threshold: float
    treat_missing: str


def standing_alarms(policy: Alarms, endpoint: str, variant: str) -> tuple[AlarmSpec, ...]:
    """The guide's two alarms, on the metrics, units and dimensions that exist (rules §8).

    They measure both fleets. They aren't given to SageMaker, because trouble of the old fleet would
    abort a hotfix. Preflight and the watch after success read them.
    """
    dimensions = {"EndpointName": endpoint, "VariantName": variant}
    return (
        _latency(policy, alarm_name(endpoint, "standing", "latency"), dimensions, Scope.STANDING),
        _error_rate(
            policy,
            alarm_name(endpoint, "standing", "errors"),
            dimensions,
            Scope.STANDING,
            metric="Invocation5XXErrors",
        ),
    )


def update_alarms(
    policy: Alarms, endpoint: str, variant: str, target_config: str
) -> tuple[AlarmSpec, ...]:
    """The abort alarm, then alarms on the new config's own dimension; removed when the update ends.

    They are given to SageMaker in this order: without the abort alarm, nothing could stop the update.
    Guardrails publish each fleet under EndpointConfigName (rules §4), so one bad instance among ten
    good ones is still noticed.
    """
    dimensions = {
        "EndpointName": endpoint,
        "VariantName": variant,
        "EndpointConfigName": target_config,
    }

    def named(purpose: str) -> str:
        return alarm_name(endpoint, target_config, purpose)

    return (
        AlarmSpec(
            name=named("abort"),
            scope=Scope.ABORT,
            description=(
                f"Set to ALARM to make SageMaker roll {endpoint} back from {target_config}."
            ),
            namespace=OURS,
            metric="Abort",
            dimensions={"EndpointConfigName": target_config},
            statistic="Maximum",
            # The shortest possible period: a published value must turn the alarm red within any bake.
            period_seconds=10,
            evaluation_periods=1,
            threshold=0,
            # Usually no value is published. `ignore` then keeps the state that SetAlarmState set.
            treat_missing="ignore",
        ),
        _latency(policy, named("latency"), dimensions, Scope.UPDATE),
        _error_rate(policy, named("5xx"), dimensions, Scope.UPDATE, metric="Invocation5XXErrors"),
        _error_rate(
            policy, named("model-errors"), dimensions, Scope.UPDATE, metric="InvocationModelErrors"
        ),
    )


def _latency(policy: Alarms, name: str, dimensions: dict[str, str], scope: Scope) -> AlarmSpec:
    limit = policy.latency
    return AlarmSpec(
        name=name,
        scope=scope,
        description=f"{limit.statistic} model latency above {limit.limit_seconds:g} s.",
        namespace=INVOCATIONS,
        metric="ModelLatency",
        dimensions=dimensions,
        statistic=limit.statistic,
        period_seconds=policy.period_seconds,
        evaluation_periods=policy.evaluation_periods,
        threshold=limit.limit_seconds * _US_PER_SECOND,
        treat_missing="notBreaching",
    )


def _error_rate(
    policy: Alarms, name: str, dimensions: dict[str, str], scope: Scope, *, metric: str
) -> AlarmSpec:
    return AlarmSpec(
        name=name,
        scope=scope,
        description=f"{metric} above {policy.error_rate * 100:g} % of requests.",
        namespace=INVOCATIONS,
        metric=metric,
        dimensions=dimensions,
        # The average of these metrics with values 0 or 1 is the rate (rules §4).
        statistic="Average",
        period_seconds=policy.period_seconds,
        evaluation_periods=policy.evaluation_periods,
        threshold=policy.error_rate,
        treat_missing="notBreaching",
    )


# With fewer requests, p99 is the slowest single request, which says nothing about the fleet.
FEWEST_REQUESTS = 50


def bound_latency(
    asked: Latency,
    chosen: frozenset[str],
    old_latency_us: float | Unmeasured | None,
    old_version: str,
) -> tuple[Latency, tuple[str, ...]]:
    """The limit for an update's own latency alarm, and a note for people on its origin.

    `old_latency_us` is the old fleet's level of the same statistic; None if it answered fewer than
    `FEWEST_REQUESTS`. A limit that a person chose (`chosen` are the dotted keys) is never exceeded.
    """
    if asked.versus_old is None:
        return asked, ()
    stays = f"The latency alarm stays at {asked.limit_seconds:g} s"
    match old_latency_us:
        case None:
            too_few = (
                f"{old_version} answered fewer than {FEWEST_REQUESTS} requests in the last hour"
            )
            return asked, (f"{stays}: {too_few}.",)
        case Unmeasured(why):
            return asked, (f"{stays}: the latency of {old_version} {why}",)
        case _:
            old_seconds = old_latency_us / _US_PER_SECOND
    # Three digits, so that alarm, description and note have the same number.
    bound_seconds = float(f"{asked.versus_old * old_seconds:.3g}")
    measured = (
        f"{asked.versus_old:g} × the {old_seconds:.3g} s ({asked.statistic}) of {old_version}"
        " over the last hour"
    )
    if "alarms.latency.limit_seconds" in chosen and asked.limit_seconds <= bound_seconds:
        return asked, (f"{stays}, as the policy says: {measured} would allow {bound_seconds:g} s.",)
    return (
        asked.model_copy(update={"limit_seconds": bound_seconds}),
        (f"The latency alarm is at {bound_seconds:g} s: {measured}.",),
    )
