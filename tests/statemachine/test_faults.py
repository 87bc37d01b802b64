"""Some of the faults that `python -m tests.statemachine.faults` plants, and that it sees what breaks."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from tests.statemachine.definition import Choice, read_definition
from tests.statemachine.faults_cases import Case, choose, find_cases
from tests.statemachine.faults_excuses import excused_by, tell_excuses
from tests.statemachine.faults_injected import Call, Tap
from tests.statemachine.faults_invariants import broken_by
from tests.statemachine.faults_kinds import Failure, Kind, LateAct, Outside, Stop, Storm
from tests.statemachine.faults_outside import THINGS, act_outside
from tests.statemachine.faults_runs import find_steps, open_world, run, run_all, tell
from tests.statemachine.faults_stories import STORIES
from tests.statemachine.scene import ENDPOINT, FIRST_CONFIG, put_alarm
from tests.statemachine.template import ROOT
from tests.statemachine.walker import Status

from switchover.domain.queueing import Claim

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tests.statemachine.faults_kinds import Fault
    from tests.statemachine.world import World

_CANARY = STORIES[0]
_PUBLISH = Call("Announce", "AnnounceFunction", "sns", "Publish")
_NOTE = Call("Announce", "AnnounceFunction", "dynamodb", "UpdateItem")
_START = Call("StartUpdate", "StartUpdateFunction", "sagemaker", "UpdateEndpoint")
_SAMPLE = {"failure": 24, "late": 8, "storm": 8, "stop": 6, "outside": 10, "pair": 6}


@pytest.mark.parametrize(
    ("family", "turn"), [(family, turn) for family, n in _SAMPLE.items() for turn in range(n)]
)
def test_whatever_fails_the_invariants_hold(family: str, turn: int) -> None:
    cases = choose(find_cases(), family=family)
    case = cases[turn * len(cases) // _SAMPLE[family]]

    assert run(case).broken == {}, case.name


@pytest.mark.parametrize("call", [_PUBLISH, _NOTE], ids=["telling", "noting"])
def test_nobody_is_told_twice_because_a_call_failed_once(call: Call) -> None:
    case = Case(_CANARY.name, (Failure(call, Kind.THROTTLED, is_for_ever=False),), step=1)

    assert run(case).broken == {}


def test_every_state_of_a_good_update_is_among_them() -> None:
    states = read_definition().states
    met = {met for met in find_steps(_CANARY) if isinstance(met, str)}
    met = {state for state in met if not isinstance(states[state], Choice)}

    assert {fault.at for case in find_cases((_CANARY,)) for fault in case.faults} >= met


def test_no_two_cases_have_the_same_name() -> None:
    names = [case.name for case in find_cases((_CANARY,))]

    assert len(names) == len(set(names))


def test_a_shard_of_all_is_no_other_one() -> None:
    cases = find_cases((_CANARY,))

    shards = [choose(cases, shard=(mine, 3)) for mine in (1, 2, 3)]

    assert sorted(case.name for shard in shards for case in shard) == sorted(c.name for c in cases)


def test_a_case_ends_alike_alone_and_in_a_child_of_the_story() -> None:
    cases = choose(find_cases((_CANARY,)), family="late")[:3]

    assert run_all(cases) == [run(case) for case in cases]


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
    # 10 s of cold start and the function's 50 s are over then.
    assert _moved_at(tap.world) == asked_at + timedelta(seconds=80)


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
def test_somebody_can_change_each_thing(world: World, thing: str) -> None:
    _CANARY.tell(world)
    world.run_to("TestModel")
    before = _everything(world)

    act_outside(world, thing)

    assert _everything(world) != before


def _everything(world: World) -> object:
    """Whatever somebody may change."""
    table, where = world.settings["SWITCHOVER_TABLE"], {"ServiceNamespace": "sagemaker"}
    return (
        world.dynamodb.scan(TableName=table)["Items"],
        [entry["Key"] for entry in world.s3.list_objects_v2(Bucket=world.bucket)["Contents"]],
        world.traces(),
        world.scaling.describe_scalable_targets(**where)["ScalableTargets"],
    )


def _keep_claim(world: World) -> None:
    claim = Claim(ENDPOINT, "u", "arn", world.clock.now())
    assert world.ledger.take_claim(claim, "~")


def _keep_alarm(world: World) -> None:
    world.cloudwatch.put_metric_alarm(
        AlarmName=world.update().planned.abort_alarm,
        Namespace="a",
        MetricName="b",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def _keep_watching(world: World) -> None:
    world.watched_alarms.watch(world.update())


def _keep_suspended(world: World) -> None:
    (target,) = world.scaling.describe_scalable_targets(ServiceNamespace="sagemaker")[
        "ScalableTargets"
    ]
    world.scaling.register_scalable_target(
        **{key: target[key] for key in ("ServiceNamespace", "ResourceId", "ScalableDimension")},
        SuspendedState={"DynamicScalingInSuspended": True},
    )


def _say_it_again(world: World) -> None:
    world.outlets.messages.append(world.outlets.messages[-1])


def _say_otherwise(world: World) -> None:
    world.outlets.messages[-1]["Subject"] = "RolledBack: vlm v2"


def _serve_another(world: World) -> None:
    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=FIRST_CONFIG)
    world.clock.advance(3600)


def _delete_the_way_back(world: World) -> None:
    world.sagemaker.delete_model(ModelName=FIRST_CONFIG)


def _forget(world: World) -> None:
    world.ledger.save(world.update(), outcome=None)


def _fail_a_request(world: World) -> None:
    world.load.failures += 1


@pytest.mark.parametrize(
    ("spoil", "invariant"),
    [
        (_keep_claim, "claim released"),
        (_keep_alarm, "alarms removed"),
        (_keep_watching, "watch ended"),
        (_keep_suspended, "capacity restored"),
        (_say_it_again, "told once"),
        (_say_otherwise, "told"),
        (_serve_another, "true"),
        (_delete_the_way_back, "way back kept"),
        (_forget, "recorded"),
        (_fail_a_request, "unnoticed"),
    ],
)
def test_an_invariant_that_breaks_is_seen(
    world: World, spoil: Callable[[World], None], invariant: str
) -> None:
    put_alarm(world, "refunds")
    world.put_policy("strategy: canary\nalarms: {also: [refunds]}")
    world.offer()
    world.run()
    tap = Tap(world)
    before = broken_by(tap, _CANARY)

    spoil(world)

    assert before == {}
    assert invariant in broken_by(tap, _CANARY)


@pytest.mark.parametrize(
    ("fault", "excused"),
    [
        (Failure(_PUBLISH, Kind.THROTTLED, is_for_ever=False), set()),
        (Failure(_PUBLISH, Kind.LOST_ANSWER, is_for_ever=False), {"told once"}),
        (Failure(_PUBLISH, Kind.DENIED, is_for_ever=True), {"told", "told once"}),
        (LateAct(_PUBLISH, 2, is_stopped=True), {"told once"}),
        (LateAct(_START, 2, is_stopped=True), set()),
        (Storm(_PUBLISH, 200), set()),
        (Stop("Announce"), set()),
        (Outside("AwaitOutcome", "claim deleted"), set()),
        (Outside("AwaitOutcome", "previous config deleted"), {"way back kept"}),
    ],
)
def test_only_what_nobody_could_keep_is_excused(
    world: World, fault: Fault, excused: set[str]
) -> None:
    assert excused_by(Tap(world, (fault,)), _CANARY) == excused


@pytest.mark.parametrize(
    ("state", "is_excused"), [("AwaitOutcome", False), ("RecordOutcome", False), ("Announce", True)]
)
def test_what_others_did_after_the_reading_makes_it_no_lie(state: str, *, is_excused: bool) -> None:
    with open_world((Outside(state, "policy deleted"),)) as tap:
        tell(tap.world, _CANARY)

    assert ("true" in excused_by(tap, _CANARY)) is is_excused


def test_the_docs_name_every_excuse_and_no_other() -> None:
    text = (ROOT / "docs" / "faults.md").read_text("utf-8")
    _, _, rest = text.partition("## What can't hold\n")
    rows = [line.split(" | ") for line in rest.partition("\n\nEverything")[0].splitlines()[3:]]

    told = {row[0].removeprefix("| "): frozenset(row[1].split(", ")) for row in rows}

    assert told == tell_excuses()


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
