"""MetricDatum: checks and records the values of PutMetricData."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from switchover_local.twin.wire.refusals import Refusal

from .metric_queries import check_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

    from .metrics import Series

OLDEST_ACCEPTED, NEWEST_ACCEPTED = timedelta(days=14), timedelta(hours=2)
_MOST_VALUES = 150  # Source: MetricDatum, Values: "up to 150 unique values"
_SHAPES = ("Value", "StatisticValues", "Values")


def record_datum(series: Series, datum: MetricDatumTypeDef, at: datetime) -> None:
    """Record a checked datum."""
    if "StatisticValues" in datum:
        summary = datum["StatisticValues"]
        if not summary["SampleCount"]:
            return
        series.record_summary(
            at,
            count=summary["SampleCount"],
            total=summary["Sum"],
            minimum=summary["Minimum"],
            maximum=summary["Maximum"],
        )
    elif "Values" in datum:
        counts = datum.get("Counts", [1.0] * len(datum["Values"]))
        for value, count in zip(datum["Values"], counts, strict=True):
            if count:  # a count of 0 is no value at all
                series.record(value, at, count)
    else:
        series.record(datum["Value"], at)


def check_datum(datum: MetricDatumTypeDef, path: str, now: datetime) -> None:
    """Refuse a datum that CloudWatch would refuse.

    Args:
        path: the datum's place in the request, for messages.

        Raises:
        Refusal: the datum has no value or several, a value out of bounds, or a time too far from `now`.
    """
    given = [shape for shape in _SHAPES if shape in datum]
    if not given:
        raise Refusal("MissingParameter", f"At least one of the parameters {path}.Value, "
                      f"{path}.Values and {path}.StatisticValues must be specified.")  # fmt: skip
    if len(given) > 1:
        listed = " and ".join(f"{path}.{shape}" for shape in given)
        raise Refusal(
            "InvalidParameterCombination",
            f"The parameters {listed} are mutually exclusive and you have specified both.",
        )
    for value in _values_of(datum):
        check_number(value, f"{path}.{given[0]}")
    _check_counts(datum, path)
    if datum.get("StorageResolution", 60) not in {1, 60}:
        raise invalid_value(f"The value for parameter {path}.StorageResolution must be 1 or 60.")
    at = cast("datetime", datum.get("Timestamp", now))
    if not now - OLDEST_ACCEPTED <= at <= now + NEWEST_ACCEPTED:
        raise invalid_value(
            f"The parameter {path}.Timestamp must specify a time within the past two weeks, "
            "and no more than two hours in the future."
        )


def _values_of(datum: MetricDatumTypeDef) -> Iterator[float]:
    yield from datum.get("Values", [datum.get("Value", 0.0)])
    if "StatisticValues" in datum:
        summary = datum["StatisticValues"]
        yield from (summary["SampleCount"], summary["Sum"], summary["Minimum"], summary["Maximum"])


def _check_counts(datum: MetricDatumTypeDef, path: str) -> None:
    values, summary = datum.get("Values", []), datum.get("StatisticValues", {})
    if len(values) > _MOST_VALUES:
        raise invalid_value(
            f"The collection {path}.Values must not have a size greater than {_MOST_VALUES}."
        )
    if "Counts" in datum and len(datum["Counts"]) != len(values):
        raise invalid_value(f"The parameters {path}.Values and {path}.Counts differ in length.")
    for count in (*datum.get("Counts", []), summary.get("SampleCount", 1.0)):
        check_number(count, f"{path}.Counts")
        if count < 0:
            raise invalid_value(f"The value {count} for parameter {path}.Counts is invalid.")
    if summary and summary["Minimum"] > summary["Maximum"]:
        raise invalid_value(f"{path}.StatisticValues: Minimum must not exceed Maximum.")


def invalid_value(message: str) -> Refusal:
    """CloudWatch's answer to a value out of its bounds."""
    return Refusal("InvalidParameterValue", message)
