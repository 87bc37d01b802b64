"""Releases that wait for a time: windows, named times, freezes; updates that would not end in time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import codes
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

_QUICK = "strategy: all-at-once\n"
_NIGHT = f'{_QUICK}window: {{from: "22:00", to: "02:00", timezone: UTC}}\n'
_OPENS = datetime(2026, 3, 2, 22, tzinfo=UTC)


@pytest.fixture(name="world")
def quick_world(make_world: MakeWorld) -> World:
    """About 10 o'clock on a Monday in UTC."""
    world = make_world(requests_per_second=0.1)
    world.put_policy(_QUICK)
    return world


def run_past(world: World, at: datetime) -> None:
    world.clock.advance((at - world.clock.now()).total_seconds())
    world.run()


def assert_nobody_waits(world: World) -> None:
    assert world.queue.entries(ENDPOINT) == ()
    assert world.ledger.claim(ENDPOINT) is None
    assert world.scheduler.schedules == {}
    assert world.lambdas.dead_letters == []


def test_a_low_peak_release_starts_when_its_window_opens(world: World) -> None:
    world.put_policy(_NIGHT)
    world.offer("v2", start="low-peak")
    world.run()
    waits = world.update()
    assert waits.outcome is Outcome.QUEUED
    assert "2026-03-02 22:00" in waits.summary
    assert list(world.scheduler.schedules.values()) == [_OPENS]

    run_past(world, _OPENS)

    assert world.update().outcome is Outcome.UPDATED
    started = world.executions[1].started_at
    assert timedelta(0) <= started - _OPENS < timedelta(minutes=1)
    assert_nobody_waits(world)


def test_a_release_that_names_a_time_starts_then(world: World) -> None:
    wished = world.clock.now() + timedelta(hours=3)
    world.offer("v2", start=wished.isoformat())

    run_past(world, wished)

    assert world.update().outcome is Outcome.UPDATED
    assert world.executions[1].started_at >= wished
    assert_nobody_waits(world)


def test_a_newer_release_takes_the_place_of_one_that_waits_for_its_window(world: World) -> None:
    world.put_policy(_NIGHT)
    world.offer("v2", start="low-peak")
    world.clock.advance(60)
    world.offer("v3", start="low-peak")
    world.run()
    assert world.update().outcome is Outcome.SUPERSEDED

    run_past(world, _OPENS)

    assert world.update(world.executions[1]).outcome is Outcome.UPDATED
    assert_nobody_waits(world)


def test_whoever_says_now_and_why_does_not_wait(world: World) -> None:
    world.put_policy(_NIGHT)
    world.offer("v2", start="low-peak", is_told=False)
    uri = f"s3://{world.bucket}/releases/vlm/v2/release.json"
    world.start("now", release=uri, now=True, reason="security fix")

    world.run()

    done = world.update()
    assert done.outcome is Outcome.UPDATED
    assert done.request is not None
    assert done.request.reason == "security fix"


def test_whoever_says_now_and_not_why_is_refused(world: World) -> None:
    world.offer("v2", is_told=False)
    uri = f"s3://{world.bucket}/releases/vlm/v2/release.json"
    world.start("now", release=uri, now=True)

    world.run()

    assert codes(world.update()) == ["input.invalid"]


def test_a_freeze_holds_a_release_until_it_is_over(world: World) -> None:
    world.put_policy(
        f"{_QUICK}freezes: [{{from: 2026-03-02T00:00:00Z, to: 2026-03-02T20:00:00Z, reason: sale}}]"
    )
    world.offer("v2")
    world.run()
    assert "sale" in world.update().summary

    run_past(world, datetime(2026, 3, 2, 20, tzinfo=UTC))

    assert world.update().outcome is Outcome.UPDATED
    assert_nobody_waits(world)


def test_an_update_that_would_not_end_in_its_window_waits_for_the_next(world: World) -> None:
    world.put_policy(_NIGHT)
    late = datetime(2026, 3, 3, 1, 50, tzinfo=UTC)
    world.clock.advance((late - world.clock.now()).total_seconds())
    world.offer("v2", start="low-peak")
    world.run()
    waits = world.update()
    assert waits.outcome is Outcome.QUEUED
    assert "PlanUpdate" in world.executions[0].path
    assert "2026-03-03 22:00" in waits.summary
    assert world.ledger.claim(ENDPOINT) is None
    assert world.traces() == world.traces_before

    run_past(world, datetime(2026, 3, 3, 22, tzinfo=UTC))

    assert world.update().outcome is Outcome.UPDATED
    assert_nobody_waits(world)


def test_low_peak_without_a_window_is_refused(world: World) -> None:
    world.offer("v2", start="low-peak")

    world.run()

    assert codes(world.update()) == ["start.no-window"]


def test_a_rollback_does_not_wait_for_a_window(world: World) -> None:
    world.offer("v2")
    world.run()
    world.put_policy(_NIGHT)
    back = world.start("back", rollback=ENDPOINT)

    world.run()

    assert world.update(back).outcome is Outcome.UPDATED


def test_a_ring_that_is_lost_is_made_up_for_by_the_next_look_at_all_queues(world: World) -> None:
    world.scheduler.is_deaf = True
    wished = world.clock.now() + timedelta(hours=3)
    world.offer("v2", start=wished.isoformat())
    world.clock.advance((wished - world.clock.now()).total_seconds() - 60)
    assert world.update().outcome is Outcome.QUEUED

    world.clock.advance(60 + 15 * 60)
    world.run()

    assert world.update().outcome is Outcome.UPDATED


def test_a_release_that_is_planned_for_years_ahead_takes_nobodys_place(world: World) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.offer("v3")
    world.clock.advance(2)
    world.offer("v4", start="2030-01-01T00:00:00Z")

    world.run()

    ended = {update.version: update.outcome for update in world.ledger.history(ENDPOINT)}
    assert ended == {"v2": Outcome.UPDATED, "v3": Outcome.UPDATED, "v4": Outcome.QUEUED}
    assert [one.version for one in world.queue.entries(ENDPOINT)] == ["v4"]
    assert "-v3-" in world.serving_model()


def test_once_its_time_has_come_the_newest_takes_the_place(world: World) -> None:
    planned = world.clock.now() + timedelta(hours=2)
    later = world.clock.now() + timedelta(hours=4)
    world.offer("v2", start=later.isoformat())
    world.clock.advance(2)
    world.offer("v3", start=planned.isoformat())

    run_past(world, planned)

    ended = {update.version: update.outcome for update in world.ledger.history(ENDPOINT)}
    assert ended == {"v2": Outcome.SUPERSEDED, "v3": Outcome.UPDATED}
    # What would have woken v2 wakes nobody, and is gone.
    run_past(world, later)
    assert_nobody_waits(world)
