"""How reasons look in a terminal: numbered, each with its remedy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.reasons import Reason


def draw_reasons(reasons: tuple[Reason, ...]) -> tuple[RenderableType, ...]:
    """Every reason as a short paragraph: what, why, and the remedy."""
    if not reasons:
        return ()
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="dim", min_width=3)
    table.add_column(overflow="fold")
    for number, reason in enumerate(reasons, start=1):
        what = Text(reason.subject, style="bold")
        what.append(f"  {reason.message}", style="not bold")
        table.add_row(f"{number}.", what)
        table.add_row("", Text(f"→ {reason.remedy}", style="cyan"))
    return (table,)
