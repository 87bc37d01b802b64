"""CreateConfig: the new model and config, cloned from the live ones."""

from __future__ import annotations

from typing import Any

from switchover.aws import gateways
from switchover.domain.answers import answer
from switchover.domain.checks.preflight import call_refused
from switchover.domain.errors import CallRefused
from switchover.telemetry import UpdatePayload
from switchover.telemetry import handler as lambda_handler


@lambda_handler(UpdatePayload)
def handler(payload: UpdatePayload) -> dict[str, Any]:
    """Create what the plan says; a rollback's config exists already."""
    plan = gateways.ledger().update(payload.update_id).planned
    if plan.model_request is None or plan.config_request is None:
        return answer("created")
    try:
        gateways.sagemaker().create(plan.model_request, plan.config_request)
    except CallRefused as refusal:
        return answer("refused", (call_refused(f"config {plan.target_config}", str(refusal)),))
    return answer("created")
