"""Tables of a crowd's figures compared with AWS's quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.growth.fitting import exponent, table
from benchmarks.growth.quotas import QUOTAS, UNPUBLISHED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.growth.crowd import Crowd
    from benchmarks.growth.quotas import Quota

    Call = tuple[str, str]

_SERVICES = {
    "application-autoscaling": "Application Auto Scaling",
    "cloudwatch": "CloudWatch",
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "iam": "IAM",
    "lambda": "Lambda",
    "sagemaker": "SageMaker",
    "scheduler": "Scheduler",
    "service-quotas": "Service Quotas",
    "sns": "SNS",
    "stepfunctions": "Step Functions",
}


def draw_quotas(crowds: Sequence[Crowd]) -> str:
    """Every operation with a published quota, the scarcest first."""
    most = crowds[-1]
    heads = (
        "operation", "calls for each update", "in its busiest second", "exponent",
        "quota a second", "seconds that the quota takes", "first throttled at", "source",
    )  # fmt: skip
    found = sorted(
        (call for call in QUOTAS if most.calls.get(call)),
        key=lambda call: endpoints_within(most, call, QUOTAS[call]),
    )
    return table(heads, [_row(crowds, call, QUOTAS[call]) for call in found])


def draw_unpublished(crowds: Sequence[Crowd]) -> str:
    """Every operation without a published rate."""
    most = crowds[-1]
    heads = ("operation", "calls for each update", "in its busiest second", "exponent")
    rows = [
        (
            _name(call),
            f"{most.calls[call] / most.endpoints:,.1f}",
            f"{most.busiest_second[call]:,.0f}",
            f"{_exponent(crowds, call):.2f}",
        )
        for call in UNPUBLISHED
        if most.calls.get(call)
    ]
    return table(heads, rows)


def draw_rationed(crowds: Mapping[str, Crowd]) -> str:
    """The outcomes of throttled crowds."""
    heads = ("calls", "endpoints", "outcomes", "retries of states", "all over after, min")
    rows = [
        (
            name,
            crowd.endpoints,
            ", ".join(f"{count} {outcome}" for outcome, count in sorted(crowd.outcomes.items())),
            f"{crowd.retries:,}",
            f"{crowd.last_ended_seconds / 60:.0f}",
        )
        for name, crowd in crowds.items()
    ]
    return table(heads, rows)


def endpoints_within(crowd: Crowd, call: Call, quota: Quota) -> float:
    """The number of endpoints in the same second that empties the token bucket."""
    return quota.burst / (crowd.busiest_second[call] / crowd.endpoints)


def _row(crowds: Sequence[Crowd], call: Call, quota: Quota) -> tuple[str, ...]:
    most = crowds[-1]
    busiest = most.busiest_second[call]
    return (
        _name(call),
        f"{most.calls[call] / most.endpoints:,.1f}",
        f"{busiest:,.0f}",
        f"{_exponent(crowds, call):.2f}",
        f"{quota.per_second:,.0f}",
        f"{max(0.0, busiest - quota.burst) / quota.per_second:,.0f}",
        f"{max(1, int(endpoints_within(most, call, quota)) + 1):,}",
        quota.source,
    )


def _exponent(crowds: Sequence[Crowd], call: Call) -> float:
    return exponent((crowd.endpoints, crowd.calls.get(call, 0)) for crowd in crowds)


def _name(call: Call) -> str:
    service, operation = call
    return f"{_SERVICES[service]} {operation}"
