"""The effect and the time of each kind of fault: failed and late calls, storms, stops, deletions."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from tests.support.faults.injected import Call, Tap
from tests.support.faults.kinds import Failure, Kind, LateAct, Storm
from tests.support.faults.outside import THINGS, act_outside
from tests.support.faults.people import Stop
from tests.support.faults.runs import open_world, tell
from tests.support.faults.stories import STORIES
from tests.support.scene import ENDPOINT
from tests.support.walker import Status

if TYPE_CHECKING:
    from datetime import datetime

    from tests.support.faults.kinds import Fault
    from tests.support.world import World

_CANARY = STORIES[0]
_PUBLISH = Call("Announce", "AnnounceFunction", "sns", "Publish")
_START = Call("StartUpdate", "StartUpdateFunction", "sagemaker", "UpdateEndpoint")


def test_a_lost_answer_comes_after_the_act(world: World) -> None:
    done, tap = _tapped(world, Kind.LOST_ANSWER)

    with pytest.raises(ReadTimeoutError):
        tap.pass_on("sns", "Publish", lambda: done.append("told"))

    assert done == ["told"]


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Kind.NO_CONNECTION, ConnectTimeoutError),
        (Kind.THROTTLED, ClientError),
        (Kind.SERVER_ERROR, ClientError),
        (Kind.DENIED, ClientError),
    ],
)
def test_any_other_fault_comes_instead_of_the_act(
    world: World, kind: Kind, error: type[Exception]
) -> None:
    done, tap = _tapped(world, kind)

    with pytest.raises(error):
        tap.pass_on("sns", "Publish", lambda: done.append("told"))

    assert done == []


def test_a_fault_that_comes_once_lets_the_next_call_through(world: World) -> None:
    done, tap = _tapped(world, Kind.THROTTLED)
    with pytest.raises(ClientError):
        tap.pass_on("sns", "Publish", lambda: done.append("told"))

    tap.pass_on("sns", "Publish", lambda: done.append("told"))

    assert done == ["told"]


def test_what_a_function_may_not_do_it_may_in_no_state() -> None:
    denied = Failure(
        Call("AwaitOutcome", "ObserveUpdateFunction", "s", "Get"), Kind.DENIED, is_for_ever=True
    )

    assert denied.meets(Call("AwaitRollback", "ObserveUpdateFunction", "s", "Get"), 1)
    assert not denied.meets(Call("AwaitOutcome", "ObserveUpdateFunction", "s", "Put"), 0)


@pytest.mark.parametrize(
    ("throttles", "calls_that_fail", "seconds"), [(3, 0, 7), (4, 1, 3), (10, 2, 13)]
)
def test_a_storm_fails_only_calls_that_outlast_the_tries_of_the_sdk(
    world: World, throttles: int, calls_that_fail: int, seconds: int
) -> None:
    done, tap = _tapped(world, Storm(_PUBLISH, throttles))
    began_at = world.clock.now()

    failed = _fail_until_done(tap, done)

    assert failed == calls_that_fail
    # The longest pauses before the second, third and fourth try: 1, 2 and 4 seconds.
    assert (world.clock.now() - began_at).total_seconds() >= seconds


@pytest.mark.parametrize("seconds", [2, 20, 90])
def test_a_late_act_comes_after_its_caller_was_stopped(seconds: int) -> None:
    with open_world((LateAct(_START, seconds, is_stopped=True),)) as tap:
        tell(tap.world, _CANARY)

    given_up_at = tap.world.executions[0].ended_at
    assert tap.world.executions[0].state == "StartUpdate"
    assert _moved_at(tap.world) == given_up_at + timedelta(seconds=seconds)


def test_a_late_act_comes_after_the_time_out_of_its_caller() -> None:
    with open_world((LateAct(_START, 20, is_stopped=False),)) as tap:
        tell(tap.world, _CANARY)

    path = tap.world.executions[0]
    asked_at = path.entered_at[path.path.index("StartUpdate")]
    # After 10 s of cold start and the function's 50 s it is asked again, before the late call lands.
    assert _moved_at(tap.world) == asked_at + timedelta(seconds=62)
    assert tap.hits.total() == 1


def test_a_function_that_lives_on_goes_on_with_the_late_answer(world: World) -> None:
    done, tap = _tapped(world, LateAct(_PUBLISH, 20, is_stopped=True))
    world.offer()
    world.run_to("Announce")

    tap.pass_on("sns", "Publish", lambda: done.append("told"))

    assert done == ["told"]


@pytest.mark.parametrize("state", ["PlanUpdate", "AwaitOutcome", "RecordOutcome"])
def test_an_execution_is_stopped_before_its_state_does_anything(state: str) -> None:
    with open_world((Stop(state),)) as tap:
        tell(tap.world, _CANARY)

    stopped = tap.world.executions[0]
    assert (stopped.status, stopped.state) == (Status.ABORTED, state)


def test_a_recovery_is_stopped_too() -> None:
    with open_world((Stop("AwaitOutcome", "AwaitRollback"),)) as tap:
        tell(tap.world, _CANARY)

    ends = [(each.status, each.state) for each in tap.world.executions[:2]]
    assert ends == [(Status.ABORTED, "AwaitOutcome"), (Status.ABORTED, "AwaitRollback")]


@pytest.mark.parametrize("thing", THINGS)
def test_somebody_can_change_each_thing(thing: str) -> None:
    with open_world() as tap:
        _CANARY.tell(tap.world)
        tap.world.run_to("TestModel")
        before = _everything(tap.world)

        act_outside(tap.world, thing)

        assert _everything(tap.world) != before


def _everything(world: World) -> object:
    """Whatever somebody may change."""
    where = {"ServiceNamespace": "sagemaker"}
    return (
        set(world.dynamodb.items),
        [entry["Key"] for entry in world.s3.list_objects_v2(Bucket=world.bucket)["Contents"]],
        world.traces(),
        world.scaling.describe_scalable_targets(**where)["ScalableTargets"],
    )


def _tapped(world: World, fault: Fault | Kind) -> tuple[list[str], Tap]:
    """A call of Announce under way, with a fault in it."""
    planted = Failure(_PUBLISH, fault, is_for_ever=False) if isinstance(fault, Kind) else fault
    world.lambdas.running = ("AnnounceFunction", {})
    world.lambdas.ends_at = world.clock.now() + timedelta(seconds=50)
    return [], Tap(world, (planted,))


def _fail_until_done(tap: Tap, done: list[str]) -> int:
    """How often a call had to be made again before it was done."""
    failed = 0
    while not done:
        with suppress(ClientError):
            tap.pass_on("sns", "Publish", lambda: done.append("told"))
        failed += not done
    return failed


def _moved_at(world: World) -> datetime:
    """When the endpoint was first seen to move from the time that the release was offered."""
    began_at = world.executions[0].started_at
    moved = [each.at for each in world.twin.transitions(ENDPOINT) if each.at >= began_at]
    return moved[0]
