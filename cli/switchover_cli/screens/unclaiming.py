"""How a freed endpoint looks in a terminal, with what is left to check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover_cli.steering.unclaiming import UnclaimRecord


def draw_unclaim(endpoint: str, freed: UnclaimRecord) -> RenderableType:
    """The update that held the endpoint, and what to check if its changes are unknown."""
    lines = [Text(f"{endpoint} is being freed from {freed.update_id}.")]
    if freed.to_check:
        lines.append(Text("It is unknown what that update changed. Check:"))
    return Group(*lines, *(Text(f"- {each}") for each in freed.to_check))
