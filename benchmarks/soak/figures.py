"""The cost of a soak: calls compared with AWS's quotas, and money by AWS's list prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.prices import (
    ALARM_MONTH,
    LAMBDA_GB_SECOND,
    LAMBDA_RUN,
    READ_UNIT,
    TRANSITION,
    WRITE_UNIT,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.prices import Price
    from benchmarks.soak.run import Result

# Calls per second that an account may make in a region. Sources: CloudWatch User Guide, "CloudWatch
# service quotas" ("Rate of … requests"); Step Functions Developer Guide, "Quotas related to API action
# throttling" and "Other quotas" (the refill rate in us-east-1).
QUOTAS: Mapping[tuple[str, str], float] = {
    ("cloudwatch", "DescribeAlarms"): 9,
    ("cloudwatch", "PutMetricAlarm"): 3,
    ("cloudwatch", "DeleteAlarms"): 3,
    ("cloudwatch", "SetAlarmState"): 3,
    ("cloudwatch", "PutMetricData"): 500,
    ("cloudwatch", "GetMetricData"): 500,
    ("cloudwatch", "DescribeAlarmHistory"): 20,
    ("stepfunctions", "StartExecution"): 300,
    ("stepfunctions", "DescribeExecution"): 15,
    ("stepfunctions", "SendTaskSuccess"): 500,
}
# The documents give no rate for these; a poll every 5 s was throttled (rules §6).
UNPUBLISHED = (
    ("sagemaker", "DescribeEndpoint"),
    ("sagemaker", "DescribeEndpointConfig"),
    ("sagemaker", "UpdateEndpoint"),
    ("application-autoscaling", "DescribeScalableTargets"),
)

_HOURS_OF_MONTH = 730
# The assumed memory and time of one run, cold starts included: more than the local cloud's log shows
# for warm runs.
_GB_SECONDS = 0.5 * 1.0


def cost_of(result: Result) -> tuple[tuple[Price, float], ...]:
    """The used amount of each unit."""
    runs = sum(result.invocations.values())
    return (
        (LAMBDA_RUN, runs),
        (LAMBDA_GB_SECOND, runs * _GB_SECONDS),
        (TRANSITION, result.transitions),
        (WRITE_UNIT, result.written_units),
        (READ_UNIT, result.read_units),
        (ALARM_MONTH, result.alarm_hours / _HOURS_OF_MONTH),
    )
