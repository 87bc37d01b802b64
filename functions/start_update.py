"""StartUpdate: ask SageMaker for the change, once, however often this runs."""

from __future__ import annotations

from typing import Any

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.domain.checks.preflight import call_refused
from switchover.domain.errors import CallRefused, EndpointBusy, EndpointNotFound
from switchover.domain.starting import Start, choose_start
from switchover.domain.verdict import course_of
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Read, choose, note the course, then act: a lost answer is found again by the next reading."""
    ledger, sagemaker = gateways.ledger(), gateways.sagemaker()
    update = ledger.update(payload.update_id)
    plan = update.planned
    endpoint = sagemaker.read(plan.endpoint)
    earlier = update.course if update.is_started else None
    if update.abort is not None and earlier is None:
        return answer("refused", update.abort.reasons)
    start = choose_start(endpoint, plan, earlier)
    if start is Start.ALREADY:
        return answer("moving")
    if start is Start.REFUSE:
        return answer("refused", (call_refused(plan.endpoint, "it is not as it was planned"),))
    course = earlier or course_of(
        plan.target_config, endpoint, plan.overdue_seconds, recreates=plan.deployment_config is None
    )
    update = ledger.save(update, course=course, is_started=True)
    try:
        gateways.acts().start(start, plan, update)
    except (CallRefused, EndpointBusy, EndpointNotFound) as refusal:
        # Nothing moved: the previous fleet was never asked to go.
        ledger.save(update, is_started=earlier is not None)
        return answer("refused", (call_refused(f"endpoint {plan.endpoint}", str(refusal)),))
    return answer("moving")
