"""Every command in the documents can be typed: it exists, and has what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from tests.support.docs_commands import ROOT, commands, read_page, shell_blocks
from typer.exceptions import TyperException

from switchover_cli.app import app

_CLI = typer.main.get_command(app)
_PAGES = [
    str(path.relative_to(ROOT))
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
]
FOUND = [
    pytest.param(typed[1:], id=f"{page}: {' '.join(typed[1:])}")
    for page in _PAGES
    for block in shell_blocks(read_page(page))
    for typed in commands(block)
]


_FOLDERS = frozenset({"model", "./qwen2.5-vl-7b-v2", "./qwen2.5-vl-7b", "./gpt-oss-20b"})


@pytest.fixture(autouse=True)
def sit_in_a_readers_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Type commands where the model folders that the documents name are."""
    monkeypatch.chdir(tmp_path)
    for folder in _FOLDERS:
        (tmp_path / folder).mkdir()


def parse(words: list[str]) -> None:
    """Parse a command as the CLI does, and run nothing. Files that it names are there."""
    for word in words:
        if word.endswith((".yaml", ".json")) and "://" not in word:
            Path(word).parent.mkdir(parents=True, exist_ok=True)
            Path(word).touch()
    name, command, rest = "switchover", _CLI, words
    with typer.Context(command, info_name=name) as context:
        while hasattr(command, "get_command") and rest and not rest[0].startswith("-"):
            _, command, rest = command.resolve_command(context, rest)
    if command is not _CLI:
        command.make_context(name, rest)


@pytest.mark.parametrize("words", FOUND)
def test_a_command_of_the_documents_can_be_typed(words: list[str]) -> None:
    parse(words)


def test_a_command_that_lacks_an_argument_would_be_found() -> None:
    with pytest.raises(TyperException, match="Missing"):
        parse(["rollback"])


def test_commands_are_found_in_every_kind_of_block() -> None:
    text = (
        "```sh\nswitchover status a && switchover queue a > file\n```\n"
        "```yaml\non: push\njobs:\n  one:\n    steps:\n"
        "      - uses: checkout\n      - run: x | switchover doctor\n```\n"
    )

    assert [typed for block in shell_blocks(text) for typed in commands(block)] == [
        ["switchover", "status", "a"],
        ["switchover", "queue", "a"],
        ["switchover", "doctor"],
    ]
