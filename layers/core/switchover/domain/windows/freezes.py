"""Freezes: days and hours in which only a hotfix may begin or run."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from switchover.domain.windows.zones import Span, Timezone, stretches

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_KEY = re.compile(r"(?!/|s3:)[^\n]{1,1020}\.ics")
_DAY = timedelta(days=1)


def _moment(value: object) -> object:
    """Read a date, or a time in ISO form. YAML may already have parsed either of them."""
    try:
        moment = value if isinstance(value, date) else _parse(str(value))
    except ValueError as error:
        raise ValueError("is a date like 2026-12-24 or a time like 2026-12-24T18:00") from error
    if not 1970 <= moment.year <= 2999:
        raise ValueError("the year must be between 1970 and 2999")
    return moment


def _parse(text: str) -> date:
    return date.fromisoformat(text) if _DATE.fullmatch(text) else datetime.fromisoformat(text)


_Moment = Annotated[datetime | date, BeforeValidator(_moment, json_schema_input_type=str)]


class Freeze(BaseModel):
    """A period in which only hotfixes may begin or run.

    Dates mean whole days, the last day included. A time as `to` is exclusive. A time without a zone is
    local time in `timezone`.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
    )

    begins: Annotated[_Moment, Field(alias="from", description="First day, or the time it begins.")]
    ends: Annotated[_Moment, Field(alias="to", description="Last day, or the time it ends.")]
    reason: Annotated[
        str, Field(min_length=1, max_length=200, description="The reason, for people.")
    ]
    timezone: Timezone = "UTC"

    @model_validator(mode="after")
    def _in_order(self) -> Freeze:
        zone = ZoneInfo(self.timezone)
        first, last = (
            edge if edge.tzinfo else edge.replace(tzinfo=zone) for edge in (self._first, self._last)
        )
        if first >= last:
            raise ValueError("`to` must be after `from`")
        return self

    @property
    def _first(self) -> datetime:
        return _midnight(self.begins)

    @property
    def _last(self) -> datetime:
        is_day = not isinstance(self.ends, datetime)
        return _midnight(self.ends) + (_DAY if is_day else timedelta(0))

    def span(self, within: Span) -> Span | None:
        """The part of the freeze within a span, if any.

        It is one span, even if clocks are set back and show the freeze's first or last moment twice.
        """
        # No zone differs from UTC by a day or more, so a day on each side is enough.
        near = Span(
            max(within.begin, _in_utc(self._first) - _DAY),
            min(within.end, _in_utc(self._last) + _DAY),
        )
        found = [
            piece
            for stretch in stretches(self.timezone, near)
            if (piece := stretch.instants(self._first, self._last)) is not None
        ]
        return Span(found[0].begin, found[-1].end) if found else None


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _midnight(moment: date) -> datetime:
    return moment if isinstance(moment, datetime) else datetime.combine(moment, time())


def _freeze_or_key(value: object) -> Any:
    if not isinstance(value, str):
        return value if isinstance(value, Freeze) else Freeze.model_validate(value)
    if not _KEY.fullmatch(value):
        raise ValueError("is not the key of an iCal file in the model bucket, like freezes.ics")
    return value


FreezeEntry = Annotated[Freeze | str, BeforeValidator(_freeze_or_key)]
Freezes = tuple[FreezeEntry, ...]
