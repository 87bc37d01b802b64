"""Makes the page of an update from what is known now: of one that runs as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.report.making import Price, make_report
from switchover.domain.serving import serving_of
from switchover.steps.gathering import Gathering
from switchover.web.report import report_page
from switchover_cli.explained import find_explained
from switchover_cli.plan.proposal import ask_price

if TYPE_CHECKING:
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


def make_page(deployment: Deployment, name: str, usd_per_hour: float | None) -> tuple[Update, str]:
    """The update of that id, or the one that runs on that endpoint, or its last one; and its page.

    Raises:
        Misused: there is neither.
    """
    update, _ = find_explained(deployment, name)
    reading = deployment.sagemaker.read(update.endpoint)
    served = deployment.ledger.served(update.endpoint)
    gathering = Gathering(
        deployment.ledger,
        deployment.fleet_series,
        deployment.files,
        deployment.manifests,
        deployment.sagemaker,
    )
    found = gathering.gather(
        update,
        reading.read_at,
        serving_of(reading, update.plan, served),
        _price(deployment, update, usd_per_hour),
    )
    return update, report_page(make_report(found))


def _price(deployment: Deployment, update: Update, usd_per_hour: float | None) -> Price | None:
    if usd_per_hour is not None:
        return Price(usd_per_hour, "as given by --price")
    found = ask_price(deployment, update.plan)
    return Price(found.usd_per_hour, found.source) if found else None
