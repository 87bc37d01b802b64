"""CreateConfig: the new model and config, cloned from the live ones."""

from __future__ import annotations

from functools import partial
from typing import Any

from switchover.aws import gateways
from switchover.aws.model_files import find_changes
from switchover.domain.answers import answer
from switchover.domain.errors import CallRefused, NameTaken
from switchover.domain.refusals import call_refused, name_taken
from switchover.steps.asking import ask


def create_config(update_id: str, plan_digest: str) -> dict[str, Any]:
    """Create what the plan says, if it is still made of what was checked; a rollback's config exists."""
    ledger, sagemaker = gateways.ledger(), gateways.sagemaker()
    update = ledger.update(update_id)
    plan = update.planned
    changed = find_changes(update, plan, plan_digest, gateways.manifests(), gateways.model_files())
    if changed:
        return answer("refused", changed)
    if plan.model_request is None or plan.config_request is None:
        return answer("created")
    create = partial(sagemaker.create, plan.model_request, plan.config_request)
    now = sagemaker.read(plan.endpoint).read_at
    try:
        ask(ledger, update, now, create)
    except NameTaken as taken:
        return answer("refused", (name_taken(f"config {plan.target_config}", str(taken)),))
    except CallRefused as refusal:
        return answer("refused", (call_refused(f"config {plan.target_config}", str(refusal)),))
    return answer("created")
