"""A rollback that is requested while an update runs: follow, await or abort the update."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.aborting import InFlight, Objection, answer_rollback
from switchover.domain.fleet import EndpointReading
from switchover.domain.outcome import Outcome
from switchover.domain.planning import choose_earlier
from switchover.domain.plans.plan import Kind
from switchover.domain.served import Served
from switchover_cli.errors import Misused
from switchover_cli.steering.aborting import stop_for

if TYPE_CHECKING:
    from switchover.domain.update.request import Request
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


def turn_back(deployment: Deployment, running: Update, request: Request) -> InFlight:
    """Make a running update roll back, unless it does already; returns its state.

    Raises:
    Misused: the way to the asked version takes two steps.
    """
    answer = answer_rollback(running, request.to)
    if isinstance(answer, Objection):
        raise Misused(f"{running.update_id} runs. {answer.why}", answer.remedy)
    if answer is InFlight.CALL_OFF:
        why = request.reason.strip() or "a rollback was asked for while it ran"
        stop_for(deployment, running, why)
    return answer


def has_gone_back(running: Update, ended: Update) -> bool:
    """Whether the aborted update rolled back; if not, it ended as Updated first."""
    return running.kind is Kind.ROLLBACK or ended.outcome is not Outcome.UPDATED


def leads_further_back(deployment: Deployment, running: Update) -> bool:
    """Whether UpdateEndpoint wasn't called yet, and a version served before the live one."""
    if running.progress.is_started:
        return False
    reading = deployment.sagemaker.read(running.endpoint)
    served = deployment.ledger.served(running.endpoint)
    return isinstance(reading, EndpointReading) and isinstance(
        choose_earlier(served, reading.config_name, None), Served
    )
