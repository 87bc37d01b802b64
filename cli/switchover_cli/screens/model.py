"""How the findings about a model look in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from switchover.domain.units import say_count
from switchover_cli.screens.reasons import draw_reasons

if TYPE_CHECKING:
    from switchover.checkpoint.findings import Inspection
    from switchover_cli.output import PlainConsole


def print_check(model: str, found: Inspection, console: PlainConsole) -> None:
    """What was checked and what wasn't, then every warning, then every fault with its remedy."""
    for what in found.checked:
        console.print(Text(f"checked   {what}", style="dim"))
    for what in found.unchecked:
        console.print(Text.assemble(("unchecked", "yellow"), f" {what}"))
    for warning in found.warnings:
        console.print(Text.assemble(("warning", "yellow"), f"   {warning} ({warning.code})"))
    if not found.reasons:
        console.print(
            Text.assemble(("Sound", "green"), f": nothing found against {model}."), soft_wrap=True
        )
        return
    faults = say_count(len(found.reasons), "fault")
    console.print(Text.assemble(("Faulty", "bold red"), f": {faults} in {model}."), soft_wrap=True)
    for drawn in draw_reasons(found.reasons):
        console.print(drawn)
