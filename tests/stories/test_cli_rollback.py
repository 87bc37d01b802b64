"""`switchover rollback`, the most urgent command: whatever runs, it acts or names the command to use."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import codes
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.outcome import Outcome
from switchover_cli.app import main
from switchover_cli.exits import ExitCode
from switchover_cli.watching import follow as watching

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

_QUICK = "strategy: all-at-once\n"


@pytest.fixture(name="world")
def world_behind_the_commands(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """The commands find this world as their stack, and let its time pass while they watch."""
    made = make_world(requests_per_second=0.1)
    made.put_policy(_QUICK)
    sit_down(made, monkeypatch)
    look = partial(watching.look_until_over, pause=lambda _: made.clock.advance(60))
    monkeypatch.setattr(watching, "look_until_over", look)
    monkeypatch.setenv("COLUMNS", "100")
    return made


@pytest.mark.parametrize("state", ["AwaitOutcome", "CreateConfig"])
def test_while_an_update_runs_a_rollback_calls_it_off(world: World, state: str) -> None:
    world.offer("v2")
    world.run_to(state)

    code = main(("rollback", ENDPOINT, "--reason", "v2 answers nonsense"))
    world.run()

    stopped = world.update()
    assert code == ExitCode.DONE
    assert world.serving == FIRST_CONFIG
    assert len(world.executions) == 1
    assert codes(stopped) == ["update.aborted"]
    assert "v2 answers nonsense" in stopped.summary


def test_what_ends_updated_before_it_could_be_called_off_is_rolled_back(world: World) -> None:
    world.offer("v2")
    world.run_to("RestoreCapacity")

    code = main(("rollback", ENDPOINT))

    assert code == ExitCode.DONE
    assert world.update().outcome is Outcome.UPDATED
    assert world.update(world.executions[1]).outcome is Outcome.UPDATED
    assert world.serving == FIRST_CONFIG


def test_without_a_reason_the_record_says_that_a_rollback_was_asked_for(world: World) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")

    main(("rollback", ENDPOINT))

    assert "a rollback was asked for while it ran" in world.update().summary


def test_to_the_version_that_it_leads_to_anyway_it_is_the_same(world: World) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")

    code = main(("rollback", ENDPOINT, "--to", "v1"))

    assert code == ExitCode.DONE
    assert world.update().outcome is Outcome.ROLLED_BACK


def test_to_another_version_the_two_steps_are_named_and_lead_there(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v2")
    world.run()
    world.offer("v3")
    world.run_to("AwaitOutcome", 1)

    code = main(("rollback", ENDPOINT, "--to", "v1"))

    told = capsys.readouterr().err
    assert code == ExitCode.USAGE
    assert "If it is stopped, v2 serves, not v1." in told
    assert f"First: switchover abort {ENDPOINT} --reason '…'; then:" in told
    assert main(("abort", ENDPOINT, "--reason", "further back")) == ExitCode.DONE
    world.run()
    assert main(("rollback", ENDPOINT, "--to", "v1")) == ExitCode.DONE
    assert world.serving == FIRST_CONFIG


def test_while_a_rollback_runs_another_one_follows_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v2")
    world.run()
    back = world.start("back", rollback=ENDPOINT)
    world.run_to("AwaitOutcome", 1)

    code = main(("rollback", ENDPOINT))

    assert code == ExitCode.DONE
    assert "is already rolling back" in capsys.readouterr().out
    assert world.update(back).outcome is Outcome.UPDATED
    assert world.update(back).abort is None
    assert world.serving == FIRST_CONFIG


def test_asked_twice_the_second_follows_the_first(world: World) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    main(("rollback", ENDPOINT, "--no-watch"))
    world.clock.advance(30)

    code = main(("rollback", ENDPOINT))

    assert code == ExitCode.DONE
    assert world.update().outcome is Outcome.ROLLED_BACK


def test_from_the_console_it_is_refused_with_the_command_that_acts(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    tried = world.start("back", rollback=ENDPOINT)
    world.clock.advance(30)

    (refused,) = world.update(tried).reasons
    assert refused.code == "claim.held"
    assert refused.remedy.endswith(f"switchover rollback {ENDPOINT}")
    assert main(("rollback", ENDPOINT)) == ExitCode.DONE
    assert world.serving == FIRST_CONFIG


def test_a_refused_attempt_hides_neither_what_runs_nor_how_it_ends(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.start("back", rollback=ENDPOINT)
    world.run()

    main(("status", ENDPOINT, "--json"))

    told = json.loads(capsys.readouterr().out)
    assert (told["last"]["version"], told["last"]["outcome"]) == ("v2", "Updated")


def test_a_refused_attempt_afterwards_leaves_the_last_change_in_sight(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v2")
    world.run()
    world.start("again", release=f"s3://{world.bucket}/releases/vlm/v7/release.json")
    world.run()

    main(("status", ENDPOINT))

    last, before = [
        line.split()
        for line in capsys.readouterr().out.splitlines()
        if line.startswith(("last", "before"))
    ]
    assert last[:2] == ["last", "Rejected"]
    assert before[:3] == ["before", "Updated", "v2"]


def test_what_waits_for_people_is_called_off_and_what_serves_stays(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.put_policy(f"{_QUICK}approval: {{required: true}}")
    world.offer("v2")
    world.run_to("RequestApproval")
    world.clock.advance(60)

    code = main(("rollback", ENDPOINT))

    assert code == ExitCode.DONE
    assert "The serving version stays." in capsys.readouterr().out
    assert world.update().outcome is Outcome.REJECTED
    assert world.serving == FIRST_CONFIG


def test_at_rest_a_rollback_starts_one_of_its_own(world: World) -> None:
    world.offer("v2")
    world.run()

    code = main(("rollback", ENDPOINT))

    assert code == ExitCode.DONE
    assert world.serving == FIRST_CONFIG


def test_an_abort_that_succeeds_has_done_as_asked(world: World) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")

    assert main(("abort", ENDPOINT, "--reason", "wrong day")) == ExitCode.DONE
    assert world.update().outcome is Outcome.ROLLED_BACK
