"""How fast an alarm turns red, and which alarms turn red within a bake."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchover.domain.policies.choices import Strategy
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover.domain.plans.pace import Pace
    from switchover.domain.policies.sections import Alarms

# Metrics arrive once a minute and alarms are evaluated once a minute (rules §4, timing rule).
ALARM_DELAY_SECONDS = 120
_USUAL_PUBLISH_SECONDS = 60
_PERIODS = (10, 20, 30, *range(60, 3601, 60))


def detection_seconds(period_seconds: int, evaluation_periods: int) -> int:
    """The time from a fault until the alarm is red (rules §4)."""
    return period_seconds * evaluation_periods + ALARM_DELAY_SECONDS


def publish_seconds(config: Mapping[str, Any]) -> int:
    """The interval in seconds at which SageMaker publishes a config's invocation metrics.

    Source: API reference, MetricsConfig: its frequency counts for them only with EnableEnhancedMetrics.
    """
    metrics = config.get("MetricsConfig", {})
    if not metrics.get("EnableEnhancedMetrics"):
        return _USUAL_PUBLISH_SECONDS
    return int(metrics.get("MetricPublishFrequencyInSeconds", _USUAL_PUBLISH_SECONDS))


def see_metrics(alarms: Alarms, published_every: int) -> Alarms:
    """These alarms, with periods of at least the metrics' interval, so that no period is empty."""
    period = max(alarms.period_seconds, published_every)
    return alarms.model_copy(update={"period_seconds": period})


def fit_alarms(
    alarms: Alarms, guarded_seconds: int, published_every: int, chosen: frozenset[str]
) -> Alarms | None:
    """The slowest alarms that turn red within the bake, not slower than these; None if there are none.

    Settings that people chose stay. Slow alarms are better, because they need more evidence for a
    rollback.
    """
    periods = (
        (alarms.period_seconds,)
        if "alarms.period_seconds" in chosen
        else [period for period in _PERIODS if published_every <= period <= alarms.period_seconds]
    )
    least_count = alarms.evaluation_periods if "alarms.evaluation_periods" in chosen else 1
    fitting = [
        (period * count, count, period)
        for period in periods
        for count in range(least_count, alarms.evaluation_periods + 1)
        if detection_seconds(period, count) < guarded_seconds
    ]
    if not fitting:
        return None
    _, count, period = max(fitting)
    return alarms.model_copy(update={"period_seconds": period, "evaluation_periods": count})


def settle_alarms(
    alarms: Alarms, pace: Pace, published_every: int, chosen: frozenset[str]
) -> Alarms | Reason:
    """Alarms that get a metric in each period and fit the bake; settings that people chose stay."""
    if alarms.period_seconds < published_every and "alarms.period_seconds" in chosen:
        return _faster_than_metrics(alarms, published_every)
    alarms = see_metrics(alarms, published_every)
    needed = detection_seconds(alarms.period_seconds, alarms.evaluation_periods)
    if pace.strategy is Strategy.REDEPLOY or needed < pace.guarded_seconds:
        return alarms
    fitted = fit_alarms(alarms, pace.guarded_seconds, published_every, chosen)
    return fitted or _slower_than_bake(alarms, pace.guarded_seconds, published_every)


def explain_alarms(asked: Alarms, used: Alarms, pace: Pace) -> tuple[str, ...]:
    """Explain the changes to the alarms, and name the bake that they can't guard."""
    notes = []
    if used != asked:
        notes.append(
            f"Alarms look at {used.evaluation_periods} × {used.period_seconds} s instead of"
            f" {asked.evaluation_periods} × {asked.period_seconds} s, so that they get the"
            f" metrics and go red within the bake of {pace.guarded_seconds} s."
        )
    needed = detection_seconds(used.period_seconds, used.evaluation_periods)
    if pace.steps > 1 and 0 < pace.termination_wait_seconds <= needed:
        notes.append(
            f"The final bake of {pace.termination_wait_seconds} s is shorter than the {needed} s"
            " that an alarm needs: faults that only full traffic shows are found by the watch."
        )
    return tuple(notes)


def _faster_than_metrics(alarms: Alarms, published_every: int) -> Reason:
    return Reason(
        code="alarms.faster-than-metrics",
        subject="policy: alarms.period_seconds",
        message=(
            f"a period of {alarms.period_seconds} s is mostly empty, because the endpoint's"
            f" metrics are published every {published_every} s. The alarms would never go red."
        ),
        remedy=(
            f"Set it to {published_every} or more, or publish more often in the live config"
            " (MetricsConfig with EnableEnhancedMetrics)."
        ),
    )


def _slower_than_bake(alarms: Alarms, guarded_seconds: int, published_every: int) -> Reason:
    needed = detection_seconds(alarms.period_seconds, alarms.evaluation_periods)
    fitting = fit_alarms(alarms, guarded_seconds, published_every, frozenset())
    shorter = (
        f"look at {fitting.evaluation_periods} × {fitting.period_seconds} s"
        if fitting
        else f"none is fast enough for less than {detection_seconds(published_every, 1) + 1} s"
    )
    return Reason(
        code="alarms.slower-than-bake",
        subject="policy: alarms",
        message=(
            f"{alarms.evaluation_periods} periods of {alarms.period_seconds} s need {needed} s"
            f" to go red, and the bake that they guard lasts {guarded_seconds} s."
        ),
        remedy=f"Bake {needed + 1} s or longer, or shorten the alarms: {shorter}.",
    )
