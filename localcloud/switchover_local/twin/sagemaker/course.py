"""The course of an update: turns a DeploymentConfig into instances and seconds, or refuses it.

Bounds: rules §1.2 and §1.3. How SageMaker words these refusals isn't documented.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil, floor
from typing import TYPE_CHECKING

from switchover_local.twin.wire.refusals import validation_exception

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover_local.twin.scenario import Switches

    from .specs import BlueGreenPolicy, CapacitySize, DeploymentConfig, RollingPolicy


class Strategy(StrEnum):
    """How traffic is moved from the old fleet to the new one."""

    ALL_AT_ONCE = "ALL_AT_ONCE"
    CANARY = "CANARY"
    LINEAR = "LINEAR"
    ROLLING = "ROLLING"


@dataclass(frozen=True, slots=True)
class Course:
    """Every number of an update, fixed before it starts."""

    strategy: Strategy = Strategy.ALL_AT_ONCE
    wait_seconds: int = 0
    termination_wait_seconds: int = 0
    deadline_seconds: float | None = None
    alarm_names: tuple[str, ...] = ()
    step_sizes: Mapping[str, int] = field(default_factory=dict)
    """Instances per canary, linear step or rolling batch, by variant."""
    rollback_sizes: Mapping[str, int] = field(default_factory=dict)
    """Instances per batch of a rolling rollback, by variant."""

    def steps(self, wanted: Mapping[str, int]) -> int:
        """The number of steps or batches until every variant has its `wanted` instances."""
        return max(ceil(wanted[name] / size) for name, size in self.step_sizes.items())


def chart_course(
    deployment: DeploymentConfig, wanted: Mapping[str, int], switches: Switches
) -> Course:
    """Turn a DeploymentConfig into a course for variants of `wanted` instances.

    Raises:
        Refusal: ValidationException, if SageMaker couldn't follow it.
    """
    blue_green, rolling = deployment.blue_green_update_policy, deployment.rolling_update_policy
    if blue_green is not None and rolling is not None:
        raise validation_exception(
            "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified."
        )
    if rolling is not None:
        return _chart_rolling(rolling, deployment.alarm_names, wanted, switches)
    if blue_green is not None:
        return _chart_blue_green(blue_green, deployment.alarm_names, wanted, switches)
    return Course(
        deadline_seconds=switches.default_deadline_seconds, alarm_names=deployment.alarm_names
    )


def _chart_blue_green(
    policy: BlueGreenPolicy,
    alarm_names: tuple[str, ...],
    wanted: Mapping[str, int],
    switches: Switches,
) -> Course:
    routing = policy.traffic_routing_configuration
    strategy = Strategy(routing.type)
    sizes: dict[str, int] = {}
    if strategy is Strategy.CANARY:
        size = _required(routing.canary_size, "CanarySize", strategy)
        sizes = _resolve_each(size, wanted, "CanarySize", (0, 50), switches)
    elif strategy is Strategy.LINEAR:
        size = _required(routing.linear_step_size, "LinearStepSize", strategy)
        sizes = _resolve_each(size, wanted, "LinearStepSize", (10, 50), switches)
    course = Course(
        strategy=strategy,
        wait_seconds=routing.wait_interval_in_seconds,
        termination_wait_seconds=policy.termination_wait_in_seconds,
        deadline_seconds=policy.maximum_execution_timeout_in_seconds
        or switches.default_deadline_seconds,
        alarm_names=alarm_names,
        step_sizes=sizes,
    )
    waits = course.termination_wait_seconds
    if strategy is Strategy.CANARY:
        waits += course.wait_seconds
    elif strategy is Strategy.LINEAR:
        waits += (course.steps(wanted) - 1) * course.wait_seconds
    _check_deadline(policy.maximum_execution_timeout_in_seconds, waits)
    return course


def _chart_rolling(
    policy: RollingPolicy,
    alarm_names: tuple[str, ...],
    wanted: Mapping[str, int],
    switches: Switches,
) -> Course:
    back = policy.rollback_maximum_batch_size
    course = Course(
        strategy=Strategy.ROLLING,
        wait_seconds=policy.wait_interval_in_seconds,
        deadline_seconds=policy.maximum_execution_timeout_in_seconds
        or switches.default_deadline_seconds,
        alarm_names=alarm_names,
        step_sizes=_resolve_each(
            policy.maximum_batch_size, wanted, "MaximumBatchSize", (5, 50), switches
        ),
        rollback_sizes=dict(wanted)
        if back is None
        else _resolve_each(back, wanted, "RollbackMaximumBatchSize", (5, 100), switches),
    )
    waits = course.steps(wanted) * course.wait_seconds
    _check_deadline(policy.maximum_execution_timeout_in_seconds, waits)
    return course


def _required(size: CapacitySize | None, member: str, strategy: Strategy) -> CapacitySize:
    if size is None:
        raise validation_exception(f"{member} must be specified for traffic routing {strategy}.")
    return size


def _resolve_each(
    size: CapacitySize,
    wanted: Mapping[str, int],
    member: str,
    percents: tuple[int, int],
    switches: Switches,
) -> dict[str, int]:
    return {
        variant: _resolve(size, count, f"{member} for variant {variant}", percents, switches)
        for variant, count in wanted.items()
    }


def _resolve(
    size: CapacitySize, count: int, member: str, percents: tuple[int, int], switches: Switches
) -> int:
    low, high = percents
    if count == 1 and high < 100 and switches.single_instance_guardrail == "accepted":
        return 1
    if size.type == "CAPACITY_PERCENT":
        if not low <= size.value <= high:
            raise _out_of_bounds(member, percents, count)
        exact = count * size.value / 100
        instances = max(1, floor(exact) if switches.percent_rounding == "down" else ceil(exact))
    else:
        instances = size.value
    least, most = max(1, ceil(count * low / 100)), count * high // 100
    is_count = size.type == "INSTANCE_COUNT"
    if most < 1 or (is_count and not least <= instances <= most):
        raise _out_of_bounds(member, percents, count)
    return instances


def _out_of_bounds(member: str, percents: tuple[int, int], count: int) -> Exception:
    low, high = percents
    return validation_exception(
        f"{member} must be between {low}% and {high}% of the variant's instance count, which is "
        f"{count}."
    )


def _check_deadline(deadline_seconds: int | None, waits_seconds: int) -> None:
    if deadline_seconds is not None and deadline_seconds <= waits_seconds:
        raise validation_exception(
            f"MaximumExecutionTimeoutInSeconds ({deadline_seconds}) must exceed the deployment's "
            f"total wait time ({waits_seconds})."
        )
