"""`switchover approve` and `reject` as people type them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.laptop import sit_down

from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World


@pytest.fixture
def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """v2 waits for approval."""
    made = make_world()
    sit_down(made, monkeypatch)
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
    assert f"{update_id} is approved. v2 starts now." in told


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
    assert "doesn't wait for an answer" in capsys.readouterr().err
    assert world.executions[0].state == "RequestApproval"


def test_a_second_answer_is_told_of_the_first_and_how_to_stop_it_now(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    main(("approve", "vlm"))
    world.clock.advance(60)

    code = main(("reject", "vlm", "--reason", "not on Friday"))

    told = capsys.readouterr().err
    assert code == ExitCode.USAGE
    assert "was already answered: Approved by" in told
    assert "switchover abort vlm" in told
    assert world.run().state == "Updated"


def test_a_rejection_must_say_why(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(("reject", "vlm"))

    assert code == ExitCode.USAGE
    assert "--reason" in capsys.readouterr().err
    assert world.executions[0].state == "RequestApproval"


def test_a_rejection_says_what_serves_on(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    main(("reject", "vlm", "--reason", "not on Friday"))

    told = capsys.readouterr().out
    assert "is rejected. It ends as Rejected; nothing was changed, and v1 keeps serving." in told


def test_an_answer_that_comes_too_late_is_told_how_it_ended(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run()

    code = main(("approve", "vlm"))

    told = capsys.readouterr().err
    assert code == ExitCode.USAGE
    assert f"The newest, {world.update().update_id}, is Rejected: " in told
    assert "no answer came in time" in told


def test_a_mistyped_endpoint_has_no_update(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    main(("approve", "vlmm"))

    assert "vlmm has no running update." in capsys.readouterr().err
    assert world.executions[0].state == "RequestApproval"


def test_between_two_questions_the_next_one_is_announced(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.run()
    world.put_policy("approval: {promotion: true}")
    world.offer("v3")
    world.run_to("AwaitOutcome", execution=1)
    world.clock.advance(60)

    main(("approve", "vlm"))

    told = capsys.readouterr().err
    assert "People are asked once v3 serves and has passed its tests." in told
