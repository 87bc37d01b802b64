"""`plan`, `start --dry-run` and a start itself give one and the same answer, in every situation."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.laptop import sit_down
from tests.support.offering import checkpoint, write_files
from tests.support.scene import ENDPOINT

from switchover.domain.marks import Mark, Pin
from switchover.domain.outcome import Outcome
from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

    from switchover.domain.update.update import Update

RELEASE = ("--endpoint", ENDPOINT, "--version", "v9")
_QUICK = "strategy: all-at-once\n"
_NIGHT = f'{_QUICK}window: {{from: "22:00", to: "02:00", timezone: UTC}}\n'
_SOON_SHUT = f'{_QUICK}window: {{from: "09:00", to: "10:20", timezone: UTC}}\nbake_seconds: 20m\n'
_FROZEN = (
    f"{_QUICK}freezes: [{{from: 2026-03-02T00:00:00Z, to: 2026-03-02T20:00:00Z, reason: sale}}]\n"
)


@pytest.fixture(name="world")
def world_behind_the_commands(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """About 10 o'clock on a Monday in UTC; the commands find it as their stack."""
    made = make_world(requests_per_second=0.1)
    made.put_policy(_QUICK)
    sit_down(made, monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")
    return made


def policy(text: str) -> Callable[[World], None]:
    return lambda world: world.put_policy(text)


def nothing(world: World) -> None:
    """The endpoint is free, and nothing holds the release."""


def pinned(world: World) -> None:
    world.wishes.set_pin(Pin(endpoint=ENDPOINT, version="v1", reason="audit", at=world.clock.now()))


def marked(world: World) -> None:
    mark = Mark(endpoint=ENDPOINT, version="v9", reason="slow", at=world.clock.now())
    world.wishes.add_mark(mark)


def runs(world: World) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.clock.advance(60)


def runs_and_rejects(world: World) -> None:
    world.put_policy(f"{_QUICK}when_busy: reject")
    runs(world)


def has_not_asked_yet(world: World) -> None:
    world.offer("v2")
    world.run_to("PlanUpdate")


def asks_people(world: World) -> None:
    world.put_policy(f"{_QUICK}approval: {{required: true}}")
    world.offer("v2")
    world.run_to("RequestApproval")
    world.clock.advance(60)


def waits_in_line(world: World) -> None:
    world.put_policy(f"{_QUICK}when_busy: queue")
    runs(world)
    world.offer("v3")
    world.clock.advance(30)


def waits_for_2030(world: World) -> None:
    world.offer("v3", start="2030-01-01T00:00:00Z")
    world.run()


def is_gone(world: World) -> None:
    world.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    world.clock.advance(900)


def is_updated_by_somebody(world: World) -> None:
    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="vlm-v1")
    world.clock.advance(60)


# name, what is so, what else is typed
SITUATIONS: dict[str, tuple[Callable[[World], None], tuple[str, ...]]] = {
    "free": (nothing, ()),
    "pinned": (pinned, ()),
    "marked-bad": (marked, ()),
    "window-later": (policy(_NIGHT), ()),
    "window-too-soon-shut": (policy(_SOON_SHUT), ()),
    "window-passed-over": (policy(_NIGHT), ("--now", "--reason", "security")),
    "frozen": (policy(_FROZEN), ()),
    "frozen-now": (policy(_FROZEN), ("--now", "--reason", "security")),
    "frozen-hotfix": (policy(_FROZEN), ("--hotfix", "--reason", "v1 answers nonsense")),
    "calendar-missing": (policy(f"{_QUICK}freezes: [freezes.ics]"), ()),
    "red-or-missing-alarm": (policy(f"{_QUICK}alarms: {{also: [nobody-made-it]}}"), ()),
    "faulty-policy": (policy("strategy: sideways"), ()),
    "busy": (runs, ()),
    "busy-and-policy-rejects": (runs_and_rejects, ()),
    "busy-before-the-start": (has_not_asked_yet, ()),
    "busy-with-people": (asks_people, ()),
    "busy-and-a-line": (waits_in_line, ()),
    "planned-for-2030": (waits_for_2030, ()),
    "gone": (is_gone, ()),
    "updated-by-somebody": (is_updated_by_somebody, ()),
}


def ask(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    """Type a command; its exit code and what it prints for machines."""
    capsys.readouterr()
    code = main((*arguments, "--json"))
    return code, json.loads(capsys.readouterr().out)


def answer_of(update: Update) -> str:
    """What an update came to when it was started: the same words as a forecast's."""
    match update.outcome:
        case Outcome.REJECTED | Outcome.QUEUED | Outcome.SUPERSEDED:
            return update.outcome.value.lower()
        case _:
            return "starts"


def codes(reasons: list[dict[str, Any]]) -> set[str]:
    return {reason["code"] for reason in reasons}


@pytest.mark.parametrize("name", SITUATIONS)
def test_all_three_give_the_same_answer(
    world: World, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    situate, typed = SITUATIONS[name]
    world.offer("v9", is_told=False)
    situate(world)

    plan_code, planned = ask(capsys, "plan", *RELEASE, *typed, "--price", "1")
    dry_code, dry = ask(capsys, "start", *RELEASE, *typed, "--dry-run")
    main(("start", *RELEASE, *typed))
    started = world.executions[-1]
    is_decided = world.clock.run_until(
        lambda: bool(started.ended_at) or "CreateConfig" in started.path, 3600
    )

    came = world.update(started)
    assert is_decided
    assert planned["forecast"]["answer"] == dry["verdict"] == answer_of(came)
    assert plan_code == dry_code
    assert planned["is_clear"] is (plan_code == ExitCode.DONE)
    assert codes(dry["reasons"]) == codes(planned["forecast"]["reasons"])
    assert {reason.code for reason in came.reasons} <= codes(dry["reasons"])


def test_an_upload_of_a_version_that_is_marked_bad_is_foreseen(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_files(tmp_path, checkpoint())
    marked(world)

    code, told = ask(capsys, "plan", "--dir", str(tmp_path), *RELEASE)

    assert code == ExitCode.REJECTED
    assert codes(told["reasons"]) == {"release.marked-bad"}


def test_the_plan_names_who_runs_and_for_about_how_long(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v9", is_told=False)
    runs(world)

    _, told = ask(capsys, "plan", *RELEASE, "--price", "1")

    running = told["forecast"]["running"]
    assert (running["update_id"], running["version"]) == (world.executions[0].name, "v2")
    assert 0 < running["seconds_left"] < world.update().planned.times.expected_seconds


def test_the_plan_names_the_time_that_it_would_wait_for(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v9", is_told=False)
    world.put_policy(_NIGHT)

    code, told = ask(capsys, "plan", *RELEASE, "--price", "1")

    not_before = datetime.fromisoformat(told["forecast"]["not_before"])
    assert (code, not_before) == (ExitCode.DONE, datetime(2026, 3, 2, 22, tzinfo=UTC))
    assert told["plan"]["version"] == "v9"


def test_a_release_that_runs_is_not_taken_for_its_own_holder(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    runs(world)

    _, told = ask(capsys, "plan", "--endpoint", ENDPOINT, "--version", "v2")

    assert told["forecast"]["answer"] == "queued"


@pytest.mark.parametrize("how", [("plan", "--price", "1"), ("start", "--dry-run")])
def test_asking_changes_nothing(
    world: World, how: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v9", is_told=False)

    ask(capsys, *how, *RELEASE)

    assert world.executions == []
    assert world.queue.entries(ENDPOINT) == ()
    assert world.ledger.history(ENDPOINT) == ()
    assert world.traces() == world.traces_before


def test_a_dry_run_tells_people_the_answer_and_who_runs(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v9", is_told=False)
    runs(world)

    main(("start", *RELEASE, "--dry-run"))

    told = capsys.readouterr().out
    assert told.startswith("It would be Queued.\n")
    assert f"running  {world.executions[0].name} holds the endpoint" in told
