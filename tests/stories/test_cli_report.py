"""`switchover report`, and `switchover plan --html`, as people type them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.laptop import sit_down

from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.world import World


@pytest.fixture
def laptop(world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """The usual world, in an empty folder."""
    sit_down(world, monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return world


def test_the_last_update_of_an_endpoint_is_written_under_its_id(
    laptop: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.put_policy("strategy: all-at-once")
    laptop.offer()
    laptop.run()

    code = main(("report", "vlm", "--price", "2.8"))

    update_id = laptop.update().update_id
    page = (tmp_path / f"{update_id}.html").read_text("utf-8")
    assert code == ExitCode.DONE
    assert capsys.readouterr().out == f"Wrote {update_id}.html.\n"
    assert "Updated" in page
    assert "(2.8 USD an hour: as given by --price)" in page


def test_an_update_that_runs_has_a_page_as_well(laptop: World, tmp_path: Path) -> None:
    laptop.put_policy("strategy: canary")
    laptop.offer()
    laptop.run_to("AwaitOutcome")
    laptop.clock.advance(700)

    code = main(("report", laptop.update().update_id, "-o", "now.html"))

    assert code == ExitCode.DONE
    assert "● </span> Running" in (tmp_path / "now.html").read_text("utf-8").replace("●", "● ")


def test_the_page_is_shown_in_the_browser_if_asked(
    laptop: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("typer.launch", opened.append)
    laptop.offer(files={})
    laptop.run()

    main(("report", "vlm", "-o", "page.html", "--open"))

    assert opened == [(tmp_path / "page.html").as_uri()]


def test_an_unknown_update_is_named(laptop: World, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(("report", "nobody"))

    assert code == ExitCode.USAGE
    assert "'nobody' is neither an update's id nor an endpoint" in capsys.readouterr().err


def test_a_file_that_can_not_be_written_is_named(
    laptop: World, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.offer(files={})
    laptop.run()

    code = main(("report", "vlm", "-o", "no/such/folder/page.html"))

    assert code == ExitCode.USAGE
    assert "no/such/folder/page.html: No such file or directory." in capsys.readouterr().err


def test_a_plan_is_written_as_a_page_with_the_words_of_the_terminal(
    laptop: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    laptop.put_policy("strategy: canary")
    laptop.offer(is_told=False)

    main(("plan", "--endpoint", "vlm", "--version", "v2", "--html", "plan.html"))

    page = (tmp_path / "plan.html").read_text("utf-8")
    assert capsys.readouterr().out.partition(",")[0] in page
    assert "would start" in page
    assert '"name": "planned, at least"' in page
    assert "The quota has room for the peak" in page


def test_a_plan_that_would_be_refused_is_written_with_its_reasons(
    laptop: World, tmp_path: Path
) -> None:
    laptop.put_policy("alarms: {also: [nobody-made-it]}")
    laptop.offer(is_told=False)

    code = main(("plan", "--endpoint", "vlm", "--version", "v2", "--html", "plan.html"))

    page = (tmp_path / "plan.html").read_text("utf-8")
    assert code == ExitCode.REJECTED
    assert "would be Rejected" in page
    assert "alarm nobody-made-it" in page
