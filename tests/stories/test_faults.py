"""A sample of `python -m tests.support.faults`, and a proof that it finds broken invariants."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.support.faults.cases import Case, choose, find_cases
from tests.support.faults.excuses import excused_by, tell_excuses
from tests.support.faults.injected import Call, Tap
from tests.support.faults.invariants import broken_by
from tests.support.faults.kinds import Failure, Kind, LateAct, Storm
from tests.support.faults.people import Outside, Stop
from tests.support.faults.runs import open_world, run, tell
from tests.support.faults.stories import STORIES
from tests.support.scene import ENDPOINT, FIRST_CONFIG, put_alarm
from tests.support.template import ROOT

from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Claim

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.faults.kinds import Fault
    from tests.support.world import World

_CANARY, _TURNED_BACK, *_ = STORIES
_PUBLISH = Call("Announce", "AnnounceFunction", "sns", "Publish")
_NOTE = Call("Announce", "AnnounceFunction", "dynamodb", "UpdateItem")
_START = Call("StartUpdate", "StartUpdateFunction", "sagemaker", "UpdateEndpoint")
_SAMPLE = {"failure": 14, "late": 7, "storm": 6, "stop": 4, "outside": 6, "pair": 5}


@pytest.mark.parametrize(
    ("family", "turn"), [(family, turn) for family, n in _SAMPLE.items() for turn in range(n)]
)
def test_whatever_fails_the_invariants_hold(family: str, turn: int) -> None:
    cases = choose(find_cases(), family=family)
    case = cases[(4 * turn + 1) * len(cases) // (4 * _SAMPLE[family])]

    assert run(case).broken == {}, case.name


@pytest.mark.parametrize("call", [_PUBLISH, _NOTE], ids=["telling", "noting"])
def test_nobody_is_told_twice_because_a_call_failed_once(call: Call) -> None:
    case = Case(_CANARY.name, (Failure(call, Kind.THROTTLED, is_for_ever=False),), step=1)

    assert run(case).broken == {}


def _keep_claim(world: World) -> None:
    claim = Claim(ENDPOINT, "u", "arn", world.clock.now())
    assert world.ledger.take_claim(claim, "~")


def _keep_alarm(world: World) -> None:
    world.cloudwatch.put_metric_alarm(
        AlarmName=world.update().planned.alarms.abort,
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
    world.ledger.save(replace(world.update(), outcome=None))


def _take_back_what_was_confirmed(world: World) -> None:
    world.ledger.save(replace(world.update(), outcome=Outcome.ROLLED_BACK))


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
        (_delete_the_way_back, "rollback possible"),
        (_forget, "recorded"),
        (_take_back_what_was_confirmed, "confirmed stays"),
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


def test_a_stop_that_loses_the_cause_is_seen() -> None:
    with open_world((Stop("Announce"),)) as tap:
        tell(tap.world, _TURNED_BACK)
        before = broken_by(tap, _TURNED_BACK)

        tap.world.ledger.save(replace(tap.world.update(), reasons=()))

        assert before == {}
        assert set(broken_by(tap, _TURNED_BACK)) == {"cause kept"}


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
        (Outside("AwaitOutcome", "previous config deleted"), {"rollback possible"}),
        (Outside("AwaitOutcome", "previous model deleted"), {"rollback possible", "settled"}),
    ],
)
def test_only_what_nobody_could_keep_is_excused(
    world: World, fault: Fault, excused: set[str]
) -> None:
    assert excused_by(Tap(world, (fault,)), _CANARY) == excused


def test_without_its_model_a_redeploy_may_leave_no_endpoint_to_scale(world: World) -> None:
    (redeploy,) = (story for story in STORIES if story.name == "redeploy-fails")
    tap = Tap(world, (Outside("RollBack", "previous model deleted"),))

    assert excused_by(tap, redeploy) == {"rollback possible", "settled", "capacity restored"}


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
