"""The pace of an update: its strategy in numbers, and the sizes of its steps."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING, assert_never

from pydantic import BaseModel, ConfigDict

from switchover.domain.errors import FleetTooSmall
from switchover.domain.policies.choices import Strategy
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from switchover.domain.policies.policy import Policy


class Pace(BaseModel):
    """The strategy in whole instances and seconds.

    `instances` is the size of the new fleet, `old_instances` that of the old fleet. They differ only
    if the capacity isn't retained. `step_instances` is the canary, the linear step or the rolling
    batch; the whole fleet for all-at-once and redeploy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: Strategy
    instances: int
    old_instances: int
    step_instances: int
    bake_seconds: int
    termination_wait_seconds: int
    rollback_batch_instances: int

    @property
    def reach(self) -> tuple[int, ...]:
        """The number of new instances that get traffic after each shift."""
        match self.strategy:
            case Strategy.ROLLING | Strategy.LINEAR:
                shifts = ceil(self.instances / self.step_instances)
                return tuple(
                    min(self.instances, shift * self.step_instances)
                    for shift in range(1, shifts + 1)
                )
            case Strategy.CANARY:
                return (self.step_instances, self.instances)
            case Strategy.ALL_AT_ONCE | Strategy.REDEPLOY:
                return (self.instances,)
            case _:
                assert_never(self.strategy)

    @property
    def steps(self) -> int:
        """The number of traffic shifts."""
        return len(self.reach)

    @property
    def guarded_seconds(self) -> int:
        """The length of the bake in which an alarm must be able to turn red; 0 without a bake."""
        match self.strategy:
            case Strategy.ROLLING | Strategy.CANARY | Strategy.LINEAR:
                return self.bake_seconds
            case Strategy.ALL_AT_ONCE:
                return self.termination_wait_seconds
            case Strategy.REDEPLOY:
                return 0
            case _:
                assert_never(self.strategy)

    @property
    def first_share(self) -> tuple[float, float]:
        """The lowest and highest share of the traffic (0–1) that the first shift gives the new fleet.

        All instances get the same share. Whether old instances stop serving during a canary's bake is
        undocumented, so both shares are possible (rules §2.6).
        """
        first = self.reach[0]
        freed = share_of(first, 0 if self.steps == 1 else max(0, self.old_instances - first))
        if self.strategy is Strategy.CANARY:
            return share_of(first, self.old_instances), freed
        return freed, freed

    @property
    def first_step(self) -> str:
        """The first shift in instances: `canary of 1 instance of 3: about 25–33 % of traffic`."""
        first = self.reach[0]
        low, high = (round(share * 100) for share in self.first_share)
        percent = f"{low}" if low == high else f"{low}–{high}"
        noun = "instance" if first == 1 else "instances"
        return (
            f"{_STEP_NAME[self.strategy]} of {first} {noun} of {self.instances}:"
            f" about {percent} % of traffic"
        )


_STEP_NAME = {
    Strategy.ROLLING: "batch",
    Strategy.CANARY: "canary",
    Strategy.LINEAR: "step",
    Strategy.ALL_AT_ONCE: "shift",
    Strategy.REDEPLOY: "replacement",
}


def share_of(new_serving: int, old_serving: int) -> float:
    """The new fleet's share (0–1) of the traffic: every serving instance gets the same share."""
    return new_serving / (new_serving + old_serving)


def resolve_pace(policy: Policy, instances: int, old_instances: int) -> Pace | Reason:
    """Turn the policy's percentages into whole instances, or say that the fleet is too small."""
    try:
        step, bake = _step_and_bake(policy, instances)
    except FleetTooSmall as error:
        return Reason(
            code="strategy.fleet-too-small",
            subject="policy: strategy",
            message=f"{policy.strategy.value} is impossible: {error}.",
            remedy=(
                "Run at least 2 instances, or take all-at-once (no downtime, a second fleet of"
                f" {instances} while it lasts) or redeploy (downtime, no extra instance)."
            ),
        )
    is_baked_at_the_end = policy.strategy not in {Strategy.ROLLING, Strategy.REDEPLOY}
    return Pace(
        strategy=policy.strategy,
        instances=instances,
        old_instances=old_instances,
        step_instances=step,
        bake_seconds=bake,
        termination_wait_seconds=policy.termination_wait_seconds if is_baked_at_the_end else 0,
        rollback_batch_instances=resolve_rollback_batch(
            policy.rolling.rollback_batch_percent, instances
        ),
    )


def explain_step(policy: Policy, pace: Pace) -> tuple[str, ...]:
    """Explain a step whose whole instances differ from the requested percentage."""
    asked = _asked_percent(policy)
    resolved = pace.step_instances / pace.instances * 100
    if asked is None or abs(asked - resolved) < 1:
        return ()
    return (f"{asked:g} % of {pace.instances} instances becomes a {pace.first_step}.",)


def _asked_percent(policy: Policy) -> float | None:
    match policy.strategy:
        case Strategy.ROLLING:
            return policy.rolling.batch_percent
        case Strategy.CANARY:
            return policy.canary.percent
        case Strategy.LINEAR:
            return policy.linear.step_percent
        case Strategy.ALL_AT_ONCE | Strategy.REDEPLOY:
            return None
        case _:
            assert_never(policy.strategy)


def _step_and_bake(policy: Policy, instances: int) -> tuple[int, int]:
    match policy.strategy:
        case Strategy.ROLLING:
            batch = resolve_batch(policy.rolling.batch_percent, instances)
            return batch, policy.rolling.bake_seconds
        case Strategy.CANARY:
            return resolve_canary(policy.canary.percent, instances), policy.canary.bake_seconds
        case Strategy.LINEAR:
            step = resolve_linear_step(policy.linear.step_percent, instances)
            return step, policy.linear.bake_seconds
        case Strategy.ALL_AT_ONCE | Strategy.REDEPLOY:
            return instances, 0
        case _:
            assert_never(policy.strategy)


def resolve_canary(percent: float, instances: int) -> int:
    """Turn a canary percentage into instances: at least 1, at most half of the fleet.

    Raises:
        FleetTooSmall: one instance can't be split.
    Source: CanarySize, at most 50 % of the variant's instances.
    """
    return _bounded(percent, instances, lowest_percent=0, what="a canary")


def resolve_linear_step(percent: float, instances: int) -> int:
    """Turn a step percentage into instances: at least 10 %, at most half of the fleet.

    Raises:
        FleetTooSmall: one instance can't be split.
    Source: LinearStepSize, 10–50 %.
    """
    return _bounded(percent, instances, lowest_percent=10, what="a linear step")


def resolve_batch(percent: float | None, instances: int) -> int:
    """Turn a batch percentage into the instance count for SageMaker.

    Rounds down, so that a batch never exceeds 50 % of the fleet; at least 1 and at least 5 %.
    Without a percentage, the guide's table decides.

    Raises:
        FleetTooSmall: one instance can't be updated in batches.
    Source: RollingUpdatePolicy.MaximumBatchSize (5–50 % of the variant's instances).
    """
    chosen = batch_percent_by_table(instances) if percent is None else percent
    return _bounded(chosen, instances, lowest_percent=5, what="a rolling batch")


def resolve_rollback_batch(percent: float, instances: int) -> int:
    """Turn the rollback batch into instances: at least 1 and at least 5 %, up to the whole fleet."""
    return min(instances, max(_at_least(5, instances), floor(instances * percent / 100)))


def fit_batch(batch_instances: int, instances: int) -> int | None:
    """A batch size of another fleet, limited for this fleet; None if batches aren't possible."""
    half = instances // 2
    return max(_at_least(5, instances), min(half, batch_instances)) if half else None


def batch_percent_by_table(instances: int) -> float:
    """The guide's batch table. Two of its rows contain 10 instances, which get 25 % (rules §8.18)."""
    match instances:
        case _ if instances <= 4:
            return 50
        case _ if instances <= 10:
            return 25
        case _:
            return 20


def _bounded(percent: float, instances: int, *, lowest_percent: float, what: str) -> int:
    half = instances // 2
    if half < 1:
        raise FleetTooSmall(what, instances)
    lowest = _at_least(lowest_percent, instances)
    return max(lowest, min(half, floor(instances * percent / 100)))


def _at_least(percent: float, instances: int) -> int:
    return max(1, ceil(instances * percent / 100))
