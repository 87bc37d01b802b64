"""Storms of throttling, server errors and missing answers are waited out, and the outcome is true."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import codes
from tests.support.faults.injected import Tap
from tests.support.faults.invariants import broken_by
from tests.support.faults.stories import STORIES
from tests.support.scene import FIRST_CONFIG, INSTANCE_TYPE
from tests.support.storms import counted, throttle

from switchover_local.twin.scenario import (
    Behaviour,
    CallRate,
    LostResponse,
    ServerError,
    Throttling,
)

if TYPE_CHECKING:
    from tests.support.world import World

# Each is one that an update makes again and again.
_CALLS = [
    ("sagemaker", "DescribeEndpoint"),
    ("sagemaker", "UpdateEndpoint"),
    ("cloudwatch", "DescribeAlarms"),
    ("application-autoscaling", "DescribeScalableTargets"),
    ("dynamodb", "GetItem"),
    ("dynamodb", "UpdateItem"),
    ("s3", "GetObject"),
]
_TIMES = [40, 200]
_SHARD = "models/vlm/v2/model-00001-of-00002.safetensors"
_OTHERS = 40
_LATER_SECONDS = 3600
_BY_NAME = {story.name: story for story in STORIES}


def _crowd(world: World) -> None:
    """Bring up other endpoints in the account, of the same instance type."""
    world.twin.change_scenario(quotas={INSTANCE_TYPE: 1000})
    for number in range(_OTHERS):
        world.sagemaker.create_endpoint(
            EndpointName=f"other-{number}", EndpointConfigName=FIRST_CONFIG
        )
    world.clock.advance(1800)


def _assert_well_ended(world: World, story: str = "canary") -> None:
    """Every invariant of the fault matrix holds, and holds still when all that was held back has come.

    Wake-ups and rounds that met the storm may lie among the dead letters: the next ones look again.
    """
    told = world.serving
    world.clock.advance(_LATER_SECONDS)
    assert broken_by(Tap(world), _BY_NAME[story]) == {}
    assert world.serving == told
    assert len(world.executions) == 1


_WHILE_GOING_FORWARD = [
    *(("PlanUpdate", *call) for call in _CALLS),
    *(("AwaitOutcome", *c) for c in _CALLS if c[1] not in {"UpdateEndpoint", "GetObject"}),
]


@pytest.mark.parametrize("times", _TIMES)
@pytest.mark.parametrize(("state", "service", "operation"), _WHILE_GOING_FORWARD)
def test_a_storm_is_waited_out_before_the_start_and_while_sagemaker_moves(
    world: World, state: str, service: str, operation: str, times: int
) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    world.run_to(state)

    with throttle(service, operation, times) as storm:
        end = world.run()

    assert storm.met == times
    assert end.state == "Updated"
    _assert_well_ended(world)


@pytest.mark.parametrize("times", _TIMES)
@pytest.mark.parametrize(
    ("service", "operation"), [call for call in _CALLS if call[1] != "GetObject"]
)
def test_the_way_back_waits_a_storm_out(
    world: World, service: str, operation: str, times: int
) -> None:
    _BY_NAME["answers"].tell(world)
    world.run_to("RollBack")

    with throttle(service, operation, times) as storm:
        end = world.run()

    assert storm.met == times
    assert end.state == "RolledBack"
    _assert_well_ended(world, "answers")


_UPDATE = "UpdateEndpoint"
_FAILS, _IS_LOST = ServerError(operation=_UPDATE), LostResponse(operation=_UPDATE)
_STORM = Throttling(operation=_UPDATE, times=40)
_SEQUENCES = [
    [_FAILS, _IS_LOST, _STORM],
    [_IS_LOST, _STORM],
    [_STORM, _IS_LOST],
    [ServerError(operation=_UPDATE, times=40)],
    [LostResponse(operation=_UPDATE, times=3)],
]


@pytest.mark.parametrize("faults", _SEQUENCES, ids=range(len(_SEQUENCES)))
@pytest.mark.parametrize(
    ("story", "state", "outcome"),
    [
        ("canary", "StartUpdate", "Updated"),
        ("answers", "RollBack", "RolledBack"),
    ],
)
def test_what_sagemaker_did_without_an_answer_is_seen(
    world: World, story: str, state: str, outcome: str, faults: list[Throttling]
) -> None:
    _BY_NAME[story].tell(world)
    world.run_to(state)
    for fault in faults:
        world.twin.inject(fault)

    end = world.run()

    assert end.state == outcome
    _assert_well_ended(world, story)


@pytest.mark.parametrize("operation", ["DeleteEndpoint", "CreateEndpoint"])
@pytest.mark.parametrize(
    ("story", "state", "outcome"),
    [
        ("redeploy", "StartUpdate", "Updated"),
        ("redeploy-fails", "RollBack", "RolledBack"),
    ],
)
def test_a_redeploy_waits_a_storm_out_between_its_halves(
    world: World, story: str, state: str, outcome: str, operation: str
) -> None:
    _BY_NAME[story].tell(world)
    world.run_to(state)
    world.twin.inject(ServerError(operation=operation))
    world.twin.inject(LostResponse(operation=operation))
    world.twin.inject(Throttling(operation=operation, times=40))

    end = world.run()

    assert end.state == outcome
    _assert_well_ended(world, story)


def test_an_update_that_had_to_wait_for_its_start_isnt_overdue_for_that(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    world.run_to("StartUpdate")
    waited_from = world.clock.now()
    world.twin.inject(Throttling(operation=_UPDATE, times=200))

    end = world.run()

    course = world.update().progress.course
    assert course is not None
    assert (course.started_at - waited_from).total_seconds() > _LATER_SECONDS
    assert end.state == "Updated"


def test_what_is_written_over_while_a_storm_is_waited_out_is_not_launched(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    world.run_to("StartUpdate")
    world.twin.inject(Throttling(operation=_UPDATE, times=10))
    world.clock.advance(30)

    world.s3.put_object(Bucket=world.bucket, Key=_SHARD, Body=b"other")
    end = world.run()

    assert end.state == "RolledBack"
    assert "model.changed-since-checked" in codes(world.update())
    assert world.serving == FIRST_CONFIG


def test_planning_asks_once_for_each_endpoint_of_the_account_and_once_for_each_config(
    world: World,
) -> None:
    _crowd(world)
    world.put_policy("strategy: canary")
    world.offer()
    world.run_to("PlanUpdate")

    with counted("sagemaker") as calls:
        world.run_to("IsPlanned")

    assert calls["DescribeEndpoint"] <= _OTHERS + 1
    assert (calls["DescribeEndpointConfig"], calls["ListEndpoints"]) == (2, 1)


def test_planning_asks_about_no_other_endpoint_where_no_instance_is_added(world: World) -> None:
    _crowd(world)
    world.put_policy("strategy: redeploy\nallow_downtime: true")
    world.offer()
    world.run_to("PlanUpdate")

    with counted("sagemaker") as calls, counted("service-quotas") as quotas:
        world.run_to("IsPlanned")

    assert (calls["DescribeEndpoint"], calls["ListEndpoints"], quotas.total()) == (1, 0, 0)


def test_a_plan_whose_count_a_storm_ends_says_so_and_goes_on(world: World) -> None:
    _crowd(world)
    world.put_policy("strategy: canary")
    world.offer()
    world.run_to("PlanUpdate")
    world.twin.change_scenario(call_rates={"DescribeEndpoint": CallRate(per_second=0.01, burst=15)})

    end = world.run_to("IsPlanned")

    checks = world.update().found.preflight.checks
    [quota] = [check for check in checks if check.name == "quota.headroom"]
    assert "at least 28 used by 14 other endpoints (14 of 40 could be seen" in quota.evidence
    assert end.path[-1] == "IsPlanned"


@pytest.mark.parametrize("per_second", [0.02, 0.2, 2])
def test_an_account_whose_calls_are_rationed_updates_all_the_same(
    world: World, per_second: float
) -> None:
    _crowd(world)
    world.put_policy("strategy: canary")
    rate = CallRate(per_second=per_second, burst=5)
    operations = ("DescribeEndpoint", "DescribeEndpointConfig", "DescribeAlarms", "UpdateEndpoint")
    world.twin.change_scenario(call_rates=dict.fromkeys(operations, rate))
    world.offer()

    end = world.run()

    world.twin.change_scenario(call_rates={})
    assert end.state == "Updated"
    _assert_well_ended(world)


def test_an_account_that_may_put_fewer_alarms_a_second_than_an_update_has_updates_all_the_same(
    world: World,
) -> None:
    rate = CallRate(per_second=3, burst=3)
    world.twin.change_scenario(call_rates={"PutMetricAlarm": rate})
    world.offer()

    end = world.run()

    world.twin.change_scenario(call_rates={})
    assert end.state == "Updated"
    _assert_well_ended(world)


def test_an_account_whose_calls_are_rationed_turns_back_all_the_same(world: World) -> None:
    world.put_policy("strategy: canary")
    world.twin.set_behaviour("*/v2/", Behaviour(latency_us=20_000_000))
    rate = CallRate(per_second=0.05, burst=3)
    operations = ("DescribeEndpoint", "DescribeAlarms", "SetAlarmState", "UpdateEndpoint")
    world.twin.change_scenario(call_rates=dict.fromkeys(operations, rate))
    world.offer()

    end = world.run()

    world.twin.change_scenario(call_rates={})
    assert end.state == "RolledBack"
    _assert_well_ended(world)
