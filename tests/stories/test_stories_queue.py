"""Several releases for one endpoint: one update at a time, the others wait or give way, none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import assert_nothing_left_behind, codes
from tests.support.scene import ENDPOINT
from tests.support.walker import Status

from switchover.domain.marks import Mark, Pin
from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.walker import Execution
    from tests.support.world import World

_CLEAN_UP_GIVES_UP_SECONDS = 200  # its event is tried three times; nobody else has looked by then
_QUICK = "strategy: all-at-once\n"


@pytest.fixture(name="world")
def quick_world(make_world: MakeWorld) -> World:
    """Updates of a few minutes, as several of them run in a story."""
    world = make_world(requests_per_second=0.1)
    world.put_policy(_QUICK)
    return world


def outcomes(world: World) -> dict[str, str]:
    """How each version ended."""
    return {
        update.version: update.outcome.value if update.outcome else "none"
        for update in world.ledger.history(ENDPOINT)
    }


def assert_at_rest(world: World) -> None:
    """Nobody waits, nobody holds the endpoint, nothing was dropped."""
    assert world.queue.entries(ENDPOINT) == ()
    assert world.ledger.claim(ENDPOINT) is None
    assert world.lambdas.dead_letters == []
    assert world.lambdas.errors == []
    assert world.capacity() == world.capacity_before


def offer_during(world: World, *versions: str) -> Execution:
    """Upload releases while an update to v2 runs; returns its execution."""
    world.offer("v2")
    first = world.run_to("AwaitOutcome")
    for version in versions:
        world.clock.advance(2)
        world.offer(version)
    return first


def test_a_release_that_comes_during_an_update_waits_for_it(world: World) -> None:
    first = offer_during(world, "v3")
    world.clock.advance(10)
    waiting = world.update(world.executions[1])
    assert waiting.outcome is Outcome.QUEUED
    assert first.name in waiting.summary

    end = world.run()

    assert outcomes(world) == {"v2": "Updated", "v3": "Updated"}
    assert first.ended_at is not None
    assert end.ended_at is not None
    assert end.ended_at > first.ended_at
    assert_nothing_left_behind(world, end)
    assert_at_rest(world)
    assert world.messages() == ["Queued: vlm v3", "Updated: vlm v2", "Updated: vlm v3"]


def test_only_the_newest_of_those_who_wait_is_started(world: World) -> None:
    offer_during(world, "v3", "v4")

    end = world.run()

    assert outcomes(world) == {"v2": "Updated", "v3": "Superseded", "v4": "Updated"}
    superseded = world.update(world.executions[1])
    assert codes(superseded) == ["queue.superseded"]
    assert "vlm-v4" in superseded.summary
    assert_nothing_left_behind(world, end)
    assert_at_rest(world)


def test_a_superseded_release_is_told_at_once_not_when_its_turn_comes(world: World) -> None:
    first = offer_during(world, "v3", "v4")

    world.clock.advance(30)

    assert first.status is Status.RUNNING
    assert outcomes(world)["v3"] == "Superseded"


def test_each_gets_its_turn_if_the_policy_says_queue(world: World) -> None:
    world.put_policy(f"{_QUICK}when_busy: queue")
    offer_during(world, "v3", "v4")

    world.run()

    assert outcomes(world) == {"v2": "Updated", "v3": "Updated", "v4": "Updated"}
    assert world.update(world.executions[-1]).version == "v4"
    assert_at_rest(world)


def test_the_second_is_turned_away_if_the_policy_says_reject(world: World) -> None:
    world.put_policy(f"{_QUICK}when_busy: reject")
    first = offer_during(world, "v3")

    world.run()

    assert outcomes(world) == {"v2": "Updated", "v3": "Rejected"}
    refused = world.update(world.executions[1])
    assert codes(refused) == ["claim.held"]
    assert first.name in refused.summary
    assert_at_rest(world)


def test_a_rollback_is_not_queued_behind_an_update(world: World) -> None:
    offer_during(world)
    back = world.start("back", rollback=ENDPOINT)

    world.run()

    assert codes(world.update(back)) == ["claim.held"]
    assert_at_rest(world)


def test_of_two_releases_in_the_same_moment_the_later_name_is_served_last(world: World) -> None:
    world.offer("v2")
    world.offer("v3")

    world.run()

    assert outcomes(world)["v3"] == "Updated"
    assert outcomes(world)["v2"] in {"Updated", "Superseded"}
    assert_at_rest(world)


def test_a_release_that_is_told_of_late_does_not_go_over_a_newer_one(world: World) -> None:
    late = world.offer("v2", is_told=False)
    world.clock.advance(5)
    world.offer("v3")
    world.run()
    world.outlets.emit(late)

    world.run()

    assert outcomes(world) == {"v2": "Superseded", "v3": "Updated"}
    assert_at_rest(world)


def test_an_older_version_asked_for_by_name_is_started(world: World) -> None:
    world.offer("v2")
    world.run()
    world.offer("v3")
    world.run()

    world.start("again", release=f"s3://{world.bucket}/releases/vlm/v2/release.json")
    world.run()

    again = world.update(world.executions[-1])
    assert (again.version, again.outcome) == ("v2", Outcome.UPDATED)
    assert world.serving == again.planned.target.config
    assert_at_rest(world)


@pytest.mark.parametrize("policy", ["supersede", "queue"])
def test_the_claim_of_a_dead_execution_is_cleaned_up_before_the_next_begins(
    world: World, policy: str
) -> None:
    world.put_policy(f"{_QUICK}when_busy: {policy}")
    world.crash("CleanUp", times=1000)
    world.offer("v2")
    dead = world.run_to("AwaitOutcome")
    world.stepfunctions.stop_execution(executionArn=dead.arn)
    world.clock.advance(_CLEAN_UP_GIVES_UP_SECONDS)
    assert world.ledger.claim(ENDPOINT) is not None
    world.lambdas.dead_letters.clear()
    world.lambdas.crashes["CleanUp"].clear()
    world.offer("v3")

    end = world.run()

    assert outcomes(world) == {"v2": "RolledBack", "v3": "Updated"}
    assert_nothing_left_behind(world, end)
    assert_at_rest(world)


def test_two_recoveries_of_one_update_do_not_both_act(world: World) -> None:
    world.offer("v2")
    stopped = world.run_to("AwaitOutcome")
    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    ways = [world.start(f"way-{n}", recover=stopped.name) for n in range(3)]

    world.run()

    assert max(way.state for way in (*ways, world.executions[-1])) == "RolledBack"
    assert sum("RollBack" in execution.path for execution in world.executions) == 1
    assert_nothing_left_behind(world, stopped)


def test_a_recovery_of_an_update_that_runs_touches_nothing(world: World) -> None:
    world.offer("v2")
    running = world.run_to("AwaitOutcome")
    meddler = world.start("meddler", recover=running.name)

    world.run()

    assert meddler.state == "Repeated"
    assert meddler.path == ["ClaimEndpoint", "IsClaimed", "Repeated"]
    assert outcomes(world) == {"v2": "Updated"}


def test_a_lost_event_of_the_end_is_made_up_for_by_a_schedule(world: World) -> None:
    offer_during(world, "v3")
    world.clock.advance(30)
    world.crash("StartQueued", times=3)  # EventBridge gives up after three tries
    world.run()
    world.lambdas.dead_letters.clear()

    world.clock.advance(1200)
    world.run()

    assert outcomes(world) == {"v2": "Updated", "v3": "Updated"}
    assert_at_rest(world)


def test_without_any_schedule_the_end_of_an_update_is_enough(world: World) -> None:
    world.scheduler.is_deaf = True
    offer_during(world, "v3")

    world.run()

    assert outcomes(world) == {"v2": "Updated", "v3": "Updated"}
    assert_at_rest(world)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("state", ["ClaimEndpoint", "RecordOutcome", "Announce", "StartQueued"])
def test_a_passing_crash_while_waiting_loses_nobody(
    world: World, state: str, *, after: bool
) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.crash(state, times=2, after=after)
    world.offer("v3")

    world.run()

    assert outcomes(world) == {"v2": "Updated", "v3": "Updated"}
    assert_at_rest(world)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("state", ["ClaimEndpoint", "RecordOutcome", "Announce"])
def test_a_lasting_crash_while_waiting_ends_it_and_frees_the_queue(
    world: World, state: str, *, after: bool
) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.crash(state, times=4, after=after)
    world.offer("v3")
    world.run()
    world.clock.advance(1200)

    world.run()

    ended = outcomes(world)
    assert ended["v2"] == "Updated"
    assert ended["v3"] in {"Updated", "Rejected"}
    assert world.queue.entries(ENDPOINT) == ()
    assert world.ledger.claim(ENDPOINT) is None


@pytest.mark.parametrize(
    "state", ["ClaimEndpoint", "IsClaimed", "RestoreCapacity", "RecordOutcome"]
)
def test_an_execution_stopped_on_its_way_into_the_queue_leaves_nothing(
    world: World, state: str
) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.offer("v3")
    stopped = world.run_to(state, execution=1)
    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()
    world.clock.advance(1200)

    world.run()

    assert outcomes(world)["v2"] == "Updated"
    assert_at_rest(world)


@pytest.mark.parametrize("state", ["ClaimEndpoint", "IsInPlace", "Announce"])
def test_the_execution_that_takes_up_a_waiting_update_may_be_stopped_too(
    world: World, state: str
) -> None:
    offer_during(world, "v3")
    stopped = world.run_to(state, execution=2)
    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()
    world.clock.advance(1200)

    world.run()

    assert outcomes(world)["v3"] in {"Updated", "Rejected"}
    assert_at_rest(world)


def test_a_person_takes_an_update_out_of_the_queue(world: World) -> None:
    offer_during(world, "v3")
    world.clock.advance(30)
    waiting = world.executions[1]
    world.start("no", cancel=waiting.name, reason="wrong tokenizer")

    world.run()

    cancelled = world.update(waiting)
    assert outcomes(world) == {"v2": "Updated", "v3": "Rejected"}
    assert codes(cancelled) == ["queue.cancelled"]
    assert "wrong tokenizer" in cancelled.summary
    assert_at_rest(world)


def test_an_update_that_runs_can_not_be_cancelled(world: World) -> None:
    running = offer_during(world)
    no = world.start("no", cancel=running.name)

    world.run()

    assert no.state == "Repeated"
    assert outcomes(world) == {"v2": "Updated"}


def test_a_release_that_was_rolled_back_is_not_started_again_by_an_upload(world: World) -> None:
    world.put_policy("strategy: canary")
    world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=0.7))
    world.offer("v2")
    world.run()
    assert outcomes(world) == {"v2": "RolledBack"}
    world.offer("v2", start="now")

    end = world.run()

    assert codes(world.update(end)) == ["release.marked-bad"]
    assert "by name" in world.update(end).reasons[0].remedy


def test_a_version_marked_bad_is_started_by_name(world: World) -> None:
    world.wishes.add_mark(Mark(endpoint=ENDPOINT, version="v2", reason="bad", at=world.clock.now()))
    world.offer("v2")
    assert codes(world.update(world.run())) == ["release.marked-bad"]

    world.start("by-name", release=f"s3://{world.bucket}/releases/vlm/v2/release.json")

    assert world.update(world.run()).outcome is Outcome.UPDATED


def test_a_pinned_endpoint_takes_no_other_version(world: World) -> None:
    world.wishes.set_pin(Pin(endpoint=ENDPOINT, version="v1", reason="audit", at=world.clock.now()))
    world.offer("v2")

    end = world.run()

    assert codes(world.update(end)) == ["endpoint.pinned"]


def test_a_crash_of_ours_is_no_mark_on_the_release(world: World) -> None:
    world.crash("TestModel", times=4)
    world.offer("v2")

    world.run()

    assert outcomes(world) == {"v2": "RolledBack"}
    assert world.wishes.mark(ENDPOINT, "v2") is None
