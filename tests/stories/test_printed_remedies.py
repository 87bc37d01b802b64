"""Every `switchover …` of a message is typed in its situation, and helps."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from tests.stories import (  # their stories
    remedies_cli,  # noqa: F401
    remedies_domain,  # noqa: F401
    remedies_offers,  # noqa: F401
    remedies_people,  # noqa: F401
    remedies_pictures,  # noqa: F401
)
from tests.stories.remedies import STORIES, Desk, Remedy
from tests.stories.remedies_listed import NOT_TYPED, TYPED_ELSEWHERE
from tests.stories.test_stories_unreadable import damage
from tests.support.laptop import sit_down
from tests.support.printed_commands import printed_commands
from tests.support.scene import ENDPOINT

from switchover_cli.watching import follow as watching

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stories.conftest import MakeWorld


@pytest.fixture
def desk(
    make_world: MakeWorld,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Desk:
    """The commands find a story's world as their stack; waiting lets its time pass."""
    world = make_world(requests_per_second=0.1)
    world.put_policy("strategy: all-at-once\n")
    sit_down(world, monkeypatch)
    look = partial(watching.look_until_over, pause=lambda _: world.clock.advance(60))
    monkeypatch.setattr(watching, "look_until_over", look)
    monkeypatch.setattr(
        "switchover_cli.releases.adopting.time", SimpleNamespace(sleep=world.clock.advance)
    )
    monkeypatch.setattr(
        "switchover_cli.commands.upload.time", SimpleNamespace(sleep=world.clock.advance)
    )
    monkeypatch.setattr("switchover_cli.upload.client.open_uploader", lambda _: world.s3)
    monkeypatch.setattr("switchover_cli.start.offered.PICK_UP_SECONDS", 2)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Desk(world, tmp_path, monkeypatch, capsys)


@pytest.mark.parametrize("remedy", STORIES, ids=str)
def test_a_printed_command_helps_where_it_is_printed(desk: Desk, remedy: Remedy) -> None:
    told = remedy.bring(desk)

    shown = desk.type_printed(told, remedy.printed.command, remedy.filled)

    assert desk.codes[-1] == remedy.ends, shown
    assert remedy.shows in shown
    assert remedy.helps is None or remedy.helps(desk.world)


def test_no_printed_command_is_forgotten_and_none_is_listed_that_is_gone() -> None:
    listed = {story.printed for story in STORIES} | set(TYPED_ELSEWHERE) | set(NOT_TYPED)

    assert sorted(printed_commands() - listed) == []
    assert sorted(listed - printed_commands()) == []


def test_what_a_story_types_is_listed_nowhere_else() -> None:
    told = {story.printed for story in STORIES}

    assert told.isdisjoint(TYPED_ELSEWHERE)
    assert told.isdisjoint(NOT_TYPED)


@pytest.mark.parametrize("place", sorted(set(TYPED_ELSEWHERE.values())))
def test_a_test_that_is_said_to_type_a_command_exists(place: str) -> None:
    module, _, name = place.partition(":")

    assert callable(getattr(import_module(f"tests.stories.{module}"), name))


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        (("status", ENDPOINT, "--local"), "switchover adopt --local vlm"),
        (("status", ENDPOINT, "--stack", "prod"), "switchover adopt --stack prod vlm"),
        (("status", ENDPOINT), "switchover adopt vlm"),
        (
            ("abort", ENDPOINT, "--local", "--reason", "because"),
            "switchover status --local vlm; what waits: switchover queue --local vlm",
        ),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, tuple) else "",
)
def test_a_printed_command_leads_to_the_stack_that_was_typed(
    desk: Desk, typed: tuple[str, ...], command: str
) -> None:
    assert command in desk.type(*typed)


def test_a_stack_that_the_environment_names_is_not_typed_again(desk: Desk) -> None:
    desk.monkeypatch.setenv("SWITCHOVER_STACK", "prod")

    assert "switchover adopt vlm" in desk.type("status", ENDPOINT)


def test_unclaim_is_not_named_while_the_execution_runs_and_would_have_it_refused(
    desk: Desk,
) -> None:
    desk.world.offer("v2")
    damage(desk.world, desk.world.run_to("AwaitOutcome").name)

    told = desk.type("queue", ENDPOINT)

    assert "can't be read" in told
    assert "switchover unclaim" not in told
    assert desk.type("unclaim", ENDPOINT, "--reason", "because").startswith("Error: ")
