"""How the local cloud and its scenario look in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from switchover.domain.units import say_count
from switchover_cli.words import say_duration

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover_local.twin.scenario import Scenario


def draw_cloud(stack: str, speed: float, took_seconds: float) -> RenderableType:
    """Says that the cloud is up, how fast its time runs, and what to do with it."""
    return Group(
        Text(
            f"The local cloud is up, with the stack {stack!r} deployed ({say_duration(took_seconds)})."
            f" One virtual hour takes {say_duration(3600 / speed)} here."
        ),
        Text(),
        Text('  eval "$(switchover local env)"    point this shell\'s switchover and aws there'),
        Text("  switchover local demo             five updates, three outcomes, a minute or so"),
        Text("  switchover local down             stop it"),
    )


def say_scenario(read: Scenario) -> str:
    """Which parts of a scenario differ from the defaults."""
    said = [
        *([say_count(len(read.models), "model behaviour")] if read.models else []),
        *([say_count(len(read.faults), "fault")] if read.faults else []),
        *(
            name
            for name in (
                "timings",
                "capacity",
                "quotas",
                "call_rates",
                "switches",
                "marketplace_models",
            )
            if name in read.model_fields_set
        ),
    ]
    return ", ".join(said) or "all defaults"
