"""AWS's documented quotas of calls per second, by operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# AWS General Reference, "Amazon CloudWatch endpoints and quotas", as it was on 2026-09-26.
_CLOUDWATCH = "CloudWatch endpoints and quotas, 2026-09-26"
# Step Functions Developer Guide, "Quotas", in awsdocs/aws-step-functions-developer-guide, of 2023;
# us-east-1, us-west-2, eu-west-1. "Step Functions may increase both … at any time."
_STEP_FUNCTIONS = "Step Functions quotas, 2023, three largest regions"
# Amazon DynamoDB Developer Guide, "On-demand capacity mode": a new table at once.
_DYNAMODB = "DynamoDB on-demand, new table, 2026"
_SCHEDULER = "EventBridge Scheduler quotas, 2026, us-east-1"


@dataclass(frozen=True, slots=True)
class Quota:
    """A rate per second, a burst, and the document that gives both."""

    per_second: float
    burst: float
    source: str


QUOTAS: Mapping[tuple[str, str], Quota] = {
    ("cloudwatch", "PutMetricAlarm"): Quota(3, 3, _CLOUDWATCH),
    ("cloudwatch", "DescribeAlarms"): Quota(9, 9, _CLOUDWATCH),
    ("cloudwatch", "DeleteAlarms"): Quota(3, 3, _CLOUDWATCH),
    ("cloudwatch", "SetAlarmState"): Quota(3, 3, _CLOUDWATCH),
    ("cloudwatch", "DescribeAlarmHistory"): Quota(20, 20, _CLOUDWATCH),
    ("cloudwatch", "GetMetricData"): Quota(500, 500, _CLOUDWATCH),
    ("cloudwatch", "PutMetricData"): Quota(500, 500, _CLOUDWATCH),
    ("stepfunctions", "StartExecution"): Quota(300, 1300, _STEP_FUNCTIONS),
    ("stepfunctions", "DescribeExecution"): Quota(15, 300, _STEP_FUNCTIONS),
    ("stepfunctions", "ListExecutions"): Quota(5, 200, _STEP_FUNCTIONS),
    ("stepfunctions", "SendTaskSuccess"): Quota(500, 3000, _STEP_FUNCTIONS),
    ("stepfunctions", "StateTransition"): Quota(1500, 5000, _STEP_FUNCTIONS),
    ("scheduler", "CreateSchedule"): Quota(5000, 5000, _SCHEDULER),
    ("dynamodb", "read units"): Quota(12_000, 12_000, _DYNAMODB),
    ("dynamodb", "write units"): Quota(4_000, 4_000, _DYNAMODB),
    ("lambda", "runs begun"): Quota(1000, 1000, "Lambda quotas, 2026; new accounts have less"),
}
# AWS publishes no rate for these. SageMaker's "Endpoints and quotas" has counts but no rates; a
# DescribeEndpoint every 5 s was throttled in AWS's own tests (aws/sagemaker-python-sdk#1204).
# Application Auto Scaling's quotas page has only counts.
UNPUBLISHED = (
    ("sagemaker", "DescribeEndpoint"),
    ("sagemaker", "DescribeEndpointConfig"),
    ("sagemaker", "DescribeModel"),
    ("sagemaker", "ListEndpoints"),
    ("sagemaker", "ListTags"),
    ("sagemaker", "CreateModel"),
    ("sagemaker", "CreateEndpointConfig"),
    ("sagemaker", "UpdateEndpoint"),
    ("application-autoscaling", "DescribeScalableTargets"),
    ("application-autoscaling", "RegisterScalableTarget"),
    ("service-quotas", "ListServiceQuotas"),
    ("iam", "SimulatePrincipalPolicy"),
    ("sns", "Publish"),
    ("events", "PutEvents"),
)
