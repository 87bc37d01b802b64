"""How marks look in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from switchover_cli.words import say_minute

if TYPE_CHECKING:
    from switchover.domain.marks import Mark


def say_mark(mark: Mark) -> Text:
    """A mark in one line: the version, since when, and why."""
    since = f" since {say_minute(mark.at)} UTC" if mark.at else ""
    return Text.assemble((mark.version, "bold"), f"  marked bad{since}: {mark.reason}")
