"""What was adopted, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover_cli.releases.adopting import Adopted


def draw_adopted(adopted: Adopted) -> RenderableType:
    """Which version it is now, what of it is gone, and how to go back to it."""
    record = adopted.record
    done = "is recorded" if record.is_new else "was recorded already"
    return Group(
        Text(f"{record.config} {done} as {record.version}, which serves {record.endpoint}."),
        *(
            Text(f"warning: {each}: no instance of it can be launched again.")
            for each in adopted.gone
        ),
        Text(f"Back to it, once something else serves: switchover rollback {record.endpoint}"),
    )
