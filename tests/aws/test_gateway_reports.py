"""What CloudWatch measured of both fleets over time, and links that S3 accepts."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest
from botocore.config import Config
from tests.support.samples import ENDPOINT, plan
from tests.support.staging import Staging

from switchover.aws.fleet_series import FleetSeries
from switchover.aws.reports import Reports
from switchover.domain.report.measurements import Metric, Sight
from switchover.domain.report.values import Window
from switchover_local.twin.cloudwatch.metrics import MetricId

PLAN = plan(4, strategy="canary")


@pytest.fixture
def staging() -> Staging:
    return Staging()


def record(staging: Staging, metric: Metric, config: str, minutes_ago: int, value: float) -> None:
    dimensions = {
        "EndpointName": ENDPOINT,
        "VariantName": PLAN.destination.variant,
        "EndpointConfigName": config,
    }
    series = staging.twin.metrics.series(MetricId.of("AWS/SageMaker", metric.value, dimensions))
    series.record(value, staging.clock.now() - timedelta(minutes=minutes_ago))


def test_each_fleet_has_its_own_values_oldest_first(staging: Staging) -> None:
    now = staging.clock.now()
    record(staging, Metric.LATENCY, PLAN.previous.config, 20, 800_000)
    record(staging, Metric.LATENCY, PLAN.previous.config, 10, 900_000)
    record(staging, Metric.LATENCY, PLAN.target.config, 10, 5_000_000)
    window = Window(now - timedelta(minutes=30), now)

    found = FleetSeries(staging.cloudwatch).measure(PLAN, window, now)

    assert [value for _, value in found.of(Metric.LATENCY, Sight.OLD)] == [800_000, 900_000]
    assert [value for _, value in found.of(Metric.LATENCY, Sight.NEW)] == [5_000_000]
    assert found.of(Metric.REQUESTS, Sight.NEW) == ()
    assert found.period_seconds == 60


def test_nothing_outside_the_update_is_read(staging: Staging) -> None:
    now = staging.clock.now()
    record(staging, Metric.REQUESTS, PLAN.target.config, 50, 1)

    window = Window(now - timedelta(minutes=30), now)

    assert (
        FleetSeries(staging.cloudwatch).measure(PLAN, window, now).of(Metric.REQUESTS, Sight.NEW)
        == ()
    )


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1"])
def test_a_link_is_signed_by_version_4_in_every_region(region: str) -> None:
    client = boto3.client(
        "s3",
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - nobody's
        config=Config(),
    )

    link = Reports(client, "models-1").sign_link("reports/chat/u.html", 3600)

    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256" in link
    assert "X-Amz-Expires=3600" in link
