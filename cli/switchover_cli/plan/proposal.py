"""What an update would be if it began now: its plan, or every reason against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.aws.survey import survey
from switchover.domain.checks.check import Preflight
from switchover.domain.checks.preflight import check_endpoint
from switchover.domain.planning import make_plan
from switchover.domain.plans.plan import Plan
from switchover.domain.reasons import Reason
from switchover_cli.plan.difference import Difference, find_difference
from switchover_cli.pricing import Price, find_price, open_price_list

if TYPE_CHECKING:
    from switchover.domain.fleet import LiveRelease
    from switchover.domain.policies.layers import EffectivePolicy
    from switchover.domain.release import Release
    from switchover_cli.deployment import Deployment
    from switchover_cli.plan.candidate import Candidate


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan with what people want to know beside it.

    `plan` is None exactly if there are `reasons`. `unchecked` is what validation could not look at;
    `claimed_by` the update that holds the endpoint's claim just now.
    """

    update_id: str
    endpoint: str
    version: str
    release: Release | None
    plan: Plan | None
    preflight: Preflight
    reasons: tuple[Reason, ...]
    live: LiveRelease | None = None
    effective: EffectivePolicy | None = None
    price: Price | None = None
    unchecked: tuple[str, ...] = ()
    claimed_by: str | None = None

    @property
    def difference(self) -> Difference | None:
        """What the plan changes about config and model."""
        if self.plan is None or self.live is None:
            return None
        return find_difference(self.plan, self.live)


class PlanRecord(BaseModel):
    """What `plan` prints for machines. `plan` is what PlanUpdate records in the ledger."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    update_id: str
    endpoint: str
    version: str
    is_clear: bool
    plan: Plan | None
    reasons: tuple[Reason, ...]
    preflight: Preflight
    unchecked: tuple[str, ...]
    difference: Difference | None
    price: Price | None
    extra_usd: float | None
    claimed_by: str | None


def propose(deployment: Deployment, candidate: Candidate, price: Price | None) -> Proposal:
    """Plan what PlanUpdate would plan, of the same readings, by the same rules.

    Without a `price` AWS's Price List is asked.
    """
    update = candidate.update
    if candidate.refusals:
        against = (*candidate.refusals, *check_endpoint(deployment.sagemaker.read(update.endpoint)))
        return _refused(candidate, against)
    found = survey(
        update,
        sagemaker=deployment.sagemaker,
        cloudwatch=deployment.cloudwatch,
        fleet_metrics=deployment.fleet_metrics,
        scaling=deployment.scaling,
        quotas=deployment.quotas,
        fleets=deployment.fleets,
        roles=deployment.roles,
        topic=deployment.topic,
        files=deployment.files,
        artifacts=deployment.artifacts,
        ledger=deployment.ledger,
        dashboard=deployment.dashboard,
    )
    planning = make_plan(update, found)
    claim = deployment.ledger.claim(update.endpoint)
    return Proposal(
        update_id=update.update_id,
        endpoint=update.endpoint,
        version=update.version,
        release=update.release,
        plan=planning.plan,
        preflight=planning.preflight,
        reasons=planning.reasons,
        live=found.live,
        effective=found.effective,
        price=price or ask_price(deployment, planning.plan),
        unchecked=candidate.unchecked,
        claimed_by=claim.update_id if claim else None,
    )


def record_proposal(proposal: Proposal) -> PlanRecord:
    """The printed form of a proposal."""
    plan, price = proposal.plan, proposal.price
    return PlanRecord(
        update_id=proposal.update_id,
        endpoint=proposal.endpoint,
        version=proposal.version,
        is_clear=plan is not None,
        plan=plan,
        reasons=proposal.reasons,
        preflight=proposal.preflight,
        unchecked=proposal.unchecked,
        difference=proposal.difference,
        price=price,
        extra_usd=round(price.of(plan.extra_instance_seconds), 2) if plan and price else None,
        claimed_by=proposal.claimed_by,
    )


def _refused(candidate: Candidate, reasons: tuple[Reason, ...]) -> Proposal:
    update = candidate.update
    return Proposal(
        update_id=update.update_id,
        endpoint=update.endpoint,
        version=update.version,
        release=update.release,
        plan=None,
        preflight=Preflight(),
        reasons=reasons,
    )


def ask_price(deployment: Deployment, plan: Plan | None) -> Price | None:
    """What AWS asks for an instance of the plan's fleet, if there is a plan and AWS tells."""
    # The local cloud has no Price List, and what runs there costs nothing.
    if plan is None or deployment.is_local:
        return None
    session = deployment.session
    return find_price(open_price_list(session), plan.instance_type, session.region_name)
