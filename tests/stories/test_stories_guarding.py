"""A bake proves something only if the new fleet got requests: no data is not health."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.support.expectations import assert_nothing_left_behind, codes
from tests.support.lambdas import Crash
from tests.support.scene import ENDPOINT, put_alarm
from tests.support.stand_ins import PassesOn
from tests.support.switch_situations import statuses

from switchover_local.twin.cloudwatch.alarm_rules import StateValue
from switchover_local.twin.scenario import Behaviour, EventFault

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

    from switchover.domain.update.records import GuardCall

ONCE = ("Updating", "InService")
AND_BACK = (*ONCE, *ONCE)
GOLDEN = "tests: {golden: golden/vlm.jsonl}\n"
CANARY = f"strategy: canary\n{GOLDEN}"


@pytest.fixture
def quiet_world(make_world: MakeWorld) -> World:
    """Nobody asks the endpoint anything."""
    return make_world(requests_per_second=0)


def ask_golden(world: World, matches: str = "This is") -> None:
    """Golden requests of which each answer must hold these words."""
    lines = [
        json.dumps({"name": name, "body": {}, "expect": {"matches": matches}})
        for name in ("sign", "menu")
    ]
    world.s3.put_object(Bucket=world.bucket, Key="golden/vlm.jsonl", Body="\n".join(lines).encode())


def looks(world: World) -> int:
    """How often guards looked."""
    return len([name for name, _ in world.lambdas.calls if name == "GuardBakeFunction"])


def timeline(world: World) -> list[str]:
    """What the guards told."""
    moments = world.ledger.timeline(world.update().update_id)
    return [moment.text for moment in moments if moment.state == "GuardBake"]


def guard_of(world: World) -> GuardCall | None:
    """The guard that the ledger knows of."""
    return world.update().guard


def answered_per_minute(world: World, config: str) -> list[float]:
    """How many requests a config's fleet was asked, minute by minute."""
    found = world.cloudwatch.get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="Invocations",
        Dimensions=[
            {"Name": "EndpointName", "Value": ENDPOINT},
            {"Name": "VariantName", "Value": "AllTraffic"},
            {"Name": "EndpointConfigName", "Value": config},
        ],
        StartTime=world.executions[0].started_at,
        EndTime=world.clock.now(),
        Period=60,
        Statistics=["Sum"],
    )
    return [point["Sum"] for point in found["Datapoints"]]


# Enough traffic, or made enough


def test_where_traffic_flows_no_golden_requests_are_sent(make_world: MakeWorld) -> None:
    """Metrics come a minute late: the guard's first look waits for them."""
    world = make_world(requests_per_second=5)
    world.put_policy(CANARY)
    ask_golden(world)
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert (len(world.guards), looks(world)) == (1, 1)
    (told,) = timeline(world)
    assert re.fullmatch(r"The new fleet answered \d+ requests\.", told)


def test_a_bake_too_short_to_wait_for_metrics_is_asked_at_once(quiet_world: World) -> None:
    quiet_world.put_policy(f"{CANARY}canary: {{bake_seconds: 260}}")
    ask_golden(quiet_world)
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "Updated"
    (guard,) = quiet_world.guards
    assert guard.entered_at[guard.path.index("GuardBake")] == guard.started_at
    assert quiet_world.update().guard.has_seen_enough  # type: ignore[union-attr]


def test_a_quiet_canary_is_asked_golden_requests(quiet_world: World) -> None:
    quiet_world.put_policy(CANARY)
    ask_golden(quiet_world)
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "Updated"
    update = assert_nothing_left_behind(quiet_world)
    assert update.guard is not None
    assert update.guard.has_seen_enough
    (told,) = timeline(quiet_world)
    assert "golden requests as traffic" in told


@pytest.mark.parametrize("failures", [0, 2])
def test_no_more_are_asked_than_the_policy_lets(quiet_world: World, failures: int) -> None:
    """Nor does a look ask again that is repeated, because nobody heard that it had ended."""
    quiet_world.lambdas.crashes["GuardBake"] += [
        Crash(times=1, after=True) for _ in range(failures)
    ]
    quiet_world.put_policy(f"{CANARY}guard: {{probes_per_minute: 12, min_requests: 1000}}")
    ask_golden(quiet_world)
    quiet_world.offer()
    quiet_world.run_to("RequestPromotion")

    asked = answered_per_minute(quiet_world, "vlm-v1")

    assert asked
    assert max(asked) <= 12


# Too little


def test_silence_is_inconclusive_and_a_person_decides(quiet_world: World) -> None:
    quiet_world.put_policy("strategy: canary")
    quiet_world.offer()

    quiet_world.run_to("RequestPromotion")

    assert "bake.inconclusive" in json.dumps(quiet_world.executions[0].variables["ending"])
    # A canary has two bakes, and a look decides each.
    assert (len(quiet_world.guards), looks(quiet_world)) == (2, 2)
    assert any("proves nothing" in told for told in timeline(quiet_world))
    assert statuses(quiet_world) == ONCE


def test_silence_turns_back_before_the_bake_is_over_if_the_policy_says_so(
    quiet_world: World,
) -> None:
    quiet_world.put_policy("strategy: canary\nguard: {inconclusive: roll-back}")
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(quiet_world)
    assert codes(update) == ["bake.inconclusive"]
    assert statuses(quiet_world) == ONCE
    assert update.progress.settled_at is None


def test_a_lost_guard_does_not_make_silence_health(quiet_world: World) -> None:
    """None ever starts; the last test counts for itself."""
    quiet_world.stand_ins["stepfunctions"] = _StartsNoGuard(quiet_world.stepfunctions)
    quiet_world.put_policy("strategy: canary\nguard: {inconclusive: roll-back}")
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "RolledBack"
    assert "bake.inconclusive" in codes(assert_nothing_left_behind(quiet_world))
    assert quiet_world.guards == []


def test_whoever_asks_for_no_requests_gets_no_guard(quiet_world: World) -> None:
    quiet_world.put_policy("strategy: canary\nguard: {min_requests: 0}")
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(quiet_world)
    assert quiet_world.guards == []


# Bad, and nobody there to notice


def test_a_failing_model_is_caught_by_what_the_guard_asks(quiet_world: World) -> None:
    quiet_world.put_policy(CANARY)
    ask_golden(quiet_world)
    quiet_world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=1))
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(quiet_world)
    assert {"alarm.went-red", "golden.failed"} & set(codes(update))
    assert statuses(quiet_world) == ONCE


@pytest.mark.parametrize("policy", [CANARY, CANARY.replace("canary", "all-at-once")])
def test_wrong_answers_turn_back_in_the_bake(quiet_world: World, policy: str) -> None:
    quiet_world.put_policy(f"{policy}guard: {{min_requests: 500}}")
    ask_golden(quiet_world)
    quiet_world.twin.set_behaviour("*/v2/", Behaviour(reply="I am somebody else"))
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(quiet_world)
    assert set(codes(update)) == {"golden.failed"}
    assert statuses(quiet_world) == ONCE


def test_what_only_the_new_model_knows_is_not_held_against_it(quiet_world: World) -> None:
    quiet_world.put_policy(CANARY)
    ask_golden(quiet_world, matches="I can read now")
    quiet_world.twin.set_behaviour("*/v2/", Behaviour(reply="I can read now"))
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(quiet_world)


# Wake-ups that come twice, late or never


def test_doubled_wake_ups_call_one_guard(quiet_world: World) -> None:
    quiet_world.twin.inject(EventFault(effect="doubled", times=500))
    quiet_world.put_policy(CANARY)
    ask_golden(quiet_world)
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(quiet_world)
    assert len(quiet_world.guards) == 1


@dataclass
class _StartsNoGuard(PassesOn):
    """Step Functions, which loses the guards that it should start."""

    def start_execution(self, **asked: Any) -> dict[str, Any]:
        if asked["stateMachineArn"].endswith("-guard"):
            return {}
        started: dict[str, Any] = self.client.start_execution(**asked)
        return started


@dataclass
class _RefusesAGuard(PassesOn):
    """Step Functions, which fails when the first guard is started."""

    refused: int = 0

    def start_execution(self, **asked: Any) -> dict[str, Any]:
        if asked["stateMachineArn"].endswith("-guard") and not self.refused:
            self.refused += 1
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "StartExecution")
        started: dict[str, Any] = self.client.start_execution(**asked)
        return started


def test_a_guard_that_did_not_start_is_called_by_the_next_look(quiet_world: World) -> None:
    quiet_world.stand_ins["stepfunctions"] = _RefusesAGuard(quiet_world.stepfunctions)
    quiet_world.put_policy(f"{CANARY}canary: {{bake_seconds: 30m}}")
    ask_golden(quiet_world)
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(quiet_world)
    assert len(quiet_world.guards) == 1


@dataclass
class _FailsOnce(PassesOn):
    """CloudWatch, which fails the second time that it is asked for metrics."""

    asked: int = 0

    def get_paginator(self, name: str) -> Any:
        is_metrics = name == "get_metric_data"
        self.asked += is_metrics
        if is_metrics and self.asked == 2:
            raise ClientError({"Error": {"Code": "InternalServiceFault"}}, "GetMetricData")
        return self.client.get_paginator(name)


def test_a_guard_that_fails_comes_again(quiet_world: World) -> None:
    quiet_world.stand_ins["cloudwatch"] = _FailsOnce(quiet_world.client("cloudwatch"))
    quiet_world.put_policy(f"strategy: all-at-once\n{GOLDEN}termination_wait_seconds: 30m")
    ask_golden(quiet_world)
    quiet_world.offer()

    end = quiet_world.run()

    assert end.state == "Updated"
    guard = quiet_world.update().guard
    assert guard is not None
    assert guard.has_seen_enough


@pytest.mark.parametrize("after", [False, True])
def test_a_guard_that_breaks_off_tells_its_end_once(quiet_world: World, *, after: bool) -> None:
    """At the one look that decides the first of two bakes."""
    quiet_world.crash("GuardBake", times=1, after=after)
    quiet_world.put_policy("strategy: canary")
    quiet_world.offer()

    quiet_world.run_to("RequestPromotion")

    assert looks(quiet_world) == 3
    assert len(timeline(quiet_world)) == 2


def test_a_guard_of_an_earlier_version_is_relieved_by_the_state_machine(
    quiet_world: World,
) -> None:
    """It stood in its function, and called the next function when its time was over."""
    quiet_world.stand_ins["stepfunctions"] = _StartsNoGuard(quiet_world.stepfunctions)
    quiet_world.put_policy(f"{CANARY}canary: {{bake_seconds: 30m}}")
    ask_golden(quiet_world)
    quiet_world.offer()
    quiet_world.run_to("AwaitOutcome")
    assert quiet_world.clock.run_until(lambda: guard_of(quiet_world) is not None, 4 * 3600)
    called = guard_of(quiet_world)
    assert called is not None
    del quiet_world.stand_ins["stepfunctions"]
    relief = {
        "update_id": quiet_world.update().update_id,
        "bake_since": called.bake_since.isoformat(),
    }
    quiet_world.lambdas.deliver("GuardBakeFunction", relief)
    quiet_world.lambdas.deliver("GuardBakeFunction", relief)

    end = quiet_world.run()

    assert end.state == "Updated"
    assert len(quiet_world.guards) == 1
    assert len(timeline(quiet_world)) == 1


def test_a_bake_costs_no_more_transitions_the_longer_it_lasts(quiet_world: World) -> None:
    quiet_world.put_policy("strategy: canary\ncanary: {bake_seconds: 1h}")
    quiet_world.offer()

    quiet_world.run_to("RequestPromotion")

    once = ["AwaitTraffic", "GuardBake", "IsOver", "Guarded"]
    assert [guard.path for guard in quiet_world.guards] == [once, once]


# More alarms than SageMaker takes


def _put_alarms(world: World, count: int) -> list[str]:
    names = [f"business-{number}" for number in range(count)]
    for name in names:
        put_alarm(world, name)
    return names


@pytest.mark.parametrize("red", [0, 7], ids=["watched-by-sagemaker", "watched-by-us"])
def test_each_of_a_dozen_alarms_turns_the_update_back(world: World, red: int) -> None:
    names = _put_alarms(world, 8)
    world.put_policy(
        f"strategy: canary\ncanary: {{bake_seconds: 20m}}\nalarms: {{also: [{', '.join(names)}]}}"
    )
    world.offer()
    assert world.clock.run_until(lambda: len(world.guards) == 1, 4 * 3600)
    world.twin.alarms.set_state(names[red], StateValue.ALARM, "refunds everywhere")

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert statuses(world) == ONCE
    assert f"alarm {names[red]}" in [reason.subject for reason in update.reasons]
    sent = world.describe()["LastDeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]
    assert len(sent) == 10
    assert update.planned.alarms.abort == sent[0]["AlarmName"]
