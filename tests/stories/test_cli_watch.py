"""`switchover watch` right after an upload, and for an endpoint without any release."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.laptop import deployment_of, sit_down

from switchover_cli.app import main
from switchover_cli.exits import ExitCode
from switchover_cli.start.offered import await_offer, find_offer

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World


@pytest.fixture
def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """Nothing was offered yet."""
    made = make_world()
    sit_down(made, monkeypatch)
    return made


def test_what_was_offered_just_now_is_waited_for(world: World) -> None:
    event = world.offer(is_told=False)
    deployment = deployment_of(world)
    offer = find_offer(deployment, "vlm")
    assert offer is not None

    def arrive(seconds: float) -> None:
        world.outlets.emit(event)
        world.clock.advance(seconds + 30)

    found = await_offer(deployment, "vlm", offer, arrive)

    assert offer.version == "v2"
    assert found == world.executions[0].name


def test_a_release_that_no_update_picks_up_is_not_waited_for_forever(world: World) -> None:
    world.offer(is_told=False)
    deployment = deployment_of(world)
    offer = find_offer(deployment, "vlm")
    assert offer is not None
    pauses: list[float] = []

    found = await_offer(deployment, "vlm", offer, pauses.append)

    assert found is None
    assert sum(pauses) == 120


def test_what_was_picked_up_is_no_offer_any_more(world: World) -> None:
    world.offer()
    world.clock.advance(60)

    assert find_offer(deployment_of(world), "vlm") is None


def test_of_two_offers_the_one_that_nobody_picked_up_is_waited_for(world: World) -> None:
    world.offer("v2")
    world.run()
    world.offer("v3", is_told=False)

    offer = find_offer(deployment_of(world), "vlm")

    assert offer is not None
    assert offer.version == "v3"


def test_an_endpoint_of_which_nothing_is_known_is_answered_with_what_to_do(
    capsys: pytest.CaptureFixture[str], world: World
) -> None:
    capsys.readouterr()

    code = main(("watch", "vlm"))

    told = capsys.readouterr().err
    assert code == ExitCode.USAGE
    assert "No update of vlm is known here." in told
    assert "switchover history" in told
