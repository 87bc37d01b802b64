"""`switchover gc` after several updates removes old configs and keeps those that a rollback needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.clients import client
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World


@pytest.fixture
def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """v2, v3 and v4 were rolled out one after the other."""
    made = make_world(requests_per_second=0.1)
    sit_down(made, monkeypatch)
    monkeypatch.setenv("COLUMNS", "160")
    made.put_policy("strategy: all-at-once")
    made.offer("v2")
    made.run()
    made.offer("v3")
    made.run()
    made.offer("v4")
    made.run()
    return made


def test_gc_removes_what_nothing_needs_and_a_rollback_still_works(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    before = world.config_names()
    v2, v3, v4 = (execution.name for execution in world.executions)
    configs = {n: world.ledger.update(n).planned.target.config for n in (v2, v3, v4)}

    shown = main(("gc", ENDPOINT, "--keep", "2"))

    told = capsys.readouterr().out
    assert shown == ExitCode.DONE
    assert "2 can be removed: switchover gc vlm --keep 2 --yes" in told
    assert "one of the last 2 that served" in told
    assert world.config_names() == before

    main(("gc", ENDPOINT, "--keep", "2", "--yes"))

    told = capsys.readouterr().out
    assert told.splitlines() == [
        f"Removed config {configs[v2]} (1 of 2).",
        f"Removed model {configs[v2]} (2 of 2).",
    ]
    assert world.config_names() == before - {configs[v2]}
    assert configs[v2] not in world.model_names()
    assert FIRST_CONFIG in world.config_names()

    main(("gc", ENDPOINT, "--keep", "2", "--yes", "--json"))

    again = json.loads(capsys.readouterr().out)
    assert again["removed"] == again["removable"] == []
    assert len(again["needed"]) == 4

    world.start("back", rollback=ENDPOINT)
    assert world.run().state == "Updated"
    assert world.serving == configs[v3]


@pytest.mark.parametrize(
    ("pk", "sk"),
    [(f"wish#{ENDPOINT}", "pin"), (f"endpoint#{ENDPOINT}", "served#2020-01-01T00:00:00+00:00")],
)
def test_gc_removes_nothing_while_what_is_needed_cannot_be_read(
    world: World, capsys: pytest.CaptureFixture[str], pk: str, sk: str
) -> None:
    before = world.config_names()
    client("dynamodb").put_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Item={"pk": {"S": pk}, "sk": {"S": sk}, "body": {"S": "{"}},
    )

    code = main(("gc", ENDPOINT, "--keep", "1", "--yes"))

    assert code != ExitCode.DONE
    assert "can't" in capsys.readouterr().err
    assert world.config_names() == before
