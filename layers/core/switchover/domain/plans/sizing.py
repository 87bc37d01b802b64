"""Percentages for people, instances for AWS (rules §1.3)."""

from __future__ import annotations

from math import ceil, floor

from switchover.domain.errors import FleetTooSmall


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
    """Turn a batch percentage into the instance count that SageMaker is sent.

    Rounds down, so that a batch never exceeds 50 % of the fleet; at least 1 and at least 5 %.
    Without a percentage the guide's table decides.

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
    """A batch of another fleet, within the bounds of this one; None if it can't be updated in batches."""
    half = instances // 2
    return max(_at_least(5, instances), min(half, batch_instances)) if half else None


def batch_percent_by_table(instances: int) -> float:
    """The guide's batch table; 10 stands in two of its rows and gets 25 % (rules §8.18)."""
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
