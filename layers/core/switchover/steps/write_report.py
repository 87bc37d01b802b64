"""WriteReport: writes an ended update's page into the model bucket. Nothing waits for it or needs it."""

from __future__ import annotations

from enum import StrEnum

from switchover.aws import gateways
from switchover.aws.failures import AWS_FAILED
from switchover.aws.reports import report_key
from switchover.domain.answers import StateAnswer
from switchover.domain.errors import SwitchoverError
from switchover.domain.outcome import Outcome
from switchover.domain.report import place
from switchover.domain.report.making import make_report
from switchover.log import logger
from switchover.settings import settings
from switchover.steps import wiring


class WriteReportAnswer(StrEnum):
    """Whether there is a report. NOT_NEEDED: the update only waits for its turn."""

    WRITTEN = place.WRITTEN
    NOT_NEEDED = place.NOT_NEEDED
    MISSING = place.MISSING


def write_report(update_id: str) -> StateAnswer[WriteReportAnswer]:
    """Write the report. A report that can't be written is logged, and told as missing.

    No failure of AWS is retried: people wait for the announcement, and anybody can make the report later.
    """
    try:
        return _write(update_id)
    except (*AWS_FAILED, SwitchoverError) as error:
        logger().error("no report", extra={"update_id": update_id, "fault": str(error)})
        return StateAnswer(WriteReportAnswer.MISSING)


def _write(update_id: str) -> StateAnswer[WriteReportAnswer]:
    # Jinja2 and the templates are loaded only where a page is made.
    from switchover.web.report import report_page

    update = gateways.ledger().find(update_id)
    if update is None or update.ended_at is None or update.record.is_unreadable:
        return StateAnswer(WriteReportAnswer.MISSING)
    if update.outcome is Outcome.QUEUED:
        return StateAnswer(WriteReportAnswer.NOT_NEEDED)
    found = wiring.gathering().gather(update, update.ended_at, update.serving)
    key, reports = report_key(update), gateways.reports()
    kept_at = reports.keep(key, report_page(make_report(found)))
    hours = settings().report_link_hours
    link = reports.sign_link(key, hours * 3600) if hours else ""
    carried = {"place": kept_at, "link": link, "link_hours": hours}
    return StateAnswer(WriteReportAnswer.WRITTEN, carried=carried)
