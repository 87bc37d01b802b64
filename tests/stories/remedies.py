"""Commands that messages print: the situation of each, and the effect of typing it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.printed_commands import Printed

from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest
    from tests.support.world import World

CLI = "cli/switchover_cli"
DOMAIN = "layers/core/switchover/domain"
EXPLAIN = "layers/core/switchover/explain"
WEB = "layers/core/switchover/web/templates"
# What a message leaves open, and a person fills in.
_FILLED = {
    "'…'": "because",
    "…": "v2",
    "ENDPOINT": "vlm",
    "VERSION": "v1",
    "NAME": "by-hand",
}
# An option that follows the part of a command that stands in the source.
_OPTIONS = r"(?: --[a-z][\w-]*(?: (?:'[^']*'|[\w./-]*\w))?)*"


@dataclass(frozen=True, slots=True)
class Desk:
    """A person at a terminal in front of a story's world."""

    world: World
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]
    codes: list[int] = field(default_factory=list)

    def type(self, *words: str) -> str:
        """Run a command; what it prints on stdout and stderr, as one line."""
        self.capsys.readouterr()
        self.codes.append(int(main(words)))
        printed = self.capsys.readouterr()
        return " ".join(f"{printed.out} {printed.err}".split())

    def type_printed(self, text: str, command: str, filled: dict[str, str]) -> str:
        """Run the command of that shape as a text prints it."""
        return self.type(*shlex.split(fill(find_printed(text, command), filled))[1:])


@dataclass(frozen=True, slots=True)
class Remedy:
    """A printed command, and the situation that prints it.

    `bring` brings the situation about and returns the text. Typed, the command ends with `ends`, its
    screen holds `shows`, and the world is as `helps` says. `filled` is what the person puts in.
    """

    printed: Printed
    bring: Callable[[Desk], str]
    ends: ExitCode = ExitCode.DONE
    shows: str = ""
    helps: Callable[[World], bool] | None = None
    filled: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.bring.__name__}: {self.printed.command}"


STORIES: list[Remedy] = []


def prints(
    file: str,
    command: str,
    *,
    ends: ExitCode = ExitCode.DONE,
    shows: str = "",
    helps: Callable[[World], bool] | None = None,
    filled: dict[str, str] | None = None,
) -> Callable[[Callable[[Desk], str]], Callable[[Desk], str]]:
    """Say that a situation prints a command of a file, and what typing the command does."""

    def register(bring: Callable[[Desk], str]) -> Callable[[Desk], str]:
        STORIES.append(Remedy(Printed(file, command), bring, ends, shows, helps, filled or {}))
        return bring

    return register


def find_printed(text: str, command: str) -> str:
    """The command of a shape (`{}` stands for what was put in) as a text prints it."""
    shape = re.escape(command).replace(r"\{\}\{\}", r"\{\}").replace(r"\ ", " ")
    found = re.search(shape.replace(r"\{\}", r"[\w./-]*\w") + _OPTIONS, " ".join(text.split()))
    assert found is not None, f"{command!r} isn't printed: {text}"
    return found.group()


def fill(command: str, filled: dict[str, str]) -> str:
    """The command with what a person puts in."""
    for name, value in {**filled, **_FILLED, **filled}.items():
        command = command.replace(name, value)
    return command
