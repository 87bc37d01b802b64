"""How an endpoint's queue looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from switchover_cli.words import say_minute

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover_cli.steering.queueing import Queue


def draw_queue(found: Queue) -> RenderableType:
    """The update that holds the endpoint, and the waiting updates in their order."""
    lines: list[RenderableType] = []
    if found.running:
        lines.append(Text(f"Running: {found.running}"))
    if found.to_finish:
        lines.append(
            Text(f"Ended; its changes are restored after SageMaker has settled: {found.to_finish}")
        )
    if found.unreadable:
        freed = (
            "Its execution still runs, and will free the endpoint."
            if found.is_running
            else f"To free the endpoint now: switchover unclaim {found.endpoint} --reason '…'"
        )
        lines.append(
            Text(f"Holds the endpoint, but its record can't be read: {found.unreadable}. {freed}")
        )
    if found.pin:
        lines.append(Text(f"Pinned to {found.pin.shown}: {found.pin.reason}"))
    if not found.waiting:
        return Group(*lines, Text(f"No update waits for {found.endpoint}."))
    for one in found.waiting:
        lines.append(Text(f"\n{one.version or '(rollback)'}  {one.update_id}", style="bold"))
        lines.append(
            Text(
                f"offered {say_minute(one.offered_at)} UTC, starts not before"
                f" {say_minute(one.not_before)} UTC: {one.why}"
            )
        )
    return Group(*lines)
