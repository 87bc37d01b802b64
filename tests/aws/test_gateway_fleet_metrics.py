"""The requests and the latency of one fleet alone, from the twin's CloudWatch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.stub import Stubber
from tests.support.samples import ENDPOINT, endpoint, plan, update
from tests.support.staging import Staging

from switchover.aws.metrics import FleetMetrics
from switchover_local.twin.cloudwatch.metrics import MetricId

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAN = plan(4, strategy="canary")


@pytest.fixture
def staging() -> Staging:
    return Staging()


def record(staging: Staging, config: str, minutes_ago: int, requests: int) -> None:
    metric = MetricId.of(
        "AWS/SageMaker",
        "Invocations",
        {
            "EndpointName": ENDPOINT,
            "VariantName": PLAN.destination.variant,
            "EndpointConfigName": config,
        },
    )
    at = staging.clock.now() - timedelta(minutes=minutes_ago)
    for _ in range(requests):
        staging.twin.metrics.series(metric).record(1, at)


def answered(staging: Staging, begun_minutes_ago: int) -> int:
    now = staging.clock.now()
    begun = update(plan=PLAN, started_at=now - timedelta(minutes=begun_minutes_ago))
    return FleetMetrics(staging.cloudwatch).answered(PLAN, begun, now)


def test_the_requests_of_all_minutes_are_counted(staging: Staging) -> None:
    record(staging, PLAN.target.config, minutes_ago=20, requests=3)
    record(staging, PLAN.target.config, minutes_ago=5, requests=4)

    assert answered(staging, begun_minutes_ago=60) == 7


def test_those_of_the_old_fleet_are_not(staging: Staging) -> None:
    record(staging, PLAN.previous.config, minutes_ago=5, requests=4)

    assert answered(staging, begun_minutes_ago=60) == 0


def test_nor_what_came_before_the_update(staging: Staging) -> None:
    record(staging, PLAN.target.config, minutes_ago=90, requests=4)

    assert answered(staging, begun_minutes_ago=60) == 0


def test_an_update_that_was_approved_after_weeks_is_no_harm(staging: Staging) -> None:
    """CloudWatch refuses single minutes from more than 15 days ago."""
    record(staging, PLAN.target.config, minutes_ago=5, requests=4)

    assert answered(staging, begun_minutes_ago=20 * 24 * 60) == 4


def serve(
    staging: Staging,
    latencies_us: Sequence[float],
    config: str | None = None,
    minutes_ago: float = 30,
) -> None:
    """Record requests of a config; without one, only of the variant."""
    dimensions = {"EndpointName": ENDPOINT, "VariantName": PLAN.destination.variant}
    if config is not None:
        dimensions["EndpointConfigName"] = config
    metric = MetricId.of("AWS/SageMaker", "ModelLatency", dimensions)
    at = staging.clock.now() - timedelta(minutes=minutes_ago)
    for latency_us in latencies_us:
        staging.twin.metrics.series(metric).record(latency_us, at)


def latency_us(staging: Staging, statistic: str = "Average") -> float | None:
    return FleetMetrics(staging.cloudwatch).latency_us(
        endpoint(config_name=PLAN.previous.config), statistic, staging.clock.now()
    )


@pytest.mark.parametrize(
    ("statistic", "level_us"), [("Average", 15_000), ("p50", 10_000), ("Maximum", 20_000)]
)
def test_the_level_is_of_the_asked_statistic(
    staging: Staging, statistic: str, level_us: float
) -> None:
    serve(staging, [10_000, 20_000] * 50, PLAN.previous.config)

    assert latency_us(staging, statistic) == level_us


def test_the_level_is_of_the_config_that_serves_alone(staging: Staging) -> None:
    """The variant's own metrics hold whatever served in that hour."""
    serve(staging, [10_000] * 50, PLAN.previous.config)
    serve(staging, [90_000] * 500)

    assert latency_us(staging) == 10_000


def test_a_fleet_that_no_guardrail_touched_is_known_by_its_variant(staging: Staging) -> None:
    serve(staging, [10_000] * 50)

    assert latency_us(staging) == 10_000


def test_a_config_that_serves_since_a_minute_is_not_judged_by_the_one_before(
    staging: Staging,
) -> None:
    serve(staging, [10_000] * 10, PLAN.previous.config)
    serve(staging, [90_000] * 500)

    assert latency_us(staging) is None


@pytest.mark.parametrize(("requests", "is_enough"), [(49, False), (50, True)])
def test_fifty_requests_make_a_level(staging: Staging, requests: int, is_enough: bool) -> None:  # noqa: FBT001
    serve(staging, [10_000] * requests, PLAN.previous.config)

    assert (latency_us(staging) is not None) == is_enough


def test_what_was_more_than_an_hour_ago_does_not_count(staging: Staging) -> None:
    serve(staging, [90_000] * 500, PLAN.previous.config, minutes_ago=61)
    serve(staging, [10_000] * 50, PLAN.previous.config, minutes_ago=59)

    assert latency_us(staging) == 10_000


def test_silence_is_no_level(staging: Staging) -> None:
    assert latency_us(staging) is None


def test_an_hour_that_is_cut_in_two_is_judged_by_its_busier_piece() -> None:
    """Nothing documents where CloudWatch begins a period of an hour (GetMetricData)."""
    cloudwatch = boto3.client(
        "cloudwatch",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    pieces = [noon - timedelta(hours=1), noon]
    results = [
        {"Id": name, "Timestamps": pieces, "Values": values}
        for name, values in (("requests0", [60, 90]), ("latency0", [90_000, 10_000]))
    ]
    with Stubber(cloudwatch) as stub:
        stub.add_response("get_metric_data", {"MetricDataResults": results})
        level_us = FleetMetrics(cloudwatch).latency_us(
            endpoint(), "p99", noon + timedelta(minutes=30)
        )
    assert level_us == 10_000
