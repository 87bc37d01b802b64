"""The commands of the documents, typed in their order, do what the documents say."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from tests.support.docs_commands import commands, read_page, shell_blocks
from tests.support.laptop import sit_down
from tests.support.offering import checkpoint, object_created, write_files
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome
from switchover_cli.app import main
from switchover_cli.commands import upload
from switchover_cli.exits import ExitCode
from switchover_cli.start import offered
from switchover_cli.watching import follow as watching

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

# The documents call the endpoint `vlm-prod`; the world has a `vlm`.
_NAMED = "vlm-prod"
_ON_AWS = "## Your endpoint on AWS"


class Reader:
    """Types what a document says. S3 tells of a release as soon as one is uploaded."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._told: set[str] = set()

    def pause(self, seconds: float) -> None:
        """Let time pass, at least a minute; S3's events arrive first."""
        listed = self.world.s3.list_objects_v2(Bucket=self.world.bucket, Prefix="releases/")
        for key in {each["Key"] for each in listed.get("Contents", ())} - self._told:
            head = self.world.s3.head_object(Bucket=self.world.bucket, Key=key)
            now = self.world.clock.now().isoformat()
            self.world.outlets.emit(object_created(self.world.bucket, key, head, now))
            self._told.add(key)
        self.world.clock.advance(max(seconds, 60))

    def type_all(self, scripts: list[str]) -> list[tuple[str, int]]:
        """The commands of scripts with their exit codes."""
        return [
            (" ".join(typed), main([each for word in typed for each in _match(word)]))
            for script in scripts
            for _, *typed in commands(script)
        ]


def _match(word: str) -> list[str]:
    """A word as the shell hands it over, and with the world's name of the endpoint."""
    named = word.replace(_NAMED, ENDPOINT)
    return [str(path) for path in Path().glob(named)] if "*" in named else [named]


def outcomes(world: World) -> dict[str, Outcome | None]:
    """How the updates ended, by version."""
    ended = [world.update(execution) for execution in world.executions]
    return {update.plan.target.version: update.outcome for update in ended if update.plan}


@pytest.fixture(name="reader")
def read_documents(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Reader:
    """A reader in a folder with a model, whose watching lets the world's time pass."""
    world = make_world(requests_per_second=0.1)
    sit_down(world, monkeypatch)
    reader = Reader(world)
    look = partial(watching.look_until_over, pause=reader.pause)
    monkeypatch.setattr(watching, "look_until_over", look)
    monkeypatch.setattr(offered, "await_offer", partial(offered.await_offer, pause=reader.pause))
    monkeypatch.setattr(upload, "time", SimpleNamespace(sleep=reader.pause))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    for folder in ("qwen2.5-vl-7b-v2", "model", "policies"):
        (tmp_path / folder).mkdir()
    write_files(tmp_path / "qwen2.5-vl-7b-v2", checkpoint())
    write_files(tmp_path / "model", checkpoint())
    return reader


def test_getting_started_leads_to_an_update_and_back(reader: Reader) -> None:
    page = read_page("docs/getting-started.md").partition(_ON_AWS)[2]
    _install, _deploy, *blocks = shell_blocks(page)

    typed = reader.type_all(blocks)

    assert [command for command, code in typed if code != ExitCode.DONE] == []
    assert len(typed) == 11
    assert outcomes(reader.world) == {"v2": Outcome.UPDATED, "v1": Outcome.UPDATED}


def test_the_workflows_of_the_recipe_plan_and_release(reader: Reader) -> None:
    Path(f"policies/{ENDPOINT}.yaml").write_text("tier: critical\n", encoding="utf-8")

    typed = reader.type_all(shell_blocks(read_page("docs/recipes/github-actions.md")))

    assert [command for command, code in typed if code != ExitCode.DONE] == []
    assert len(typed) == 4
    assert outcomes(reader.world) == {"v3": Outcome.UPDATED}
