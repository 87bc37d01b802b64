"""A screen that is read and drawn again until Ctrl-C."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.live import Live

from switchover_cli.output import open_console

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

# As `watch`: DescribeEndpoint every 5 s was throttled on AWS (rules §6).
_PAUSE_SECONDS = 30.0
_LOCAL_PAUSE_SECONDS = 2.0


def redraw(
    draw: Callable[[], RenderableType],
    *,
    is_local: bool,
    pause: Callable[[float], object] = time.sleep,
) -> None:
    """Draw until Ctrl-C: in place on a terminal, one below the other elsewhere."""
    console = open_console()
    seconds = _LOCAL_PAUSE_SECONDS if is_local else _PAUSE_SECONDS
    try:
        with Live(console=console, auto_refresh=False, screen=console.is_terminal) as live:
            while True:
                drawn = draw()
                if console.is_terminal:
                    live.update(drawn, refresh=True)
                else:
                    console.print(drawn)
                pause(seconds)
    except KeyboardInterrupt:
        return
