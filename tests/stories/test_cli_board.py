"""`switchover status` without an endpoint: all endpoints at a glance, and which of them need a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.laptop import deployment_of, sit_down
from tests.support.scene import ENDPOINT

from switchover.domain.counts import Count
from switchover.domain.marks import Pin
from switchover_cli.app import main
from switchover_cli.board import reading
from switchover_cli.board.reading import read_board
from switchover_cli.board.watching import redraw
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stories.conftest import MakeWorld
    from tests.support.world import World


@pytest.fixture
def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that commands find; a screen of 100 columns."""
    made = make_world()
    sit_down(made, monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")
    return made


def read_screen(capsys: pytest.CaptureFixture[str]) -> str:
    """What `status` prints, in lines joined by blanks."""
    capsys.readouterr()
    assert main(("status",)) == ExitCode.DONE
    return " ".join(capsys.readouterr().out.split())


def read_rows(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """What `status --json` prints, by endpoint."""
    capsys.readouterr()
    assert main(("status", "--json")) == ExitCode.DONE
    return {row["endpoint"]: row for row in json.loads(capsys.readouterr().out)}


def test_a_stack_without_endpoints_says_the_first_step(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "switchover policy init ENDPOINT" in read_screen(capsys)


def test_an_updated_endpoint_needs_nobody(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.put_policy("tier: critical\n")
    world.offer("v2")
    world.run()

    told = read_screen(capsys)

    assert told.startswith("1 endpoint, 0 running updates, 0 queued; times are UTC endpoint serves")
    assert "v2 on 4 instances" in told
    assert "Updated v2" in told
    assert "at any time" in told
    assert "critical: canary" in told
    assert "!" not in told


def test_since_when_a_config_serves_is_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v2")
    world.run()
    ended = world.update().ended_at
    assert ended is not None
    world.clock.advance(7200)

    since = read_rows(capsys)[ENDPOINT]["status"]["serves_since"]

    assert since == f"{ended:%Y-%m-%dT%H:%M:%SZ}"


def test_a_running_update_and_a_pin_are_in_the_row(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.clock.advance(60)
    world.wishes.set_pin(
        Pin(endpoint=ENDPOINT, version="v2", reason="demo week", at=world.clock.now())
    )

    told = read_screen(capsys)

    assert "1 running update," in told
    assert "pinned to v2" in told
    assert read_rows(capsys)[ENDPOINT]["status"]["phase"] in told


def test_an_endpoint_that_is_gone_needs_a_person_and_stops_no_other(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.put_policy("tier: critical\n", endpoint="gone")
    world.put_policy("tier: critical\n")

    told = read_screen(capsys)

    assert "! gone: the endpoint doesn't exist" in told
    assert "v1" in told
    assert "2 endpoints" in told


def test_a_faulty_policy_is_a_problem_of_its_own_row(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.put_policy("tier: [\n")

    row = read_rows(capsys)[ENDPOINT]

    assert row["attention"] == f"its policy is faulty: switchover policy show {ENDPOINT}"
    assert row["status"]["exists"]
    assert row["policy"] is None


def test_an_update_that_waits_for_approval_needs_a_person(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.put_policy("approval: {required: true}\n")
    world.offer("v2")
    world.run_to("RequestApproval")
    world.clock.advance(60)

    assert f"! {ENDPOINT}: an update waits for approval" in read_screen(capsys)


def test_the_next_window_is_told(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.put_policy('window: {days: [tue], from: "01:00", to: "05:00", timezone: UTC}\n')

    policy = read_rows(capsys)[ENDPOINT]["policy"]

    assert policy["opens_at"] == "2026-03-03T01:00:00Z"
    assert policy["closes_at"] == "2026-03-03T05:00:00Z"
    assert "2026-03-03 01:00 until 05:00" in read_screen(capsys)


def test_a_name_that_no_endpoint_can_have_is_left_out(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.put_policy("tier: critical\n", endpoint="../../etc")
    world.put_policy("tier: critical\n")

    assert list(read_rows(capsys)) == [ENDPOINT]


def test_the_board_as_a_page_says_the_same_and_loads_nothing(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.put_policy("tier: critical\n", endpoint="gone")
    world.put_policy("tier: critical\n")
    world.offer("v2")
    world.run()
    page = tmp_path / "board.html"

    assert main(("status", "--html", str(page))) == ExitCode.DONE

    text = page.read_text()
    assert "<strong>gone</strong> the endpoint doesn&#39;t exist" in text
    assert "v2 on 4 instances" in text
    assert "Updated v2" in text
    assert "<script" not in text
    assert "http" not in text.replace("http-equiv", "")
    assert "2 endpoints, 0 running updates" in text


def test_a_page_and_json_come_of_one_reading(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    world.put_policy("tier: critical\n")
    read: list[str] = []
    known = reading.read_row
    monkeypatch.setattr(reading, "read_row", lambda *given: read.append(given[1]) or known(*given))
    capsys.readouterr()

    assert main(("status", "--html", str(tmp_path / "board.html"), "--json")) == ExitCode.DONE

    assert [row["endpoint"] for row in json.loads(capsys.readouterr().out)] == [ENDPOINT]
    assert (tmp_path / "board.html").exists()
    assert read == [ENDPOINT]


@pytest.mark.usefixtures("world")
def test_a_page_is_of_all_endpoints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("status", ENDPOINT, "--html", "board.html")) == ExitCode.USAGE
    assert f"switchover report {ENDPOINT}" in capsys.readouterr().err


def test_watching_reads_again_until_it_is_interrupted(capsys: pytest.CaptureFixture[str]) -> None:
    pauses: list[float] = []
    readings = iter(("first", "second"))

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise KeyboardInterrupt

    redraw(lambda: next(readings), is_local=False, pause=pause)

    assert capsys.readouterr().out.split() == ["first", "second"]
    assert pauses == [30, 30]


@pytest.mark.usefixtures("world")
def test_a_screen_that_is_watched_has_no_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(("status", "--watch", "--json")) == ExitCode.USAGE
    assert "Leave one out." in capsys.readouterr().err


def test_the_reading_of_endpoints_and_leftovers_is_counted_to_the_last(world: World) -> None:
    world.put_policy("tier: critical\n")
    deployment = deployment_of(world)
    board: list[Count] = []
    leftovers: list[Count] = []

    read_board(deployment, board.append)
    deployment.leftovers.look(leftovers.append)

    assert board == [Count("Reading endpoints", 1, 1)]
    assert leftovers == [
        Count("Listing configs", 1, 0),
        Count("Reading configs", 1, 1),
        Count("Listing models", 1, 0),
        Count("Listing endpoints", 1, 0),
        Count("Reading endpoints", 1, 1),
    ]
