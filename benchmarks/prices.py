"""AWS's list prices in us-east-1, without any free tier, each with the page that gives it.

Only stored copies of pages could be read. A row whose `source` isn't a page of AWS was read on another's
page. A row with NOT_READ was read nowhere. Check both on AWS's own page before you rely on them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for one; `source` is the page that gives them, and `as_of` that page's date."""

    name: str
    dollars: float
    source: str
    as_of: str


_CLOUDCHIPR = "cloudchipr.com/blog/aws-lambda-pricing"
_AIRBYTE = "airbyte.com/data-engineering-resources/dynamodb-pricing"
_CLOUDWATCH = "aws.amazon.com/cloudwatch/pricing"
_COPY = "a stored copy without a date"
NOT_READ = "not read; the copies leave the figure out"

LAMBDA_RUN = Price(
    "Lambda request",
    0.20 / 1e6,
    "git.mcrn.ar/mariano/lambda_local_runner: lambda-13-cost.md",
    "May 2026",
)
LAMBDA_GB_SECOND = Price("Lambda GB-second, arm64", 0.0000133334, _CLOUDCHIPR, "2024")
TRANSITION = Price(
    "Step Functions transition", 0.025 / 1e3, "aws.amazon.com/step-functions/pricing", _COPY
)
WRITE_UNIT = Price("DynamoDB write unit", 0.625 / 1e6, _AIRBYTE, "July 2025")
READ_UNIT = Price("DynamoDB read unit", 0.125 / 1e6, _AIRBYTE, "July 2025")
ALARM_MONTH = Price("CloudWatch alarm, month", 0.10, _CLOUDWATCH, NOT_READ)
METRIC_READ = Price("CloudWatch metric read", 0.01 / 1e3, _CLOUDWATCH, NOT_READ)
LOG_GB = Price(
    "CloudWatch logs, GB taken in",
    0.50,
    "factualminds.com/blog: Amazon CloudWatch pricing",
    _COPY,
)
TRACE = Price("X-Ray trace recorded", 5.00 / 1e6, "aws.amazon.com/de/xray/pricing", _COPY)
PRICES = (
    TRANSITION,
    LAMBDA_RUN,
    LAMBDA_GB_SECOND,
    LOG_GB,
    WRITE_UNIT,
    READ_UNIT,
    METRIC_READ,
    ALARM_MONTH,
    TRACE,
)
