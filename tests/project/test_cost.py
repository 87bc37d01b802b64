"""The benchmark of costs: each use is billed once, and each price names its source."""

from __future__ import annotations

import pytest
from benchmarks.cost import Use, draw_prices
from benchmarks.prices import PRICES

# A million of each; runs send 700 bytes each to the log.
_A_MILLION = {
    "transitions": 25.00,
    "runs": 0.20 + 0.35,
    "function_seconds": 6.6667,
    "written_units": 0.625,
    "read_units": 0.125,
    "metrics_read": 10.00,
    "alarm_months": 100_000.00,
    "traces": 5.00,
}


@pytest.mark.parametrize("kind", _A_MILLION)
def test_a_million_of_each_use_cost_their_list_price(kind: str) -> None:
    use = Use(**{kind: 1e6})

    assert use.dollars == pytest.approx(_A_MILLION[kind], rel=1e-4)


def test_the_dollars_of_a_use_are_the_sum_of_its_parts() -> None:
    use = Use(**dict.fromkeys(_A_MILLION, 1e6))

    assert use.dollars == pytest.approx(sum(_A_MILLION.values()), rel=1e-4)


def test_a_month_is_thirty_times_a_day() -> None:
    day = Use(transitions=2, runs=96, read_units=10)

    assert day.times(30) == Use(transitions=60, runs=2880, read_units=300)


def test_every_kind_of_use_is_checked() -> None:
    assert set(_A_MILLION) == set(Use.__slots__)


def test_each_price_is_printed_with_a_source_and_a_date() -> None:
    table = draw_prices()

    assert table.row_count == len(PRICES)
    assert all(price.source and price.as_of for price in PRICES)
