"""PlanUpdate: fix every number before anything is touched, or refuse with all reasons at once."""

from __future__ import annotations

from typing import Any

from switchover.aws import gateways
from switchover.aws.survey import survey
from switchover.domain.answers import answer
from switchover.domain.plan import Plan
from switchover.domain.planning import make_plan
from switchover.domain.update import Moment
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Read everything that a plan needs, make it and record it."""
    ledger = gateways.ledger()
    update = ledger.update(payload.update_id)
    found = survey(
        update,
        sagemaker=gateways.sagemaker(),
        cloudwatch=gateways.cloudwatch(),
        quotas=gateways.quotas(),
        files=gateways.files(),
        ledger=ledger,
    )
    plan = make_plan(update, found)
    if not isinstance(plan, Plan):
        return answer("rejected", plan)
    update = ledger.save(update, plan=plan, version=plan.version)
    ledger.add_moment(
        update,
        Moment(at=found.endpoint.read_at, state="PlanUpdate", text=plan.summary),
    )
    verdict = "needs_approval" if plan.needs_approval else "planned"
    return {**answer(verdict), "summary": plan.summary}
