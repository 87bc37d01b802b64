"""The days of a recurrence rule (RFC 5545, 3.3.10), up to a given day.

dateutil's `rrule` has no such limit. It searches a rule without any day, like each 30th of February,
until the year 9999. And it gives no day for a rule with counted and plain weekdays. So this module
goes through the periods one after the other. Tests compare the result with dateutil's.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DAY = timedelta(days=1)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
READ_PARTS = frozenset(
    {
        "FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST",
        "BYMONTH", "BYWEEKNO", "BYYEARDAY", "BYMONTHDAY", "BYDAY", "BYSETPOS",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DayRule:
    """A rule of days. `weekdays` are (nth, weekday), with 0 for every one; all counts may be negative."""

    frequency: str
    interval: int
    week_start: int
    months: frozenset[int]
    weeks: frozenset[int]
    year_days: frozenset[int]
    month_days: frozenset[int]
    weekdays: frozenset[tuple[int, int]]
    positions: frozenset[int]

    @classmethod
    def of(cls, rule: Mapping[str, Any], start: date) -> DayRule:
        """The rule as parsed by icalendar; missing parts are taken from its first day.

        Raises:
            ValueError, KeyError: a part isn't allowed in a rule of days.
        """

        def numbers(name: str) -> frozenset[int]:
            return frozenset(int(number) for number in rule.get(name, ()))

        frequency = str(rule["FREQ"][0]).upper()
        months, month_days = numbers("BYMONTH"), numbers("BYMONTHDAY")
        weekdays = frozenset(_nth_weekday(str(each).upper()) for each in rule.get("BYDAY", ()))
        if not (weekdays or month_days or rule.get("BYYEARDAY") or rule.get("BYWEEKNO")):
            if frequency == "WEEKLY":
                weekdays = frozenset({(0, start.weekday())})
            if frequency in {"MONTHLY", "YEARLY"}:
                month_days = frozenset({start.day})
            if frequency == "YEARLY":
                months = months or frozenset({start.month})
        return cls(
            frequency=frequency,
            interval=int(rule.get("INTERVAL", [1])[0]),
            week_start=_WEEKDAYS.index(str(rule.get("WKST", ["MO"])[0]).upper()),
            months=months,
            weeks=numbers("BYWEEKNO"),
            year_days=numbers("BYYEARDAY"),
            month_days=month_days,
            weekdays=weekdays,
            positions=numbers("BYSETPOS"),
        )

    def days(self, start: date, last: date) -> Iterator[date]:
        """The rule's days from `start` to `last`, in order."""
        for first, count in self._periods(start, last):
            found = [day for day in (first + n * _DAY for n in range(count)) if self._is_meant(day)]
            if self.positions:
                places = {n - 1 if n > 0 else len(found) + n for n in self.positions}
                found = [day for place, day in enumerate(found) if place in places]
            yield from (day for day in found if start <= day <= last)

    def _periods(self, start: date, last: date) -> Iterator[tuple[date, int]]:
        """The first day and the number of days of each relevant period."""
        match self.frequency:
            case "DAILY" | "WEEKLY":
                length = 1 if self.frequency == "DAILY" else 7
                before = (start.weekday() - self.week_start) % 7 if length == 7 else 0
                first = start - before * _DAY
                while first <= last:
                    yield first, length
                    first += self.interval * length * _DAY
            case "MONTHLY":
                for month in range(
                    start.year * 12 + start.month - 1, last.year * 12 + last.month, self.interval
                ):
                    first = date(month // 12, month % 12 + 1, 1)
                    yield first, monthrange(first.year, first.month)[1]
            case "YEARLY":
                for year in range(start.year, last.year + 1, self.interval):
                    yield date(year, 1, 1), _days_in(year)
            case _:
                raise ValueError(f"FREQ={self.frequency} is no rule of days")

    def _is_meant(self, day: date) -> bool:
        in_month = monthrange(day.year, day.month)[1]
        in_year, of_year = _days_in(day.year), day.timetuple().tm_yday
        return (
            (not self.months or day.month in self.months)
            and (
                not self.month_days
                or not self.month_days.isdisjoint({day.day, day.day - in_month - 1})
            )
            and (
                not self.year_days
                or not self.year_days.isdisjoint({of_year, of_year - in_year - 1})
            )
            and (not self.weekdays or self._is_weekday(day, of_year, in_year, in_month))
            and (not self.weeks or not self.weeks.isdisjoint(self._weeks_of(day)))
        )

    def _is_weekday(self, day: date, of_year: int, in_year: int, in_month: int) -> bool:
        weekday = day.weekday()
        if (0, weekday) in self.weekdays:
            return True
        if self.frequency == "MONTHLY" or (self.frequency == "YEARLY" and self.months):
            place, length = day.day, in_month
        elif self.frequency == "YEARLY":
            place, length = of_year, in_year
        else:
            # In a daily or weekly rule a count has no meaning (RFC 5545, BYDAY).
            return any(weekday == each for _, each in self.weekdays)
        nth, nth_last = (place - 1) // 7 + 1, -((length - place) // 7 + 1)
        return not self.weekdays.isdisjoint({(nth, weekday), (nth_last, weekday)})

    def _weeks_of(self, day: date) -> set[int]:
        """The number of a day's week, counted from the start and from the end of the week's year."""
        middle = day + (3 - (day.weekday() - self.week_start) % 7) * _DAY
        number = (middle.timetuple().tm_yday - 1) // 7 + 1
        in_year = number + (_days_in(middle.year) - middle.timetuple().tm_yday) // 7
        return {number, number - in_year - 1}


def _days_in(year: int) -> int:
    return 366 if isleap(year) else 365


def _nth_weekday(text: str) -> tuple[int, int]:
    return int(text[:-2] or 0), _WEEKDAYS.index(text[-2:])
