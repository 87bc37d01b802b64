"""How policies look in a terminal: values that were set are highlighted, defaults are dim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from switchover.domain.units import say_count
from switchover_cli.policies.settings import DEFAULT, sections_opened
from switchover_cli.screens.reasons import draw_reasons

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.policies.overrides import Override
    from switchover.domain.reasons import Reason
    from switchover_cli.policies.settings import Setting


def draw_settings(
    name: str,
    settings: tuple[Setting, ...],
    sources: tuple[str, ...],
    overrides: tuple[Override, ...] = (),
) -> RenderableType:
    """Every setting by section: value, default if it differs, origin; then each override."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("key", no_wrap=True)
    table.add_column("value", overflow="fold", max_width=30)
    table.add_column("default", overflow="fold", max_width=16)
    table.add_column("from", overflow="fold")
    before = ""
    for setting in settings:
        for section in sections_opened(before, setting.section):
            *above, heading = section.split(".")
            table.add_row(Text(f"{'  ' * len(above)}{heading}", style="dim"))
        before = setting.section
        _add_setting(table, setting, sources)
    head = Text(name, style="bold")
    listed = [Text(f"  {source}", style="dim") for source in sources]
    told = [Text(f"override  {override}", style="yellow") for override in overrides]
    nothing = Text("  nothing is set: defaults", style="dim")
    return Group(head, *(listed or [nothing]), "", table, *told)


def draw_verdict(
    file: str, reasons: tuple[Reason, ...], warnings: tuple[Reason, ...]
) -> RenderableType:
    """Whether a file is valid, every fault, and every setting without effect."""
    head = Text()
    if reasons:
        head.append("Faulty", style="bold red").append(f"  {file}: ")
        head.append(f"{say_count(len(reasons), 'fault')}.")
    else:
        head.append("Right", style="green").append(f"   {file}")
    warned = [
        Text.assemble(("warning ", "yellow"), f"{warning.subject}: {warning.message}")
        for warning in warnings
    ]
    return Group(head, *draw_reasons(reasons), *warned)


def _add_setting(table: Table, setting: Setting, sources: tuple[str, ...]) -> None:
    is_set = setting.origin != DEFAULT
    style = "" if is_set else "dim"
    differs = not setting.is_default
    table.add_row(
        Text(f"{'  ' * setting.key.count('.')}{setting.name}", style=style),
        Text(setting.value, style="bold cyan" if differs else style),
        Text(setting.default if differs else "", style="dim"),
        Text(_shorten(setting.origin, sources), style=style),
    )


def _shorten(origin: str, sources: tuple[str, ...]) -> str:
    """The origin, without the folder of the file, which the head names already."""
    for source in sources:
        if origin.startswith(source):
            return f"{source.rpartition('/')[2]}{origin.removeprefix(source)}"
    return origin
