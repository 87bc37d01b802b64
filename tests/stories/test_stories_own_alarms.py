"""People's own alarms wake the update that watches them, wherever it waits; other alarms wake none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import assert_nothing_left_behind, codes
from tests.support.scene import ENDPOINT, FIRST_CONFIG, put_alarm
from tests.support.switch_situations import run_to_bake

from switchover.domain.outcome import Outcome
from switchover_local.twin.cloudwatch.alarm_rules import StateValue
from switchover_local.twin.scenario import EventFault

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World

OTHER = "voice"
POLL_SECONDS = 300
# EventBridge delivers within one of the world's seconds; the rest is the look and its answer.
AT_ONCE_SECONDS = 2


def offer(world: World, policy: str, alarms: list[str]) -> None:
    """Offer v2 to an endpoint whose policy names alarms of its team's."""
    for name in alarms:
        put_alarm(world, name)
    world.put_policy(f"{policy}\nalarms: {{also: [{', '.join(alarms)}]}}")
    world.offer()


def bake_with_seven(world: World) -> None:
    """The seventh is one more than SageMaker takes."""
    six = [f"business-{number}" for number in range(6)]
    offer(world, "strategy: canary\ncanary: {bake_seconds: 20m}", [*six, "refunds"])
    run_to_bake(world)


def ask_for_promotion(world: World) -> None:
    offer(world, "approval: {promotion: true}", ["refunds"])
    world.run_to("RequestPromotion")


def watch(world: World) -> None:
    offer(world, "watch_seconds: 1h", ["refunds"])
    world.run_to("WatchUpdated")


def turn_red(world: World, name: str = "refunds") -> None:
    """Some time after whatever happened last, so that nothing else wakes anybody."""
    world.clock.advance(130)
    world.twin.alarms.set_state(name, StateValue.ALARM, "refunds everywhere")


def wake_ups(world: World) -> int:
    """How often an event woke somebody, or tried to."""
    return [name for name, _ in world.lambdas.calls].count("WakeUpdateFunction")


def seconds_until_rollback(world: World) -> float:
    """How long after the alarm the update turned back; lets it come to its end."""
    red_at = world.clock.now()
    end = world.run()
    assert end.state == "RolledBack"
    return (end.entered_at[end.path.index("RollBack")] - red_at).total_seconds()


WAITS = pytest.mark.parametrize("wait", [bake_with_seven, ask_for_promotion, watch])


@WAITS
def test_an_own_alarm_turns_the_update_back_at_once(
    world: World, wait: Callable[[World], None]
) -> None:
    wait(world)
    turn_red(world)

    assert seconds_until_rollback(world) <= AT_ONCE_SECONDS

    update = assert_nothing_left_behind(world)
    assert set(codes(update)) == {"alarm.went-red"}
    assert "alarm refunds" in [reason.subject for reason in update.reasons]


@pytest.mark.parametrize("wait", [bake_with_seven, watch])
def test_a_lost_event_costs_at_most_one_poll_interval(
    world: World, wait: Callable[[World], None]
) -> None:
    wait(world)
    world.twin.inject(EventFault(effect="lost", times=1))
    turn_red(world)

    assert AT_ONCE_SECONDS < seconds_until_rollback(world) <= POLL_SECONDS

    assert_nothing_left_behind(world)


@WAITS
def test_a_doubled_event_turns_the_update_back_once(
    world: World, wait: Callable[[World], None]
) -> None:
    wait(world)
    world.twin.inject(EventFault(effect="doubled", times=1))
    turn_red(world)

    assert seconds_until_rollback(world) <= AT_ONCE_SECONDS

    assert_nothing_left_behind(world)
    assert world.executions[0].path.count("RecordOutcome") == 1


def test_a_composite_alarm_wakes_by_its_own_name_and_its_parts_do_not(world: World) -> None:
    for name in ("refunds", "complaints"):
        put_alarm(world, name)
    world.cloudwatch.put_composite_alarm(
        AlarmName="shop", AlarmRule='ALARM("refunds") AND ALARM("complaints")'
    )
    world.put_policy("approval: {promotion: true}\nalarms: {also: [shop]}")
    world.offer()
    world.run_to("RequestPromotion")
    turn_red(world)
    world.clock.advance(3600)
    assert world.executions[0].state == "RequestPromotion"

    turn_red(world, "complaints")

    assert seconds_until_rollback(world) <= AT_ONCE_SECONDS
    assert_nothing_left_behind(world)


def test_an_alarm_that_nobody_watches_is_harmless(world: World) -> None:
    put_alarm(world, "gpu-of-the-training-cluster")
    watch(world)
    turn_red(world, "gpu-of-the-training-cluster")

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert world.lambdas.errors == []


def test_an_alarm_that_goes_quiet_invokes_nobody(world: World) -> None:
    watch(world)
    world.clock.advance(130)
    before = wake_ups(world)

    world.twin.alarms.set_state("refunds", StateValue.INSUFFICIENT_DATA, "nothing came in")
    world.twin.alarms.set_state("refunds", StateValue.OK, "all is well")
    world.clock.advance(30)

    assert wake_ups(world) == before


def test_an_alarm_wakes_nobody_when_the_update_is_over(world: World) -> None:
    watch(world)
    world.run()
    transitions = world.executions[0].transitions

    turn_red(world)
    end = world.run()

    assert end.transitions == transitions
    assert world.lambdas.errors == []
    assert assert_nothing_left_behind(world).outcome is Outcome.UPDATED


def test_a_stopped_update_leaves_its_alarms_too(world: World) -> None:
    bake_with_seven(world)

    world.stepfunctions.stop_execution(executionArn=world.executions[0].arn)
    world.run()

    assert_nothing_left_behind(world)


def _bring_up_another(world: World) -> None:
    """A second endpoint, which serves what the first serves."""
    world.sagemaker.create_endpoint(EndpointName=OTHER, EndpointConfigName=FIRST_CONFIG)
    world.clock.advance(1800)


def test_an_alarm_that_two_endpoints_share_turns_both_back(world: World) -> None:
    _bring_up_another(world)
    put_alarm(world, "refunds")
    for endpoint in (ENDPOINT, OTHER):
        world.put_policy(
            "strategy: all-at-once\nwatch_seconds: 1h\nguard: {min_requests: 0}\n"
            "alarms: {also: [refunds]}",
            endpoint,
        )
        world.offer(endpoint=endpoint)
    world.run_to("WatchUpdated", execution=0)
    world.run_to("WatchUpdated", execution=1)

    turn_red(world)
    world.clock.advance(AT_ONCE_SECONDS)

    assert ["RollBack" in execution.path for execution in world.executions] == [True, True]
    world.run()
    assert [execution.state for execution in world.executions] == ["RolledBack", "RolledBack"]
    assert world.watched_alarms.endpoints("refunds") == ()
