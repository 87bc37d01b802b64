"""CreateConfig: creates the new model and config as copies of the live ones."""

from __future__ import annotations

from enum import StrEnum
from functools import partial

from switchover.aws import gateways
from switchover.aws.model_files import find_changes
from switchover.domain.answers import StateAnswer
from switchover.domain.errors import CallRefused, NameTaken
from switchover.domain.refusals import call_refused, name_taken
from switchover.steps.asking import ask


class CreateConfigAnswer(StrEnum):
    """Whether the new config exists."""

    CREATED = "created"
    REFUSED = "refused"


def create_config(update_id: str, plan_digest: str) -> StateAnswer[CreateConfigAnswer]:
    """Create the planned model and config, if the files and the plan are unchanged since the check.

    A rollback creates nothing, because its config exists.
    """
    ledger, sagemaker = gateways.ledger(), gateways.sagemaker()
    update = ledger.update(update_id)
    plan = update.planned
    changed = find_changes(update, plan, plan_digest, gateways.manifests(), gateways.model_files())
    if changed:
        return StateAnswer(CreateConfigAnswer.REFUSED, changed)
    if plan.target.model_request is None or plan.target.config_request is None:
        return StateAnswer(CreateConfigAnswer.CREATED)
    create = partial(sagemaker.create, plan.target.model_request, plan.target.config_request)
    now = sagemaker.read(plan.endpoint).read_at
    try:
        ask(ledger, update, now, create)
    except NameTaken as taken:
        return StateAnswer(
            CreateConfigAnswer.REFUSED, (name_taken(f"config {plan.target.config}", str(taken)),)
        )
    except CallRefused as refusal:
        return StateAnswer(
            CreateConfigAnswer.REFUSED,
            (call_refused(f"config {plan.target.config}", str(refusal)),),
        )
    return StateAnswer(CreateConfigAnswer.CREATED)
