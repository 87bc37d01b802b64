"""TestModel: ask the model itself; InService can still be the wrong one."""

from __future__ import annotations

from typing import Any

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.domain.golden import GoldenRequest, assess
from switchover.domain.reasons import Reason
from switchover.domain.verdict import course_of
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Send every golden request; then fix how long the watch after success lasts."""
    ledger = gateways.ledger()
    update = ledger.update(payload.update_id)
    plan = update.planned
    asked: tuple[GoldenRequest, ...] | tuple[Reason, ...] = ()
    if plan.golden is not None:
        asked = gateways.files().golden_requests(update.bucket, plan.golden)
    runtime = gateways.runtime()
    reasons = [entry for entry in asked if isinstance(entry, Reason)]
    for request in asked:
        if isinstance(request, GoldenRequest):
            given = runtime.ask(plan.endpoint, request)
            reasons += assess(request, given, plan.golden_latency_seconds)
    endpoint = gateways.sagemaker().read(plan.endpoint)
    ledger.save(update, course=course_of(plan.target_config, endpoint, plan.watch_seconds))
    return answer("failed" if reasons else "passed", reasons)
