"""An update as it would be if started now: its plan and its time, or every reason against it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.planning import make_plan
from switchover.domain.plans.difference import Difference, find_difference
from switchover.domain.plans.plan import Plan
from switchover.domain.preflight import Preflight
from switchover.domain.reasons import Reason
from switchover.domain.refusals import check_endpoint
from switchover.steps.plan_inputs import survey
from switchover_cli.plan.forecast import REFUSED, STARTS, Forecast, foresee
from switchover_cli.plan.pricing import Price, find_price, open_price_list

if TYPE_CHECKING:
    from switchover.domain.fleet import LiveRelease
    from switchover.domain.policies.layers import EffectivePolicy
    from switchover.domain.release import Release
    from switchover_cli.deployment import Deployment
    from switchover_cli.plan.candidate import Candidate


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan, with further facts for people.

    `reasons` are those against the update. `plan` is None if there are any, or while another update moves
    the endpoint, as the config that will serve is unknown. `unchecked` is what validation couldn't check.
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
    forecast: Forecast = STARTS

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
    forecast: Forecast


def propose(deployment: Deployment, candidate: Candidate) -> Proposal:
    """Make the plan that PlanUpdate would make, from the same readings, and say when it would start."""
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
    forecast = foresee(deployment, update, found.endpoint, planning)
    return Proposal(
        update_id=update.update_id,
        endpoint=update.endpoint,
        version=update.version,
        release=update.release,
        plan=None if forecast.is_refusal else planning.plan,
        preflight=planning.preflight,
        reasons=forecast.reasons if forecast.is_refusal else (),
        live=found.live,
        effective=found.effective,
        unchecked=candidate.unchecked,
        forecast=forecast,
    )


def record_proposal(proposal: Proposal) -> PlanRecord:
    """The printed form of a proposal."""
    plan, price = proposal.plan, proposal.price
    return PlanRecord(
        update_id=proposal.update_id,
        endpoint=proposal.endpoint,
        version=proposal.version,
        is_clear=not proposal.reasons,
        plan=plan,
        reasons=proposal.reasons,
        preflight=proposal.preflight,
        unchecked=proposal.unchecked,
        difference=proposal.difference,
        price=price,
        extra_usd=round(price.of(plan.capacity.extra_instance_seconds), 2)
        if plan and price
        else None,
        forecast=proposal.forecast,
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
        forecast=REFUSED.model_copy(update={"reasons": reasons}),
    )


def add_price(deployment: Deployment, proposal: Proposal, usd_per_hour: float | None) -> Proposal:
    """The proposal with the price of one instance: the given one, or the one of AWS's Price List."""
    if usd_per_hour is not None:
        price: Price | None = Price(usd_per_hour=usd_per_hour, source="as given by --price")
    else:
        price = ask_price(deployment, proposal.plan)
    return replace(proposal, price=price)


def ask_price(deployment: Deployment, plan: Plan | None) -> Price | None:
    """AWS's price of an instance of the plan's fleet; None if there is no plan or no price."""
    # The local cloud has no Price List, and its instances cost nothing.
    if plan is None or deployment.is_local:
        return None
    session = deployment.session
    return find_price(open_price_list(session), plan.target.instance_type, session.region_name)
