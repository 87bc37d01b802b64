"""A rollback that is requested again and again makes one entry in the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.faults.stories import STORIES
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT
from tests.support.storms import throttle

from switchover_cli import app

if TYPE_CHECKING:
    from tests.support.world import World

_TIMES = 12
_BACK = "Updating back to the previous config"


@pytest.fixture
def throttled(world: World) -> World:
    """An update that went back through a storm."""
    (story,) = (each for each in STORIES if each.name == "answers")
    story.tell(world)
    world.run_to("RollBack")
    with throttle("sagemaker", "UpdateEndpoint", _TIMES):
        world.run()
    return world


def test_a_throttled_way_back_is_one_line_of_the_ledger(throttled: World) -> None:
    timeline = throttled.ledger.timeline(throttled.update().update_id)

    (line,) = (moment for moment in timeline if moment.text.startswith(_BACK))
    assert line.times > 1
    assert line.until is not None
    assert line.until > line.at


@pytest.mark.parametrize("command", ["watch", "explain"])
def test_the_line_says_how_often_and_until_when(
    throttled: World,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    timeline = throttled.ledger.timeline(throttled.update().update_id)
    (line,) = (moment for moment in timeline if moment.text.startswith(_BACK))
    monkeypatch.setenv("COLUMNS", "300")
    sit_down(throttled, monkeypatch)

    app.main((command, ENDPOINT))

    told = capsys.readouterr().out
    assert told.count(_BACK) == 1
    assert f"({line.times} times until {line.until:%H:%M:%S})" in told
