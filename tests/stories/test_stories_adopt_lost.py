"""An adoption whose event is lost is recorded by the check every 15 minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.stories.test_stories_outside import make_config, move
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.adoption import Adoption
from switchover_cli import app
from switchover_cli.exits import ExitCode
from switchover_cli.releases import adopting

if TYPE_CHECKING:
    import pytest
    from tests.support.world import World

_SWEEP_SECONDS = 16 * 60
_DAY_SECONDS = 24 * 3600


class _LosesEvents:
    """EventBridge of which no rule reaches anybody."""

    def put_events(self, **_events: Any) -> dict[str, Any]:
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


def wish(world: World, config: str = FIRST_CONFIG) -> None:
    world.wishes.ask_adoption(
        Adoption(
            endpoint=ENDPOINT,
            version="day-one",
            config_name=config,
            reason="as found",
            at=world.clock.now(),
        )
    )


def served(world: World) -> list[tuple[str, str]]:
    return [(each.version, each.config_name) for each in world.ledger.served(ENDPOINT)]


def test_an_adoption_whose_event_is_lost_is_recorded_within_a_quarter_of_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sit_down(world, monkeypatch)
    monkeypatch.setattr(adopting.time, "sleep", lambda _: None)
    world.stand_ins["events"] = _LosesEvents()

    code = app.main(("adopt", ENDPOINT, "--version", "day-one"))
    said = " ".join(capsys.readouterr().err.split())
    world.clock.advance(_SWEEP_SECONDS)

    assert code == ExitCode.UNEXPECTED
    assert "A function tries again within 15 minutes" in said
    assert served(world) == [("day-one", FIRST_CONFIG)]
    assert world.wishes.open_adoptions() == ()


def test_a_wish_that_an_update_holds_up_is_heeded_after_it(world: World) -> None:
    world.put_policy("strategy: all-at-once\nwatch_seconds: 1h\n")
    world.offer("v2")
    world.run_to("AwaitOutcome")
    make_config(world, "theirs")
    wish(world, "theirs")
    world.run()

    assert world.wishes.open_adoptions() == (ENDPOINT,)
    move(world, "theirs")

    assert served(world)[0] == ("day-one", "theirs")
    assert world.wishes.open_adoptions() == ()


def test_a_wish_that_nothing_could_heed_is_given_up_after_a_day(world: World) -> None:
    make_config(world, "theirs")
    wish(world, "theirs")

    world.clock.advance(_DAY_SECONDS + _SWEEP_SECONDS)

    assert world.wishes.open_adoptions() == ()
    assert served(world) == []


def test_settling_an_older_wish_leaves_a_newer_one_open(world: World) -> None:
    wish(world, "theirs")
    older = world.wishes.adoption(ENDPOINT)
    world.clock.advance(60)
    wish(world)

    assert older is not None
    world.wishes.settle_adoption(older)

    assert world.wishes.open_adoptions() == (ENDPOINT,)
