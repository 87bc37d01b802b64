"""`window: auto`: finds the hours of the week with the fewest requests."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from statistics import fmean
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from switchover.domain.reasons import Reason
from switchover.domain.windows.times import WEEK, Weekday, Window

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

LOOK_BACK = timedelta(days=14)
_FEWEST_DAYS = 3
_HOUR = timedelta(hours=1)
_HOURS_OF_DAY = 24
_HOURS_OF_WEEK = _HOURS_OF_DAY * len(WEEK)


@dataclass(frozen=True, slots=True)
class TrafficWeek:
    """Mean invocations of each hour of the week, on clocks in `timezone`.

    `means` has 7 rows, Monday first, of 24 hours. An hour of the week without data has the mean of
    the same hour on the other days; None if these have no data either.
    """

    means: tuple[tuple[float | None, ...], ...]
    timezone: str
    seen_hours: int


def measure_week(
    hourly_invocations: Sequence[tuple[datetime, float]], timezone: str
) -> TrafficWeek | Reason:
    """Sort the hours of the last days into a week, or say that there are too few hours.

    Each item is the start of an hour and its invocations. CloudWatch has no value for an hour
    without any: hours between the first and the last item count as none.
    """
    if not any(count for _, count in hourly_invocations):
        return _no_data("it had no invocations in the last 14 days")
    counts = dict(hourly_invocations)
    first, last = min(counts), max(counts)
    hours = (last - first) // _HOUR + 1
    if hours < _FEWEST_DAYS * _HOURS_OF_DAY:
        return _no_data(
            f"its invocations are known for only {hours} hours; {_FEWEST_DAYS} days are needed"
        )
    zone = ZoneInfo(timezone)
    by_slot: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    by_hour: defaultdict[int, list[float]] = defaultdict(list)
    for step in range(hours):
        at = first + step * _HOUR
        # In zones with an offset of half hours, an hour counts by its middle.
        local = (at + _HOUR / 2).astimezone(zone)
        count = counts.get(at, 0.0)
        by_slot[local.weekday(), local.hour].append(count)
        by_hour[local.hour].append(count)
    means = tuple(
        tuple(
            fmean(seen) if (seen := by_slot[day, hour] or by_hour[hour]) else None
            for hour in range(_HOURS_OF_DAY)
        )
        for day in range(len(WEEK))
    )
    return TrafficWeek(means, timezone, hours)


def quiet_windows(week: TrafficWeek, hours: int = 4) -> tuple[Window, ...]:
    """For each day, the hours beginning on it with the fewest requests to the endpoint.

    A run may last into the next day. Of equally quiet runs the first is taken.
    """
    return tuple(_quietest(week, day, hours) for day in WEEK)


def _quietest(week: TrafficWeek, day: Weekday, hours: int) -> Window:
    flat = [mean or 0.0 for row in week.means for mean in row]
    midnight = WEEK.index(day) * _HOURS_OF_DAY

    def load(begin: int) -> float:
        return sum(flat[(midnight + begin + hour) % _HOURS_OF_WEEK] for hour in range(hours))

    begin = min(range(_HOURS_OF_DAY), key=load)
    end = begin + hours
    return Window(
        days=(day,),
        opens=f"{begin:02d}:00",
        closes=f"{end if end <= _HOURS_OF_DAY else end - _HOURS_OF_DAY:02d}:00",
        timezone=week.timezone,
    )


def _no_data(what: str) -> Reason:
    return Reason(
        code="window.no-data",
        subject="policy: window",
        message=f"its quiet hours can't be computed: {what}.",
        remedy="Write the window explicitly (from, to, timezone), or start with --now and a --reason.",
    )
