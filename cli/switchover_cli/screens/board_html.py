"""All endpoints as a page of HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.report.values import Tone
from switchover.web.board import BoardRow, board_page
from switchover_cli.screens.board import COLUMNS, cells_of, count_board

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from switchover_cli.board.reading import Row


def draw_board_page(rows: Sequence[Row], stack: str, read_at: datetime) -> str:
    """The board as a page of HTML, which works without a network."""
    return board_page(
        tuple(
            BoardRow(
                row.endpoint,
                _tone(row),
                tuple(cell.plain for cell in cells_of(row)),
                row.attention,
            )
            for row in rows
        ),
        stack=stack,
        read_at=read_at,
        head=COLUMNS,
        summary=count_board(rows),
    )


def _tone(row: Row) -> Tone:
    if row.attention:
        return Tone.WARN
    is_moving = row.status is not None and row.status.running is not None
    return Tone.CALM if is_moving else Tone.GOOD
