"""Remedies that name a command are typed in the situation in which they are printed, and help."""

from __future__ import annotations

import re
import shlex
from functools import partial
from typing import TYPE_CHECKING

import pytest
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.aborting import object_to_abort
from switchover.domain.marks import Mark, Pin
from switchover.domain.outcome import Outcome
from switchover_cli.app import main
from switchover_cli.exits import ExitCode
from switchover_cli.watching import follow as watching

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.walker import Execution
    from tests.support.world import World

_QUICK = "strategy: all-at-once\n"
_NIGHT = 'window: {from: "22:00", to: "02:00", timezone: UTC}\n'
_SALE = "freezes: [{from: 2026-03-02T00:00:00Z, to: 2026-03-05T20:00:00Z, reason: sale}]\n"
_COMMAND = re.compile(r"switchover (?:'[^']*'|[^;.'\n(])+")


@pytest.fixture(name="world")
def world_behind_the_commands(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """About 10 o'clock on a Monday in UTC; the commands find it as their stack."""
    made = make_world(requests_per_second=0.1)
    made.put_policy(_QUICK)
    sit_down(made, monkeypatch)
    look = partial(watching.look_until_over, pause=lambda _: made.clock.advance(60))
    monkeypatch.setattr(watching, "look_until_over", look)
    monkeypatch.setenv("COLUMNS", "300")
    return made


def type_remedy(text: str, number: int = 0) -> int:
    """Type the command that a text names, with a reason where it asks for one."""
    command = _COMMAND.findall(text)[number].strip().rstrip(",`")
    return int(main(shlex.split(command.replace("'…'", "because"))[1:]))


def remedy_of(world: World, execution: Execution | None = None) -> str:
    (reason,) = world.update(execution).reasons
    return reason.remedy


@pytest.mark.parametrize(
    ("policy", "options"),
    [
        (_NIGHT, "--now --reason"),
        (_SALE, "--hotfix --reason"),
        (_NIGHT + _SALE, "--now --hotfix --reason"),
    ],
    ids=["window", "freeze", "both"],
)
def test_what_waits_for_its_time_starts_by_the_command_that_it_names(
    world: World, policy: str, options: str
) -> None:
    world.put_policy(_QUICK + policy)
    world.offer("v2")
    world.clock.advance(60)
    waits = remedy_of(world)

    code = type_remedy(waits)

    assert options in waits
    assert code == ExitCode.DONE
    world.run()
    assert world.update(world.executions[1]).outcome is Outcome.UPDATED
    assert world.update().outcome is Outcome.SUPERSEDED


def test_what_was_turned_away_as_busy_starts_afterwards(world: World) -> None:
    world.put_policy(f"{_QUICK}when_busy: reject")
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.offer("v3")
    world.run()

    code = type_remedy(remedy_of(world, world.executions[1]))
    world.run()

    assert code == ExitCode.DONE
    assert world.update(world.executions[2]).outcome is Outcome.UPDATED


def test_a_pinned_endpoint_is_freed(world: World) -> None:
    pin = Pin(endpoint=ENDPOINT, version="v1", reason="audit", at=world.clock.now())
    world.wishes.set_pin(pin)
    world.offer("v2")
    world.run()

    code = type_remedy(remedy_of(world))

    assert code == ExitCode.DONE
    assert world.wishes.pin(ENDPOINT) is None


def test_a_version_that_is_marked_bad_starts_by_name(world: World) -> None:
    mark = Mark(endpoint=ENDPOINT, version="v2", reason="slow", at=world.clock.now())
    world.wishes.add_mark(mark)
    world.offer("v2")
    world.run()

    code = type_remedy(remedy_of(world))
    world.run()

    assert code == ExitCode.DONE
    assert world.update(world.executions[1]).outcome is Outcome.UPDATED


def test_a_refused_release_starts_again_under_another_policy_by_the_command_that_is_shown(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.put_policy(f"{_QUICK}alarms: {{also: [nobody-made-it]}}")
    world.offer("v2")
    world.run()
    assert main(("watch", ENDPOINT)) == ExitCode.REJECTED
    shown = capsys.readouterr().out

    world.put_policy(_QUICK)
    code = type_remedy(shown)
    world.run()

    assert code == ExitCode.DONE
    assert world.update(world.executions[1]).outcome is Outcome.UPDATED


def test_following_a_start_never_shows_how_an_earlier_one_ended(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.put_policy(f"{_QUICK}alarms: {{also: [nobody-made-it]}}")
    world.offer("v2")
    world.run()
    world.put_policy(_QUICK)

    code = main(("start", "--endpoint", ENDPOINT, "--version", "v2", "--watch"))

    assert code == ExitCode.DONE
    assert "Rejected" not in capsys.readouterr().out


def test_what_waits_in_the_queue_is_not_aborted_but_taken_out(world: World) -> None:
    world.put_policy(_QUICK + _NIGHT)
    world.offer("v2")
    world.run()
    objection = object_to_abort(world.update())
    assert objection is not None

    code = type_remedy(objection.remedy)
    world.run()

    assert code == ExitCode.DONE
    assert world.update().outcome is Outcome.REJECTED
    assert world.queue.entries(ENDPOINT) == ()


def test_an_abort_with_nothing_to_stop_names_what_is_there_to_see(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(("abort", ENDPOINT, "--reason", "because")) == ExitCode.USAGE
    told = capsys.readouterr().err

    assert type_remedy(told) == ExitCode.DONE
    assert type_remedy(told, 1) == ExitCode.DONE


def test_a_second_abort_names_how_to_follow_the_first(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    main(("abort", ENDPOINT, "--reason", "because", "--no-watch"))
    capsys.readouterr()
    assert main(("abort", ENDPOINT, "--reason", "because")) == ExitCode.USAGE

    assert type_remedy(capsys.readouterr().err) == ExitCode.ROLLED_BACK
    assert world.serving == FIRST_CONFIG


def test_what_was_started_without_watching_says_how_to_follow_it(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v2", is_told=False)
    main(("start", "--endpoint", ENDPOINT, "--version", "v2"))

    assert type_remedy(capsys.readouterr().out) == ExitCode.DONE
    assert world.update().outcome is Outcome.UPDATED
