"""`switchover window`: an endpoint's week, when its updates may run, and what will hold them."""

from datetime import datetime

from pydantic import BaseModel

from switchover.aws.metrics import Traffic
from switchover.domain.fleet import EndpointReading
from switchover.domain.policies.layers import merge_policy
from switchover.domain.reasons import Reason
from switchover.domain.windows.freezes import Freeze
from switchover.domain.windows.quiet_hours import TrafficWeek, measure_week, quiet_windows
from switchover.domain.windows.times import QuietWindow, Window
from switchover.domain.windows.window import LOOK_AHEAD, find_openings
from switchover.domain.windows.zones import Span
from switchover.steps.start_times import StartTimes
from switchover_cli.connect import connect
from switchover_cli.deployment import Deployment
from switchover_cli.errors import Misused, Refused
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json
from switchover_cli.screens.week import Outlook, draw_outlook, frozen_until

_OPENINGS_AHEAD = 5


class OpeningRecord(BaseModel):
    """When updates may run, for machines; `closes_at` is None where no end is in sight."""

    opens_at: datetime
    closes_at: datetime | None


class WindowRecord(BaseModel):
    """An endpoint's week, for machines.

    `hourly_means` has 7 rows, Monday first, of 24 hours on clocks in `timezone`; it is empty where
    too little is known. `openings` has freezes cut out. `frozen_until` is null if no freeze holds now.
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


def window(
    endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False, json: Json = False
) -> None:
    """Show an endpoint's week by its traffic, its windows in it, and the freezes ahead."""
    outlook = read_outlook(connect(stack, local=local), endpoint)
    if json:
        print_json(record_outlook(outlook))
    else:
        open_console().print(draw_outlook(outlook))


def read_outlook(deployment: Deployment, endpoint: str) -> Outlook:
    """Read everything that `window` shows.

    Raises:
        Misused: there is no such endpoint.
        Refused: the policy, or what it refers to, is faulty.
    """
    reading = deployment.sagemaker.read(endpoint)
    if not isinstance(reading, EndpointReading) or not reading.variants:
        raise Misused(f"There is no endpoint {endpoint!r}.", "Name one that serves.")
    file = deployment.files.policy_file(deployment.bucket, endpoint)
    effective = merge_policy(() if file is None else (file,))
    if isinstance(effective, tuple):
        raise Refused(f"The policy of {endpoint} is faulty.", effective)
    wanted = effective.policy.window
    timezone = _timezone(wanted)
    traffic = Traffic(deployment.session.client("cloudwatch"))
    hourly = traffic.hourly_invocations(endpoint, reading.variants[0].name, reading.read_at)
    week = measure_week(hourly, timezone)
    hours = wanted.hours if isinstance(wanted, QuietWindow) else 4
    quiet = quiet_windows(week, hours) if isinstance(week, TrafficWeek) else ()
    timetables = StartTimes(deployment.files, traffic)
    freezes = timetables.freezes(effective.policy, deployment.bucket, reading.read_at)
    faults = tuple(entry for entry in freezes if isinstance(entry, Reason))
    if isinstance(week, Reason) and isinstance(wanted, QuietWindow):
        faults = (week, *faults)
    if faults:
        raise Refused(f"It can't be told when {endpoint} may be updated.", faults)
    is_auto = isinstance(wanted, QuietWindow)
    windows = quiet if isinstance(wanted, QuietWindow) else wanted
    ahead = Span(reading.read_at, reading.read_at + LOOK_AHEAD)
    holding = tuple(freeze for freeze in freezes if isinstance(freeze, Freeze))
    openings = find_openings(windows, holding, ahead)
    return Outlook(
        endpoint=endpoint,
        ahead=ahead,
        timezone=timezone,
        is_auto=is_auto,
        windows=windows,
        suggested=() if windows else quiet,
        week=week,
        openings=openings[:_OPENINGS_AHEAD],
        freezes=tuple(freeze for freeze in holding if freeze.span(ahead)),
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
