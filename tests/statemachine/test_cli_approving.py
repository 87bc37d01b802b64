"""`switchover approve` and `reject` as people type them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.statemachine.laptop import deployment_of

from switchover_cli import approving as command
from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from tests.statemachine.conftest import MakeWorld
    from tests.statemachine.world import World


@pytest.fixture
def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """v2 waits for approval."""
    made = make_world()
    monkeypatch.setattr(command, "open_session", lambda **_: None)
    monkeypatch.setattr(command, "find_deployment", lambda *_: deployment_of(made))
    made.put_policy("approval: {required: true}")
    made.offer()
    made.run_to("RequestApproval")
    made.clock.advance(60)
    return made


def test_an_approval_says_what_was_approved_and_what_comes_next(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()

    code = main(("approve", "vlm", "--reason", "fine"))

    told = capsys.readouterr().out
    update_id = world.update().update_id
    assert code == ExitCode.DONE
    assert world.update().planned.summary in told
    assert f"{update_id} is approved. It starts now." in told


def test_a_rejection_is_json_for_machines(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    update_id = world.update().update_id
    capsys.readouterr()

    code = main(("reject", "vlm", "--update", update_id, "--reason", "not on Friday", "--json"))

    told = json.loads(capsys.readouterr().out)
    assert code == ExitCode.DONE
    assert (told["verdict"], told["reason"]) == ("declined", "not on Friday")
    assert world.run().state == "Rejected"


def test_an_answer_meant_for_another_update_is_not_given(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(("approve", "vlm", "--update", "vlm-v9-00000000"))

    assert code == ExitCode.USAGE
    assert "doesn't wait for approval" in capsys.readouterr().err
    assert world.executions[0].state == "RequestApproval"


def test_a_second_answer_says_that_nobody_waits(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    main(("approve", "vlm"))
    world.clock.advance(60)

    code = main(("reject", "vlm"))

    assert code == ExitCode.USAGE
    assert "was answered already" in capsys.readouterr().err
    assert world.run().state == "Updated"
