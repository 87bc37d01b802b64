"""What is left to check once an endpoint is freed, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover_cli.steering.unclaiming import UnclaimRecord


def draw_unclaim(endpoint: str, freed: UnclaimRecord) -> RenderableType:
    """From which update an endpoint is freed, and what to look at where its changes are unknown."""
    lines = [Text(f"{endpoint} is being freed from {freed.update_id}.")]
    if freed.to_check:
        lines.append(Text("It is unknown what that update changed. Check:"))
    return Group(*lines, *(Text(f"- {each}") for each in freed.to_check))
