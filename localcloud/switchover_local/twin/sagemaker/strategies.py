"""The steps of each strategy (rules §2.6), and the steps back."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from .course import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .deployment import Deployment, Lane
    from .run import Script

_WAIT = "WaitIntervalInSeconds"
_TERMINATION_WAIT = "TerminationWaitInSeconds"


def carry_out(deployment: Deployment) -> Script:
    """Take the endpoint from its old fleets to its new ones."""
    match deployment.course.strategy:
        case Strategy.ALL_AT_ONCE:
            return _all_at_once(deployment)
        case Strategy.CANARY:
            return _canary(deployment)
        case Strategy.LINEAR:
            return _linear(deployment)
        case Strategy.ROLLING:
            return _rolling(deployment)
        case never:
            assert_never(never)


def take_back(deployment: Deployment) -> Script:
    """Take the endpoint back to its old fleets.

    Raises:
        StepFailed: there is no capacity for old instances; the endpoint keeps a mix.
    """
    if deployment.course.strategy is Strategy.ROLLING:
        return _roll_back(deployment)
    return _flip_back(deployment)


def _all_at_once(deployment: Deployment) -> Script:
    yield from _launch_everything(deployment)
    yield from _shift_everything(deployment)
    yield from _finish_blue_green(deployment)


def _canary(deployment: Deployment) -> Script:
    course, frees = deployment.course, deployment.world.scenario.switches
    canary = {lane: course.step_sizes[lane.name] for lane in deployment.lanes}
    yield from _launch_everything(deployment)
    yield from deployment.shift(
        canary,
        "canary",
        old_serving={
            lane: lane.had - size if frees.canary_frees_old_instances else lane.had
            for lane, size in canary.items()
        },
    )
    yield from deployment.bake(course.wait_seconds, _WAIT, "canary")
    yield from _shift_everything(deployment)
    yield from _finish_blue_green(deployment)


def _linear(deployment: Deployment) -> Script:
    course = deployment.course
    steps = course.steps({lane.name: lane.wanted for lane in deployment.lanes})
    yield from _launch_everything(deployment)
    for step in range(1, steps + 1):
        is_last = step == steps
        serving = {
            lane: min(lane.wanted, step * course.step_sizes[lane.name]) for lane in deployment.lanes
        }
        yield from deployment.shift(
            serving,
            "full" if is_last else "linear",
            old_serving={
                lane: 0 if is_last else max(0, lane.had - new) for lane, new in serving.items()
            },
        )
        if not is_last or deployment.world.scenario.switches.linear_last_step_waits:
            yield from deployment.bake(course.wait_seconds, _WAIT, "linear")
    yield from _finish_blue_green(deployment)


def _rolling(deployment: Deployment) -> Script:
    course = deployment.course
    steps = course.steps({lane.name: lane.wanted for lane in deployment.lanes})
    for step in range(1, steps + 1):
        is_last = step == steps
        serving = {
            lane: min(lane.wanted, step * course.step_sizes[lane.name]) for lane in deployment.lanes
        }
        yield from deployment.launch_new(
            {lane: count - lane.new.healthy for lane, count in serving.items()}
        )
        staying = {
            lane: 0 if is_last else max(0, lane.had - count) for lane, count in serving.items()
        }
        yield from deployment.shift(serving, "rolling", old_serving=staying)
        yield from deployment.bake(course.wait_seconds, _WAIT, "rolling")
        deployment.is_committed = is_last
        yield from deployment.retire_old(_idle(staying))


def _idle(staying: Mapping[Lane, int]) -> dict[Lane, int]:
    return {lane: lane.old_healthy - count for lane, count in staying.items()}


def _launch_everything(deployment: Deployment) -> Script:
    yield from deployment.launch_new({lane: lane.wanted for lane in deployment.lanes})


def _shift_everything(deployment: Deployment) -> Script:
    yield from deployment.shift(
        {lane: lane.wanted for lane in deployment.lanes},
        "full",
        old_serving=dict.fromkeys(deployment.lanes, 0),
    )


def _finish_blue_green(deployment: Deployment) -> Script:
    yield from deployment.bake(
        deployment.course.termination_wait_seconds, _TERMINATION_WAIT, "full"
    )
    deployment.is_committed = True
    deployment.retire_leavers()
    yield from deployment.retire_old({lane: lane.old_healthy for lane in deployment.lanes})


def _flip_back(deployment: Deployment) -> Script:
    deployment.serve_old()
    yield from deployment.retire_new(_everything_new(deployment))


def _roll_back(deployment: Deployment) -> Script:
    """Launch old instances again, batch by batch, and terminate new instances in step."""
    for fleet in deployment.endpoint.fleets:
        fleet.bury()
    deployment.serve_old()
    while missing := _missing_old(deployment):
        yield from deployment.relaunch_old(missing)
        if _missing_old(deployment):
            yield from deployment.retire_new(missing)
    yield from deployment.retire_new(_everything_new(deployment))


def _missing_old(deployment: Deployment) -> dict[Lane, int]:
    """The next batch of old instances to launch again."""
    return {
        lane: min(deployment.course.rollback_sizes[lane.name], lane.had - lane.old_healthy)
        for lane in deployment.lanes
        if lane.had > lane.old_healthy
    }


def _everything_new(deployment: Deployment) -> dict[Lane, int]:
    return {lane: lane.new.launching + lane.new.healthy for lane in deployment.lanes}
