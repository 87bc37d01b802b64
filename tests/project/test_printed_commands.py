"""Every command that a message prints can be typed unchanged."""

from __future__ import annotations

import shlex

import pytest
import typer
from tests.support.printed_commands import Printed, printed_commands
from typer.exceptions import TyperException

from switchover_cli.app import app

_CLI = typer.main.get_command(app)
# What a message prints after a program's name alone isn't typed.
_PROSE = frozenset({"switchover and aws there"})
FOUND = sorted(found for found in printed_commands() if found.command not in _PROSE)


def words(found: Printed) -> list[str]:
    """The command as the shell cuts it, with a word for whatever is put in."""
    filled = (
        found.command.replace("--keep {}", "--keep 1")
        .replace("{}{}", "{}")
        .replace("{}", "word")
        .replace("…", "word")
    )
    return shlex.split(filled)[1:]


@pytest.mark.parametrize("found", FOUND, ids=str)
def test_a_command_that_is_printed_exists_and_lacks_nothing(found: Printed) -> None:
    name, command, rest = "switchover", _CLI, words(found)
    with typer.Context(command, info_name=name) as context:
        while hasattr(command, "get_command") and rest:
            _, command, rest = command.resolve_command(context, rest)
    if rest and rest != ["--help"]:
        command.make_context(name, rest)


# A single word is the release's S3 URI, or put together elsewhere.
STARTS = [each for each in FOUND if words(each)[0] == "start" and len(words(each)) > 2]


@pytest.mark.parametrize("found", STARTS, ids=str)
def test_a_start_that_is_printed_says_of_what(found: Printed) -> None:
    assert {"--endpoint", "--version"} <= set(words(found))


def test_an_incomplete_command_would_be_found() -> None:
    _, command, _ = _CLI.resolve_command(typer.Context(_CLI), ["abort"])
    with pytest.raises(TyperException, match="reason"):
        command.make_context("abort", ["chat"])
