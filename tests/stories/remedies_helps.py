"""Checks of a printed command's effect, and set-up that several situations share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.stories.test_stories_unreadable import damage
from tests.support.offering import checkpoint
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.stories.remedies import Desk
    from tests.support.world import World

    from switchover.domain.update.update import Update


def serves_first(world: World) -> bool:
    return world.serving == FIRST_CONFIG


def last_is_updated(world: World) -> bool:
    world.run()
    return world.update(world.executions[-1]).outcome is Outcome.UPDATED


def nothing_holds(world: World) -> bool:
    world.run()
    world.clock.advance(6 * 3600)
    return world.ledger.claim(ENDPOINT) is None


def write_model_folder(desk: Desk) -> str:
    folder = desk.folder / "small"
    folder.mkdir(exist_ok=True)
    for path, content in checkpoint().items():
        (folder / path).write_bytes(content)
    return str(folder)


def lose_a_running_record(desk: Desk) -> None:
    desk.world.crash("CleanUp", times=10_000)
    desk.world.crash("StartQueued", times=10_000)
    desk.world.offer("v2")
    running = desk.world.run_to("AwaitOutcome")
    damage(desk.world, running.name)


def lose_a_stopped_record(desk: Desk) -> None:
    lose_a_running_record(desk)
    desk.world.executions[0].abort()
    desk.world.clock.advance(3600)


ASKS = "strategy: all-at-once\napproval: {required: true}"


def serves_v2(world: World) -> bool:
    world.run()
    return "-v2-" in world.serving


def is_rejected(world: World) -> bool:
    world.run()
    return world.update().outcome is Outcome.REJECTED


def remedies_of(update: Update) -> str:
    return " ".join(reason.remedy for reason in update.reasons)


def message_of(world: World) -> str:
    return str(world.outlets.messages[-1]["Message"])


def in_flight(desk: Desk) -> None:
    desk.world.offer("v2")
    desk.world.run_to("AwaitOutcome")
