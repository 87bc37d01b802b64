"""The line of a message that leads to an update's report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.plain_text import for_message
from switchover.domain.report.place import MISSING, NOT_NEEDED
from switchover.domain.units import say_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.report.place import ReportPlace
    from switchover.domain.update.update import Update


def tell_report(update: Update, report: ReportPlace | None) -> Iterator[str]:
    """How to read the report, or that it is missing. Nothing, if none was to be written."""
    if report is None or report.verdict == NOT_NEEDED:
        return
    command = for_message(f"switchover report {update.update_id}")
    if report.verdict == MISSING:
        yield f"The report could not be written. Make it: {command}"
    elif report.link:
        hours = say_count(report.link_hours, "hour")
        yield f"Report, for {hours} at most, for anybody with this link: {report.link}"
    else:
        yield f"Report: {command}"
