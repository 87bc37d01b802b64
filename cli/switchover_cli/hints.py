"""Adds `--local` and `--stack` to the commands that messages print, if this command was given them.

People copy the next command from a message, and it must reach the same stack. The product's messages
don't know these options, so the options are added when text is drawn.
"""

from __future__ import annotations

import re
import shlex
from contextvars import ContextVar

from switchover_cli.catalogue import COMMANDS

_NAMES = frozenset(each.name for each in COMMANDS)
# A test compares these names with the commands themselves.
_STACKLESS = frozenset({"local", "rehearse", "model check", "policy check"})
_GROUPS = "local|policy|release|model"
_COMMAND = re.compile(rf"\bswitchover ((?:{_GROUPS}) [a-z]+|[a-z]+)\b(?! --help)")

_carried: ContextVar[tuple[str, ...]] = ContextVar("carried", default=())


def forget_options() -> None:
    """Forget the options of an earlier command."""
    _carried.set(())


def carry_option(*words: str) -> None:
    """Add an option to every command that is printed from now on."""
    _carried.set((*_carried.get(), shlex.join(words)))


def carried_options() -> str:
    """The options to add to printed commands, as they are typed; empty if there are none."""
    return " ".join(_carried.get())


def find_gaps(text: str) -> tuple[int, ...]:
    """The positions in a text for the options: after the name of each command that takes them."""
    return tuple(found.end() for found in _COMMAND.finditer(text) if asks_a_stack(found.group(1)))


def asks_a_stack(command: str) -> bool:
    """Whether a command, by its name, takes `--local` and `--stack`."""
    group = command.split()[0]
    return group in _NAMES and not {command, group} & _STACKLESS
