"""Checks that the plan fits the fleet, the time and the quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.fleet import EndpointReading
from switchover.domain.plans.policy_sense import refuse_strategy
from switchover.domain.preflight import Check
from switchover.domain.readings import Unmeasured, Usage
from switchover.domain.reasons import Reason
from switchover.domain.units import say_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.checks.case import Case
    from switchover.domain.fleet import Absent
    from switchover.domain.plans.plan import Plan

_TIMING = "timing."
_ALARMS = "alarms."
_NO_PLAN = "not computed: the inputs of the plan are missing"


def check_strategy(case: Case) -> Check:
    """Check that the strategy may be used, and that the fleet is large enough for it."""
    name, title = "strategy.fits", "The strategy suits the fleet"
    if case.policy is None:
        return Check.unknown(name, title, "not checked: the policy has faults")
    faults = [
        *refuse_strategy(case.policy),
        *(fault for fault in _refusals(case) if not fault.code.startswith((_TIMING, _ALARMS))),
    ]
    if case.plan is None and not faults:
        return Check.unknown(name, title, _NO_PLAN)
    evidence = case.plan.summary if case.plan else f"{case.policy.strategy.value} is impossible"
    return Check.judged(name, title, evidence, faults)


def check_time(case: Case) -> Check:
    """Check that the update fits into the requested deadline, and that into SageMaker's longest."""
    name, title = "timing.deadline", "The update fits into SageMaker's time limit"
    faults = [fault for fault in _refusals(case) if fault.code.startswith(_TIMING)]
    if case.plan is None and not faults:
        return Check.unknown(name, title, _NO_PLAN)
    evidence = "too long, or its deadline is too short"
    if case.plan is not None:
        times = case.plan.times
        minutes = [round(s / 60) for s in (times.expected_seconds, times.deadline_seconds)]
        evidence = f"about {minutes[0]} min expected, {minutes[1]} min allowed"
    return Check.judged(name, title, evidence, faults)


def check_reaction(case: Case) -> Check:
    """Check that each alarm can turn red within the bake that it guards (rules §4, timing rule)."""
    name, title = "alarms.timely", "The alarms can go red within each bake"
    faults = [fault for fault in _refusals(case) if fault.code.startswith(_ALARMS)]
    if case.plan is None and not faults:
        return Check.unknown(name, title, _NO_PLAN)
    evidence = "they are slower than the bake"
    if case.plan is not None:
        guarded = case.plan.deployment.pace.guarded_seconds
        evidence = f"the shortest bake lasts {guarded} s" if guarded else "nothing bakes"
    return Check.judged(name, title, evidence, faults)


def check_quota(case: Case) -> Check:
    """Check that the quota allows the instances that the update needs at its peak."""
    name, title = "quota.headroom", "The quota has room for the peak"
    quota, usage = case.found.quota_instances, case.found.usage
    if case.plan is None:
        return Check.unknown(name, title, _NO_PLAN)
    if not wants_more(case.plan, case.found.endpoint):
        evidence = (
            f"not read: the update needs no more than the {case.plan.capacity.peak_instances} that"
            " serve"
        )
        return Check.judged(name, title, evidence, ())
    if quota is None:
        return Check.unknown(
            name,
            title,
            f"Service Quotas lists no {case.plan.target.instance_type} for endpoint usage",
        )
    if isinstance(quota, Unmeasured):
        return Check.unknown(name, title, quota.why)
    evidence = (
        f"{quota} {case.plan.target.instance_type} allowed, {_tell_usage(usage)};"
        f" at most {case.plan.capacity.peak_instances} during the update"
    )
    others = usage.instances if isinstance(usage, Usage) else 0
    faults = tuple(_quota_faults(case.plan, quota, others))
    returning = case.plan.capacity.rollback_peak_instances
    if not faults and returning + others > quota:
        # Rolling is chosen when a second fleet isn't available, so it must not be refused for that.
        return Check.noted(
            name,
            title,
            f"{evidence}; a rollback would need {returning} for a while, more than the quota",
        )
    return Check.judged(name, title, evidence, faults)


def wants_more(plan: Plan, endpoint: EndpointReading | Absent) -> bool:
    """Whether a plan, or its rollback, needs more instances than the endpoint has now."""
    held = endpoint.instances if isinstance(endpoint, EndpointReading) else 0
    return max(plan.capacity.peak_instances, plan.capacity.rollback_peak_instances) > held


def _refusals(case: Case) -> tuple[Reason, ...]:
    return case.planned if isinstance(case.planned, tuple) else ()


def _quota_faults(plan: Plan, quota_instances: int, others: int) -> Iterator[Reason]:
    if plan.capacity.peak_instances + others > quota_instances:
        used = f", of which other endpoints hold {others}," if others else ""
        yield Reason(
            code="quota.too-low",
            subject=f"quota {plan.target.instance_type} for endpoint usage",
            message=(
                f"allows {quota_instances} instances{used} and the update needs"
                f" {plan.capacity.peak_instances} at its peak."
            ),
            remedy="Ask AWS to raise the quota, or choose rolling with small batches.",
        )


def _tell_usage(usage: Usage | Unmeasured | None) -> str:
    match usage:
        case None:
            return "the use by other endpoints was not checked"
        case Unmeasured(why):
            return f"the use by other endpoints is unknown ({why})"
        case Usage():
            told = f"{usage.instances} used by {say_count(usage.endpoints, 'other endpoint')}"
            if usage.seen == usage.listed:
                return told
            return f"at least {told} ({usage.seen} of {usage.listed} could be seen in time)"
