"""Commands that messages print, with the options by which this one found its stack.

Whoever typed `--local` or `--stack X` must type them with the next command too, and copies that one
from a message. Messages of the product know nothing of them: they are put in where text is drawn.
"""

from __future__ import annotations

import re
import shlex
from contextvars import ContextVar

from switchover_cli.catalogue import COMMANDS

_NAMES = frozenset(each.name for each in COMMANDS)
# Of these. A test holds them against the commands themselves.
_STACKLESS = frozenset({"local", "rehearse", "model check", "policy check"})
_GROUPS = "local|policy|release|model"
_COMMAND = re.compile(rf"\bswitchover ((?:{_GROUPS}) [a-z]+|[a-z]+)\b(?! --help)")

_carried: ContextVar[tuple[str, ...]] = ContextVar("carried", default=())


def forget_options() -> None:
    """Begin a command anew: no option is known to be typed."""
    _carried.set(())


def carry_option(*words: str) -> None:
    """Have every command that is printed from now on carry an option that was typed."""
    _carried.set((*_carried.get(), shlex.join(words)))


def carried_options() -> str:
    """What printed commands carry, as it is typed; empty if nothing was typed."""
    return " ".join(_carried.get())


def find_gaps(text: str) -> tuple[int, ...]:
    """Where options belong: behind the name of each command in a text that asks a stack."""
    return tuple(found.end() for found in _COMMAND.finditer(text) if asks_a_stack(found.group(1)))


def asks_a_stack(command: str) -> bool:
    """Whether a command, by its name, takes `--local` and `--stack`."""
    group = command.split()[0]
    return group in _NAMES and not {command, group} & _STACKLESS
