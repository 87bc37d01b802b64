"""Windows: the hours of the week in which updates may run, as policies write them.

An instant belongs to a window if clocks in the window's zone show a time inside it at that instant.
So a window loses the hour that clocks skip in spring and gains the one that they repeat in autumn.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

from switchover.domain.windows.zones import Span, Timezone, stretches

if TYPE_CHECKING:
    from collections.abc import Iterator

_DAY = timedelta(days=1)


class Weekday(StrEnum):
    """The days in the order of `datetime.weekday()`."""

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


WEEK = tuple(Weekday)
_FULL_NAMES = dict(
    zip(
        ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        WEEK,
        strict=True,
    )
)


def _weekday(value: object) -> object:
    word = value.casefold() if isinstance(value, str) else value
    return _FULL_NAMES.get(word, word) if isinstance(word, str) else word


_WALL_TIME = re.compile(r"^(([01]?\d|2[0-3]):[0-5]\d|24:00)$")


def _wall_time(value: object) -> object:
    if not isinstance(value, str) or _WALL_TIME.match(value) is None:
        raise ValueError("write a time of day in quotes, like '22:00'; the last one is '24:00'")
    return value


WallTime = Annotated[
    str, BeforeValidator(_wall_time), Field(pattern=_WALL_TIME.pattern, examples=["22:00"])
]


class _WindowPart(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )


class Window(_WindowPart):
    """Hours on some days of the week; if `to` is before `from`, they last past midnight.

    `days` are the days on which the window opens.
    """

    days: Annotated[
        tuple[Annotated[Weekday, BeforeValidator(_weekday)], ...],
        Field(min_length=1, description="Days on which the window opens; default: every day."),
    ] = WEEK
    opens: Annotated[
        WallTime, Field(alias="from", description="Local time at which the window opens.")
    ]
    closes: Annotated[
        WallTime,
        Field(
            alias="to", description="Local time at which it closes; 24:00 is the end of the day."
        ),
    ]
    timezone: Timezone

    @model_validator(mode="after")
    def _of_some_length(self) -> Window:
        if _since_midnight(self.opens) == _since_midnight(self.closes):
            raise ValueError("from and to are the same; a whole day is from '00:00' to '24:00'")
        return self

    def spans(self, within: Span) -> Iterator[Span]:
        """The times within a span when the window is open; adjacent spans may belong to one opening."""
        opens, closes = _since_midnight(self.opens), _since_midnight(self.closes)
        lasts_until = closes if closes > opens else closes + _DAY
        for stretch in stretches(self.timezone, within):
            # The previous day's opening may last into the stretch.
            day = _midnight(stretch.begin + stretch.offset) - _DAY
            last = _midnight(stretch.end + stretch.offset)
            while day <= last:
                if WEEK[day.weekday()] in self.days:
                    span = stretch.instants(day + opens, day + lasts_until)
                    if span is not None:
                        yield span
                day += _DAY


class QuietWindow(_WindowPart):
    """`auto`: the quietest hours of each day, from the endpoint's invocations of the last 14 days."""

    auto: Literal[True] = True
    hours: Annotated[int, Field(ge=1, le=24, description="Length of each opening.")] = 4
    timezone: Timezone = "UTC"


def _since_midnight(wall_time: str) -> timedelta:
    hours, _, minutes = wall_time.partition(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _midnight(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), time())


_WINDOWS = TypeAdapter(tuple[Window, ...])


def _read_windows(value: object) -> Any:
    """Read one window, several, `auto`, or none."""
    match value:
        case QuietWindow():
            return value
        case None:
            return ()
        case "auto":
            return QuietWindow()
        case {"auto": _}:
            return QuietWindow.model_validate(value)
        case str():
            raise ValueError("write 'auto', or from, to and timezone, or a list of these")
        case list() | tuple():
            return _WINDOWS.validate_python(value)
        case _:
            return (Window.model_validate(value),)


Windows = Annotated[
    tuple[Window, ...] | QuietWindow,
    BeforeValidator(
        _read_windows,
        json_schema_input_type=Literal["auto"] | QuietWindow | Window | tuple[Window, ...] | None,
    ),
]
