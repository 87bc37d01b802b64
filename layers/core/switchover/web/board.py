"""Fill the page of all endpoints: one file that loads nothing and runs no script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.web.report import page_style, style_policy
from switchover.web.templating import render

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.report.values import Tone


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One endpoint in words. Line breaks separate the lines of a cell."""

    endpoint: str
    tone: Tone
    cells: tuple[str, ...]
    attention: str = ""


def board_page(
    rows: tuple[BoardRow, ...],
    *,
    stack: str,
    read_at: datetime,
    head: tuple[str, ...],
    summary: str,
) -> str:
    """The page as HTML. `head` names the columns behind the endpoint's."""
    style = page_style()
    return render(
        "board.html.j2",
        rows=rows,
        stack=stack,
        read_at=read_at,
        head=head,
        summary=summary,
        figures=None,
        script=None,
        style=style,
        policy=style_policy(style),
    )
