"""PlanUpdate: fixes every number before the first change, or refuses with all reasons together."""

from __future__ import annotations

from enum import StrEnum

from switchover.aws import gateways
from switchover.aws.manifests import GOLDEN
from switchover.domain.answers import StateAnswer
from switchover.domain.approvals.four_eyes import subjects_of
from switchover.domain.planning import make_plan
from switchover.domain.queueing import Decision, Turn
from switchover.domain.update.records import Moment
from switchover.explain.deviations import say_hotfix, say_overrides
from switchover.settings import settings
from switchover.steps import wiring
from switchover.steps.plan_inputs import survey


class PlanUpdateAnswer(StrEnum):
    """Whether there is a plan, and whether a person must approve it."""

    REJECTED = "rejected"
    QUEUED = "queued"
    NEEDS_APPROVAL = "needs_approval"
    PLANNED = "planned"


def plan_update(update_id: str) -> StateAnswer[PlanUpdateAnswer]:
    """Read everything that a plan needs, make the plan, and record it with its checks."""
    ledger = gateways.ledger()
    update = ledger.update(update_id)
    found = survey(
        update,
        sagemaker=gateways.sagemaker(),
        cloudwatch=gateways.cloudwatch(),
        fleet_metrics=gateways.fleet_metrics(),
        scaling=gateways.scaling(),
        quotas=gateways.quotas(),
        fleets=gateways.fleets(),
        roles=gateways.roles(),
        topic=gateways.topic(),
        files=gateways.files(),
        artifacts=gateways.artifacts(),
        ledger=ledger,
        dashboard=settings().dashboard,
    )
    offered_by = gateways.witness().offerers(subjects_of(update, settings().bucket))
    update = update.offered_as(offered_by)
    planning = make_plan(update, found)
    update = update.checked(planning.preflight)
    plan = planning.plan
    if plan is None:
        ledger.save(update)
        return StateAnswer(PlanUpdateAnswer.REJECTED, planning.reasons)
    start = wiring.admission().postpone(
        update, found.endpoint, plan.times.worst_seconds, wiring.queue_runner()
    )
    if isinstance(start, Decision):
        ledger.save(update)
        waits = start.turn is Turn.WAIT
        verdict = PlanUpdateAnswer.QUEUED if waits else PlanUpdateAnswer.REJECTED
        return StateAnswer(verdict, start.reasons)
    plan = plan.to_begin_by(start.begin_by(plan.times.worst_seconds))
    if plan.material.golden_pin and found.golden_files is not None:
        gateways.manifests().keep(update.update_id, GOLDEN, found.golden_files)
    update = ledger.save(update.with_plan(plan))
    text = " ".join(filter(None, (plan.summary, say_hotfix(update), say_overrides(update))))
    ledger.add_moment(update, Moment(at=found.endpoint.read_at, state="PlanUpdate", text=text))
    verdict = (
        PlanUpdateAnswer.NEEDS_APPROVAL if plan.approval.required else PlanUpdateAnswer.PLANNED
    )
    # The execution carries the digest, because people can write to the ledger but not to an execution.
    carried = {"summary": plan.summary, "plan_digest": plan.digest}
    return StateAnswer(verdict, carried=carried)
