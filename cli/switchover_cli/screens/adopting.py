"""How an adopted version looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover_cli.releases.adopting import Adopted


def draw_adopted(adopted: Adopted) -> RenderableType:
    """The version's name, its deleted parts, and how to roll back to it."""
    record = adopted.record
    done = "is recorded" if record.is_new else "was recorded already"
    return Group(
        Text(f"{record.config} {done} as {record.version}, which serves {record.endpoint}."),
        *(
            Text(f"warning: {each}: no instance of it can be launched again.")
            for each in adopted.gone
        ),
        Text(f"To return to it after a later update: switchover rollback {record.endpoint}"),
    )
