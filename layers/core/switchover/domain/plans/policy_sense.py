"""Checks a policy for contradictions that are visible without its endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.plans.experience import Ready
from switchover.domain.plans.fitting import Conditions, fit
from switchover.domain.policies.choices import Strategy
from switchover.domain.reasons import Reason, nearest_origin

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.policies.layers import EffectivePolicy
    from switchover.domain.policies.policy import Policy

# A fleet of two instances takes the fewest steps, and no fleet is ready faster than at once.
_EASIEST_INSTANCES = 2
_EASIEST_READY = Ready(seconds=30, source="the fastest that a policy may say")
_USUAL_PUBLISH_SECONDS = 60
_SECTIONS = {
    Strategy.ROLLING: "rolling",
    Strategy.CANARY: "canary",
    Strategy.LINEAR: "linear",
}


def find_contradictions(effective: EffectivePolicy) -> tuple[Reason, ...]:
    """Every reason why this policy can't update any fleet."""
    policy = effective.policy
    easiest = Conditions(
        instances=_EASIEST_INSTANCES,
        configured_instances=_EASIEST_INSTANCES,
        ready=_EASIEST_READY,
        published_every=min(policy.alarms.period_seconds, _USUAL_PUBLISH_SECONDS),
    )
    fitted = fit(policy, effective.chosen, easiest)
    misfits = fitted if isinstance(fitted, tuple) else ()
    return tuple(_located(reason, effective) for reason in (*refuse_strategy(policy), *misfits))


def refuse_strategy(policy: Policy) -> Iterator[Reason]:
    """The reasons why the strategy may not be used, for any fleet."""
    if policy.strategy is not Strategy.REDEPLOY:
        return
    if not policy.allow_downtime:
        yield Reason(
            code="strategy.downtime-not-allowed",
            subject="policy: strategy",
            message="redeploy deletes the endpoint, which doesn't serve until the new fleet is up.",
            remedy="Set `allow_downtime: true`, or choose another strategy.",
        )
    if policy.capacity.during is not None:
        yield Reason(
            code="capacity.pointless",
            subject="policy: capacity.during",
            message="redeploy has no fleet to scale up.",
            remedy="Remove it, or choose another strategy.",
        )


def find_idle_keys(effective: EffectivePolicy) -> tuple[Reason, ...]:
    """List every key that a source sets and that has no effect under this policy."""
    policy = effective.policy
    return tuple(
        Reason(
            code="policy.idle-key",
            subject=f"{effective.origins[key]}: {key}",
            message=f"has no effect: {why}.",
            remedy="Remove it, or keep it for releases with another strategy.",
        )
        for key in effective.origins
        if not _has_keys_below(key, effective) and (why := _why_idle(key, policy))
    )


def _why_idle(key: str, policy: Policy) -> str:
    section = key.partition(".")[0]
    if section in _SECTIONS.values() and section != _SECTIONS.get(policy.strategy):
        return f"the strategy is {policy.strategy.value}"
    if key == "termination_wait_seconds" and policy.strategy in {
        Strategy.ROLLING,
        Strategy.REDEPLOY,
    }:
        return f"{policy.strategy.value} keeps no old fleet"
    if section == "tests" and policy.tests.golden is None:
        return "there are no golden requests"
    return ""


def _has_keys_below(key: str, effective: EffectivePolicy) -> bool:
    return any(other.startswith(f"{key}.") for other in effective.origins)


def _located(reason: Reason, effective: EffectivePolicy) -> Reason:
    """The reason, with the file and line of its key, else of the strategy's bake."""
    key = reason.subject.removeprefix("policy: ")
    bake = _SECTIONS.get(effective.policy.strategy, "termination_wait_seconds")
    place = nearest_origin(key, effective.origins, effective.place(f"{bake}.bake_seconds"))
    return reason.model_copy(update={"subject": f"{place}: {key}"})
