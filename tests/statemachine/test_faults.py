"""Some of the faults that `python -m tests.statemachine.faults` plants, and that it sees what breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from tests.statemachine.faults_cases import Case, find_calls, find_cases, run
from tests.statemachine.faults_injected import Call, Fault, Kind, Tap
from tests.statemachine.faults_invariants import broken_by, excused_by, tell_excuses
from tests.statemachine.faults_stories import STORIES
from tests.statemachine.scene import ENDPOINT, FIRST_CONFIG, put_alarm
from tests.statemachine.template import ROOT

from switchover.domain.queueing import Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.statemachine.world import World

_CANARY = STORIES[0]
_PUBLISH = Call("Announce", "AnnounceFunction", "sns", "Publish")
_NOTE = Call("Announce", "AnnounceFunction", "dynamodb", "UpdateItem")


_STATES = (
    "ReceiveRelease", "ClaimEndpoint", "CopyRelease", "ValidateModel", "PlanUpdate", "CreateConfig",
    "EnsureAlarms", "ProtectCapacity", "StartUpdate", "AwaitOutcome", "WakeUpdate", "TestModel",
    "WatchUpdated", "RestoreCapacity", "RecordOutcome", "Announce", "StartQueued",
    "GuardBake",
)  # fmt: skip
_TURNS = 2


def _choose(state: str, turn: int) -> Case:
    """Some of a state's faults, evenly spread over its calls and kinds, and other ones in each state."""
    cases = [
        case
        for case in find_cases((_CANARY,))
        if case.fault.call.state == state and case.fault.call.service
    ]
    by_kind = sorted(cases, key=lambda case: (case.fault.is_for_ever, case.fault.kind))
    return by_kind[(_STATES.index(state) + turn * len(by_kind) // _TURNS) % len(by_kind)]


@pytest.mark.parametrize("turn", range(_TURNS))
@pytest.mark.parametrize("state", _STATES)
def test_whatever_call_fails_the_invariants_hold(state: str, turn: int) -> None:
    case = _choose(state, turn)

    assert run(case).broken == {}, case


@pytest.mark.parametrize("call", [_PUBLISH, _NOTE], ids=["telling", "noting"])
def test_nobody_is_told_twice_because_a_call_failed_once(call: Call) -> None:
    case = Case(_CANARY.name, Fault(call, Kind.THROTTLED, is_for_ever=False))

    assert run(case).broken == {}


def test_every_state_of_a_good_update_is_among_them() -> None:
    assert {call.state for call in find_calls(_CANARY)} == set(_STATES)


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
    denied = Fault(
        Call("AwaitOutcome", "ObserveUpdateFunction", "s", "Get"), Kind.DENIED, is_for_ever=True
    )

    assert denied.meets(Call("AwaitRollback", "ObserveUpdateFunction", "s", "Get"))
    assert not denied.meets(Call("AwaitOutcome", "ObserveUpdateFunction", "s", "Put"))


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
    before = broken_by(world, _CANARY)

    spoil(world)

    assert before == {}
    assert invariant in broken_by(world, _CANARY)


def test_only_what_nobody_could_keep_is_excused() -> None:
    once = Fault(_PUBLISH, Kind.THROTTLED, is_for_ever=False)
    lost = Fault(_PUBLISH, Kind.LOST_ANSWER, is_for_ever=False)
    denied = Fault(_PUBLISH, Kind.DENIED, is_for_ever=True)

    assert excused_by(once, _CANARY) == set()
    assert excused_by(lost, _CANARY) == {"told once"}
    assert excused_by(denied, _CANARY) == {"told", "told once"}


def test_the_docs_name_every_excuse_and_no_other() -> None:
    text = (ROOT / "docs" / "faults.md").read_text("utf-8")
    _, _, rest = text.partition("## What can't hold\n")
    rows = [line.split(" | ") for line in rest.partition("\n\nEverything")[0].splitlines()[3:]]

    told = {row[0].removeprefix("| "): frozenset(row[1].split(", ")) for row in rows}

    assert told == tell_excuses()


def _tapped(world: World, kind: Kind) -> tuple[list[str], Tap]:
    world.lambdas.running = ("AnnounceFunction", {})
    return [], Tap(world, Fault(_PUBLISH, kind, is_for_ever=False))
