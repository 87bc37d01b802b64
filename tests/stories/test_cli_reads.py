"""The reads of commands on a large ledger depend on what they show, not on the ledger's size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.laptop import sit_down
from tests.support.samples import later, update
from tests.support.storms import counted

from switchover.domain.served import Served
from switchover_cli.app import main

if TYPE_CHECKING:
    from tests.support.world import World

_ENDPOINTS = tuple(f"ep-{number:02}" for number in range(12))


@pytest.fixture
def laptop(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    sit_down(world, monkeypatch)
    return world


def begin(world: World, endpoint: str, number: int) -> None:
    """A release that was offered, and whose update began."""
    world.offer(f"v{number}", endpoint=endpoint, is_told=False)
    begun = update(
        update_id=f"{endpoint}-v{number}",
        endpoint=endpoint,
        version=f"v{number}",
        started_at=later(60 * number),
    )
    world.ledger.open_update(begun)


def serve(world: World, number: int) -> None:
    """A version that served the endpoint `vlm` once."""
    world.ledger.add_served(
        Served(
            endpoint="vlm",
            version=f"v{number}",
            config_name=f"vlm-v{number}",
            model_name=f"vlm-v{number}",
            update_id=f"vlm-v{number}",
            at=later(number),
        )
    )


def test_the_history_of_all_endpoints_reads_whole_what_it_shows_and_no_more(
    laptop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, endpoint in enumerate(_ENDPOINTS):
        begin(laptop, endpoint, number)

    with counted("dynamodb") as calls:
        main(("history", "--limit", "2"))

    printed = capsys.readouterr().out
    assert [name for name in _ENDPOINTS if name in printed] == ["ep-10", "ep-11"]
    # Of an update that goes on also whether its end is told beside the claim.
    assert calls == {"Query": 12, "GetItem": 4}


def test_a_version_that_was_offered_lately_is_known_without_reading_all_that_served(
    laptop: World,
) -> None:
    begin(laptop, "vlm", 2)
    for number in range(5):
        serve(laptop, number)

    with counted("dynamodb") as calls:
        main(("pin", "vlm", "v2", "--reason", "x"))

    assert calls["Query"] == 0


def test_a_version_that_only_served_is_known(laptop: World) -> None:
    serve(laptop, 7)

    main(("pin", "vlm", "v7", "--reason", "x"))

    pin = laptop.wishes.pin("vlm")
    assert pin is not None
    assert pin.version == "v7"
