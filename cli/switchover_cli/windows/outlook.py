"""An endpoint's week: its traffic, when its updates may run, and what will delay them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel

from switchover.aws.metrics import Traffic
from switchover.domain.fleet import EndpointReading
from switchover.domain.reasons import Reason
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.quiet_hours import TrafficWeek, measure_week, quiet_windows
from switchover.domain.windows.times import QuietWindow, Window
from switchover.domain.windows.window import LOOK_AHEAD, find_openings, frozen_spans
from switchover.domain.windows.zones import Span
from switchover.steps.start_times import StartTimes
from switchover_cli.errors import Misused, Refused
from switchover_cli.policies.in_force import read_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover_cli.deployment import Deployment

_OPENINGS_AHEAD = 5
_SUGGESTED_HOURS = 4


@dataclass(frozen=True, slots=True)
class Outlook:
    """An endpoint's next windows and freezes; `openings` are the next windows, without frozen times.

    `suggested` is the choice of `window: auto`, if the policy has no window.
    """

    endpoint: str
    ahead: Span
    timezone: str
    is_auto: bool
    windows: tuple[Window, ...]
    suggested: tuple[Window, ...]
    week: TrafficWeek | Reason
    openings: tuple[Span, ...]
    freezes: tuple[Freeze, ...]


class OpeningRecord(BaseModel):
    """When updates may run, for machines; `closes_at` is None if there is no known end."""

    opens_at: datetime
    closes_at: datetime | None


class WindowRecord(BaseModel):
    """An endpoint's week, for machines.

    `hourly_means` has 7 rows, Monday first, of 24 hours on clocks in `timezone`; it is empty where
    too little is known. `openings` excludes frozen times. `frozen_until` is null if no freeze holds now.
    """

    endpoint: str
    read_at: datetime
    timezone: str
    is_auto: bool
    windows: tuple[Window, ...]
    suggested: tuple[Window, ...]
    hourly_means: tuple[tuple[float | None, ...], ...]
    openings: tuple[OpeningRecord, ...]
    freezes: tuple[Freeze, ...]
    frozen_until: datetime | None


def read_outlook(deployment: Deployment, endpoint: str) -> Outlook:
    """Read everything that `window` shows.

    Raises:
        Misused: the endpoint doesn't exist.
        Refused: the policy, or a file that it names, is faulty.
    """
    reading = deployment.sagemaker.read(endpoint)
    if not isinstance(reading, EndpointReading) or not reading.variants:
        raise Misused(f"There is no endpoint {endpoint!r}.", "Name an endpoint that exists.")
    policy = read_policy(deployment, endpoint)
    wanted = policy.window
    traffic = Traffic(deployment.session.client("cloudwatch"))
    hourly = traffic.hourly_invocations(endpoint, reading.variants[0].name, reading.read_at)
    week = measure_week(hourly, _timezone(wanted))
    timetables = StartTimes(deployment.files, traffic)
    freezes = timetables.freezes(policy, deployment.bucket, reading.read_at)
    faults = _find_faults(week, wanted, freezes)
    if faults:
        raise Refused(f"The start times of {endpoint} can't be computed.", faults)
    holding = tuple(freeze for freeze in freezes if isinstance(freeze, Freeze))
    return _look_ahead(endpoint, reading.read_at, wanted, week, holding)


def _find_faults(
    week: TrafficWeek | Reason,
    wanted: tuple[Window, ...] | QuietWindow,
    freezes: Sequence[Freeze | Reason],
) -> tuple[Reason, ...]:
    faults = tuple(entry for entry in freezes if isinstance(entry, Reason))
    if isinstance(week, Reason) and isinstance(wanted, QuietWindow):
        return (week, *faults)
    return faults


def _look_ahead(
    endpoint: str,
    read_at: datetime,
    wanted: tuple[Window, ...] | QuietWindow,
    week: TrafficWeek | Reason,
    freezes: tuple[Freeze, ...],
) -> Outlook:
    hours = wanted.hours if isinstance(wanted, QuietWindow) else _SUGGESTED_HOURS
    quiet = quiet_windows(week, hours) if isinstance(week, TrafficWeek) else ()
    windows = quiet if isinstance(wanted, QuietWindow) else wanted
    ahead = Span(read_at, read_at + LOOK_AHEAD)
    return Outlook(
        endpoint=endpoint,
        ahead=ahead,
        timezone=_timezone(wanted),
        is_auto=isinstance(wanted, QuietWindow),
        windows=windows,
        suggested=() if windows else quiet,
        week=week,
        openings=find_openings(windows, freezes, ahead)[:_OPENINGS_AHEAD],
        freezes=tuple(freeze for freeze in freezes if freeze.span(ahead)),
    )


def _timezone(wanted: tuple[Window, ...] | QuietWindow) -> str:
    if isinstance(wanted, QuietWindow):
        return wanted.timezone
    return wanted[0].timezone if wanted else "UTC"


def record_outlook(outlook: Outlook) -> WindowRecord:
    """The printed form for machines."""
    return WindowRecord(
        endpoint=outlook.endpoint,
        read_at=outlook.ahead.begin,
        timezone=outlook.timezone,
        is_auto=outlook.is_auto,
        windows=outlook.windows,
        suggested=outlook.suggested,
        hourly_means=outlook.week.means if isinstance(outlook.week, TrafficWeek) else (),
        openings=tuple(
            OpeningRecord(
                opens_at=span.begin,
                closes_at=span.end if span.end < outlook.ahead.end else None,
            )
            for span in outlook.openings
        ),
        freezes=outlook.freezes,
        frozen_until=frozen_until(outlook),
    )


def frozen_until(outlook: Outlook) -> datetime | None:
    """When the last of the present freezes ends; None if none holds."""
    spans = frozen_spans(outlook.freezes, outlook.ahead)
    is_held = bool(spans) and spans[0].begin == outlook.ahead.begin
    return spans[0].end if is_held else None
