"""The screens of an endpoint with six instances, at each point of an update, in 80 columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.laptop import sit_down

from switchover.domain.marks import Pin
from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

    Type = Callable[..., str]

WIDTH = 80
_WHY = "The tokenizer breaks on emoji"


@pytest.fixture
def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """Six instances serve v1, by a config that no update created."""
    made = make_world(instances=6)
    sit_down(made, monkeypatch)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    return made


@pytest.fixture(name="typed")
def type_command(world: World, capsys: pytest.CaptureFixture[str]) -> Type:
    """Type a command; what it printed, in lines joined by blanks."""

    def typed(*arguments: str) -> str:
        capsys.readouterr()
        main(arguments)
        printed = capsys.readouterr()
        assert "…" not in printed.out.replace("'…'", "")
        return " ".join((printed.out + printed.err).split())

    return typed


def ask(world: World, gate: str = "required") -> None:
    """Have people asked about v2."""
    world.put_policy(f"approval: {{{gate}: true}}")
    world.offer(reason=_WHY)
    world.run_to("RequestApproval" if gate == "required" else "RequestPromotion")
    world.clock.advance(60)


@pytest.mark.parametrize("command", ["status", "explain"])
@pytest.mark.parametrize(
    ("gate", "question", "silence"),
    [
        (
            "required",
            "vlm wants to move to v2 by rolling",
            "Without an answer, the update is rejected.",
        ),
        (
            "promotion",
            "Approve it? A no rolls it back to v1.",
            "Without an answer, the update is rolled back.",
        ),
    ],
)
def test_an_update_that_waits_for_people_shows_question_deadline_and_both_answers(
    world: World, typed: Type, command: str, gate: str, question: str, silence: str
) -> None:
    ask(world, gate)

    said = typed(command, "vlm")

    asked = world.update().asking.question
    assert asked is not None
    assert question in said
    assert f"Until {asked.until:%Y-%m-%d %H:%M} UTC. {silence}" in said
    assert "Yes: switchover approve vlm No: switchover reject vlm --reason '…'" in said


def test_machines_read_what_is_asked_and_why_it_was_started(world: World, typed: Type) -> None:
    ask(world)

    running = json.loads(typed("status", "vlm", "--json"))["running"]

    assert running["waits_for"]["yes"] == "switchover approve vlm"
    assert running["waits_for"]["until"].startswith("2026-03-03")
    assert running["reason"] == _WHY


def test_an_answered_question_waits_for_nobody(world: World, typed: Type) -> None:
    ask(world)
    main(("approve", "vlm"))
    world.run_to("AwaitOutcome")
    world.clock.advance(60)

    said = typed("status", "vlm")

    assert "Without an answer, the update is rejected" not in said
    assert "phase Launching" in said


def test_mid_update_both_fleets_are_counted_out_of_the_whole(world: World, typed: Type) -> None:
    world.offer()
    world.run_to("AwaitOutcome")
    world.clock.advance(700)

    said = typed("status", "vlm")

    assert "old ■■■■■□ 5 of 6 new ■□□□□□ 1 of 6" in said
    assert "v1 vlm-v1, 5 instances v2 switchover-vlm-v2" in said
    assert "no update created" not in said


def test_the_running_updates_own_config_is_told_by_its_version(world: World, typed: Type) -> None:
    ask(world, "promotion")

    said = typed("status", "vlm")

    assert "serves v2 switchover-vlm-v2" in said
    assert "no update created" not in said
    assert "moved in" in said


@pytest.mark.parametrize("command", [("history", "vlm"), ("history",), ("explain", "vlm")])
def test_why_an_update_was_started_is_shown_wherever_it_is_listed(
    world: World, typed: Type, command: tuple[str, ...]
) -> None:
    world.offer(reason=_WHY)
    world.run()

    assert f"“{_WHY}”" in typed(*command)


def test_status_shows_why_the_last_update_was_started(world: World, typed: Type) -> None:
    world.offer(reason=_WHY)
    world.run()

    assert f"asked for “{_WHY}”" in typed("status", "vlm")


@pytest.mark.parametrize(
    ("typo", "refusal"),
    [
        (("pin", "vlm", "bad ver"), "'bad ver' can't be a version."),
        (("pin", "vlm", "v22"), "vlm has no version 'v22'"),
        (("pin", "vlmm", "v2"), "No version of vlmm is known here."),
        (("pin", "v lm", "v2"), "'v lm' can't be an endpoint's name."),
        (("release", "mark-bad", "vlm", "v9"), "vlm has no version 'v9'"),
        (("release", "mark-bad", "vlm", ""), "'' can't be a version."),
    ],
)
def test_a_version_that_nobody_knows_is_neither_pinned_nor_marked(
    world: World, typed: Type, typo: tuple[str, ...], refusal: str
) -> None:
    world.offer("v2", is_told=False)

    said = typed(*typo, "--reason", "x")

    assert refusal in said
    assert world.wishes.pin("vlm") is None
    assert world.wishes.marks("vlm") == ()


def test_a_mistyped_version_is_answered_with_the_nearest_ones(world: World, typed: Type) -> None:
    world.offer("2026-11-30", is_told=False)

    assert "Did you mean 2026-11-30?" in typed("pin", "vlm", "2026-11-31", "--reason", "x")


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_what_serves_now_and_what_lies_in_s3_alone_may_be_pinned_and_marked(
    world: World, typed: Type, version: str
) -> None:
    world.offer("v2", is_told=False)

    typed("pin", "vlm", version, "--reason", "audit")
    typed("release", "mark-bad", "vlm", version, "--reason", "answers in French")

    status = typed("status", "vlm")
    assert f"pinned {version} is the only version that may start since 2026-03-02" in status
    assert f"marked {version} marked bad since 2026-03-02" in status
    assert f"{version} marked bad since" in typed("release", "marks", "vlm")


def test_a_pin_that_cannot_be_read_is_shown_as_one(world: World, typed: Type) -> None:
    world.wishes.set_pin(Pin(endpoint="vlm", version="", reason="?", at=None))

    assert "a version that can't be read is the only version that may start" in typed(
        "status", "vlm"
    )


def test_an_update_in_the_queue_is_in_the_status_with_its_reason(world: World, typed: Type) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.offer("v3")
    world.clock.advance(60)

    assert "queued v3 not before 2026-03-02" in typed("status", "vlm")
    assert world.update(world.executions[1]).update_id in typed("queue", "vlm")


def test_explain_of_an_endpoint_is_of_the_update_that_runs(world: World, typed: Type) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.offer("v3")
    world.clock.advance(60)

    assert typed("explain", "vlm").startswith("vlm → v2")


def test_who_called_an_update_off_is_in_the_status_until_it_ends(world: World, typed: Type) -> None:
    world.offer()
    world.run_to("AwaitOutcome")
    world.clock.advance(60)
    typed("abort", "vlm", "--reason", "too many 5xx", "--no-watch")
    world.clock.advance(60)

    assert "“too many 5xx”" in typed("status", "vlm")


def test_what_gc_may_remove_is_removed_by_the_command_that_it_names(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v2")
    world.run()
    world.offer("v3")
    world.run()
    world.offer("v4")
    world.run()
    main(("gc", "vlm", "--keep", "1"))
    printed = capsys.readouterr().out
    command = printed.partition("can be removed: switchover ")[2].split()

    code = main(command)

    assert command == ["gc", "vlm", "--keep", "1", "--yes"]
    assert code == ExitCode.DONE
    assert "Removed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "command",
    [
        ("status", "v lm"),
        ("status", "-"),
        ("history", "vlm_"),
        ("queue", "vlm."),
        ("start", "--endpoint", "v lm", "--version", "v2"),
        ("start", "--endpoint", "vlm", "--version", "v 2"),
        ("rollback", "vlm", "--to", "v 1"),
        ("rollback", "v" * 64),
    ],
)
@pytest.mark.usefixtures("world")
def test_a_name_that_cannot_be_is_refused_in_words_with_an_example(
    typed: Type, command: tuple[str, ...]
) -> None:
    said = typed(*command)

    assert ", like v" in said
    assert "a-zA-Z" not in said
