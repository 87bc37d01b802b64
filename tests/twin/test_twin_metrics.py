"""What is recorded is read back exactly, by period and statistic, and memory stays bounded."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchover_local.twin.cloudwatch.metrics import MetricId, MetricStore

if TYPE_CHECKING:
    from decimal import Decimal

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
START = int(NOON.timestamp())
LATENCY = MetricId.of("AWS/SageMaker", "ModelLatency", {"EndpointName": "e"})


def record_all(store: MetricStore, values: list[float], at: datetime = NOON) -> None:
    series = store.series(LATENCY)
    for value in values:
        series.record(value, at)


def read_one(store: MetricStore, statistic: str, unit: str | None = None) -> float | None:
    points = store.read(
        LATENCY, statistic, period_seconds=60, start=START, end=START + 60, unit=unit
    )
    return points[0].value if points else None


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("SampleCount", 4),
        ("Sum", 10),
        ("Average", 2.5),
        ("Minimum", 1),
        ("Maximum", 4),
        ("p0", 1),
        ("p25", 1),
        ("p50", 2),
        ("p50.1", 3),
        ("p75", 3),
        ("p99.9", 4),
        ("p100", 4),
    ],
)
def test_a_period_has_every_statistic_of_its_values(statistic: str, expected: float) -> None:
    store = MetricStore()
    record_all(store, [3, 1, 4, 2])

    assert read_one(store, statistic) == expected


@given(
    values=st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60),
    percent=st.decimals(0, 99, places=2),
)
def test_a_percentile_is_the_smallest_value_that_enough_values_do_not_exceed(
    values: list[float], percent: Decimal
) -> None:
    store = MetricStore()
    record_all(store, values)

    found = read_one(store, f"p{percent}")

    enough = [v for v in values if sum(o <= v for o in values) * 100 >= percent * len(values)]
    assert found == min(enough)


def test_a_period_begins_with_its_first_instant_and_ends_before_the_next() -> None:
    store = MetricStore()
    record_all(store, [1], NOON)
    record_all(store, [2], NOON + timedelta(seconds=59, microseconds=999_999))
    record_all(store, [4], NOON + timedelta(seconds=60))

    points = store.read(LATENCY, "Sum", period_seconds=60, start=START, end=START + 120)

    assert [(point.start, point.value) for point in points] == [(START, 3), (START + 60, 4)]


def test_a_period_without_data_has_no_datapoint() -> None:
    store = MetricStore()
    record_all(store, [1], NOON)
    record_all(store, [1], NOON + timedelta(minutes=2))

    points = store.read(LATENCY, "Sum", period_seconds=60, start=START, end=START + 180)

    assert [point.start for point in points] == [START, START + 120]


def test_another_set_of_dimensions_is_another_metric() -> None:
    store = MetricStore()
    store.record("N", "m", {"a": "1"}, 1, NOON)
    store.record("N", "m", {"a": "1", "b": "2"}, 10, NOON)

    narrow = MetricId.of("N", "m", {"a": "1"})
    points = store.read(narrow, "Sum", period_seconds=60, start=START, end=START + 60)

    assert [point.value for point in points] == [1]


def test_values_of_a_unit_count_only_for_who_asks_for_it_or_for_none() -> None:
    store = MetricStore()
    store.series(LATENCY, unit="Microseconds").record(5, NOON)

    assert read_one(store, "Sum") == 5
    assert read_one(store, "Sum", "Microseconds") == 5
    assert read_one(store, "Sum", "Seconds") is None


def test_a_standard_series_shows_nothing_finer_than_its_minute() -> None:
    store = MetricStore()
    store.record("N", "m", {}, 1, NOON + timedelta(seconds=25))

    metric = MetricId.of("N", "m", {})
    points = store.read(metric, "Sum", period_seconds=10, start=START, end=START + 60)

    assert [point.start for point in points] == [START]


def test_a_high_resolution_series_shows_its_ten_seconds() -> None:
    store = MetricStore()
    store.record("N", "m", {}, 1, NOON + timedelta(seconds=25), resolution_seconds=10)

    metric = MetricId.of("N", "m", {})
    points = store.read(metric, "Sum", period_seconds=10, start=START, end=START + 60)

    assert [point.start for point in points] == [START + 20]


def test_beyond_the_horizon_sums_stay_and_percentiles_end() -> None:
    store = MetricStore(raw_horizon_seconds=600)
    record_all(store, [1, 2, 3])
    record_all(store, [9], NOON + timedelta(seconds=660))

    assert read_one(store, "Sum") == 6
    assert read_one(store, "Maximum") == 3
    assert read_one(store, "p50") is None


def test_beyond_the_horizon_the_values_are_gone_from_memory() -> None:
    store = MetricStore(raw_horizon_seconds=600)
    series = store.series(LATENCY)
    record_all(store, [float(value) for value in range(1000)])
    record_all(store, [9], NOON + timedelta(seconds=660))

    ((_, old),) = series.between(START, START + 60)

    assert old.values is None


def test_beyond_the_retention_nothing_is_left() -> None:
    store = MetricStore(retention_seconds=3600)
    series = store.series(LATENCY)
    record_all(store, [1])
    for minute in range(1, 3000):
        series.record(1, NOON + timedelta(minutes=minute))

    assert len(list(series.between(START, START + 3000 * 60))) < 60 + 600
    assert read_one(store, "Sum") is None


def test_a_late_value_finds_its_period() -> None:
    store = MetricStore()
    record_all(store, [1], NOON + timedelta(minutes=5))
    record_all(store, [2], NOON)
    record_all(store, [4], NOON + timedelta(minutes=5))

    points = store.read(LATENCY, "Sum", period_seconds=60, start=START, end=START + 360)

    assert [point.value for point in points] == [2, 5]


def test_equal_values_take_no_room_of_their_own_and_still_have_percentiles() -> None:
    store = MetricStore()
    series = store.series(LATENCY)
    record_all(store, [0.0] * 1000)
    ((_, bucket),) = series.between(START, START + 60)
    assert bucket.values is None

    record_all(store, [1.0])

    assert read_one(store, "p99.9") == 0.0
    assert read_one(store, "p99.95") == 1.0
    assert read_one(store, "Average") == pytest.approx(1 / 1001)


def test_a_statistic_set_has_sums_but_no_percentiles() -> None:
    store = MetricStore()
    store.series(LATENCY).record_summary(NOON, count=3, total=12, minimum=1, maximum=9)

    assert read_one(store, "Average") == 4
    assert read_one(store, "p50") is None


def test_an_unknown_statistic_is_not_guessed() -> None:
    store = MetricStore()
    record_all(store, [1])

    with pytest.raises(KeyError, match="tm90"):
        read_one(store, "tm90")


def test_sums_do_not_drift_over_many_values() -> None:
    store = MetricStore()
    record_all(store, [0.1] * 10_000)

    assert math.isclose(read_one(store, "Sum") or 0, 1000, rel_tol=1e-9)


def test_a_series_that_nothing_was_recorded_in_is_no_metric_yet() -> None:
    store = MetricStore()
    store.series(LATENCY)
    before = store.metrics()
    record_all(store, [1])

    assert (before, store.metrics()) == ([], [LATENCY])
