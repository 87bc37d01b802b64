"""The result that a start would have: the answer of `plan`, without the plan."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel

from switchover.domain.reasons import Reason
from switchover_cli.plan.candidate import read_stored
from switchover_cli.plan.forecast import Answer, Forecast, Running
from switchover_cli.plan.proposal import propose

if TYPE_CHECKING:
    from switchover.domain.update.request import Request
    from switchover_cli.deployment import Deployment


class ForeseenRecord(BaseModel):
    """What `start --dry-run --json` prints."""

    verdict: Answer
    not_before: datetime | None
    reasons: tuple[Reason, ...]
    running: Running | None


def foresee_start(deployment: Deployment, request: Request) -> Forecast:
    """Predict the result of a start from everything that `plan` reads; nothing is changed."""
    return propose(deployment, read_stored(deployment, request)).forecast


def record_foreseen(forecast: Forecast) -> ForeseenRecord:
    """The printed form for machines."""
    return ForeseenRecord(
        verdict=forecast.answer,
        not_before=forecast.not_before,
        reasons=forecast.reasons,
        running=forecast.running,
    )
