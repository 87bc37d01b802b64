"""How the leftovers of an endpoint's updates look in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import RenderableType

    from switchover_cli.garbage.rules import Judged


def draw_leftovers(endpoint: str, judged: Sequence[Judged]) -> RenderableType:
    """Every config and model, with the reasons why it is still needed."""
    if not judged:
        return Text(f"Switchover made no config or model for {endpoint} that still exists.")
    return Group(*(line for each in judged for line in _draw_judged(each)), Text())


def say_removable(judged: Sequence[Judged], command: str) -> str:
    """How many can be removed, and the command for this."""
    removable = sum(each.is_removable for each in judged)
    if removable:
        return f"{removable} can be removed: {command}"
    return "All of them are still needed."


def _draw_judged(judged: Judged) -> Iterator[RenderableType]:
    made = judged.made
    yield Text.assemble(f"{made.sort.value:<8}", (made.name, "bold"), f"  {made.version}")
    why = "; ".join(judged.needed_by)
    needed = Text(f"needed: {why}", "dim") if why else Text("not needed", "yellow")
    yield Padding(needed, (0, 0, 0, 8))
