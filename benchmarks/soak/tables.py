"""Tables of a soak's figures."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.console import Group
from rich.table import Table
from rich.text import Text

from benchmarks.soak.figures import QUOTAS, UNPUBLISHED, cost_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from benchmarks.soak.run import Result

_MINUTE_SECONDS = 60
_DAY_SECONDS = 86_400


def draw(result: Result) -> RenderableType:
    """The result of one soak."""
    return Group(
        Text(
            f"Seed {result.seed}: {result.endpoints} endpoints, {result.days} days;"
            f" {result.wall_seconds:.0f} s, {result.cpu_seconds:.0f} s of CPU",
            style="bold",
        ),
        _draw_counts("updates told", result.outcomes),
        _draw_counts("what people did", result.deeds),
        _draw_counts("what failed", _faults(result)),
        Text(),
        _draw_calls(result),
        Text(),
        _draw_cost(result),
        *_draw_breaks(result),
    )


def draw_briefly(result: Result) -> Text:
    """One line for one of many seeds."""
    told = "  ".join(f"{outcome} {count}" for outcome, count in sorted(result.outcomes.items()))
    return Text(
        f"seed {result.seed:>3}: {sum(result.outcomes.values())} updates ({told}),"
        f" {len(result.spoilt)} calls spoilt, {len(result.breaks)} broken,"
        f" {result.cpu_seconds:.0f} s of CPU"
    )


def _draw_breaks(result: Result) -> list[Text]:
    drawn = [
        Text(f"✗ {each.at:%m-%d %H:%M:%S} {each.invariant}: {each.about}: {each.found}", "red")
        for each in result.breaks
    ]
    excused = [
        Text(f"meddled with, or in a storm: {name}: {said}", "dim")
        for name, said in result.excused.items()
    ]
    return [
        Text(),
        *excused,
        *drawn,
        Text(f"{len(drawn)} broken", "bold red" if drawn else "bold green"),
    ]


def _faults(result: Result) -> Counter[str]:
    spoilt = Counter(hit.kind.value for hit in result.spoilt)
    return spoilt + Counter(crashes=result.crashes, **{"dead letters": result.dead_letters})


def _draw_counts(name: str, counts: Counter[str]) -> Table:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", min_width=16)
    grid.add_column()
    told = ", ".join(f"{what} {count:,}" for what, count in sorted(counts.items()))
    grid.add_row(name, told or "none")
    return grid


def _draw_calls(result: Result) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("calls, without the SDK's retries", no_wrap=True)
    for name in ("in all", "per second", "in its busiest minute", "quota per second"):
        table.add_column(name, justify="right")
    for call in (*QUOTAS, *UNPUBLISHED):
        made = result.calls.get(call, 0)
        quota = QUOTAS.get(call)
        table.add_row(
            f"{call[0]} {call[1]}",
            f"{made:,}",
            f"{made / (result.days * _DAY_SECONDS):.4f}",
            f"{result.busiest.get(call, 0) / _MINUTE_SECONDS:.2f}",
            "not published" if quota is None else f"{quota:g}",
        )
    return table


def _draw_cost(result: Result) -> Table:
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), show_footer=True)
    rows = cost_of(result)
    dollars = sum(price.dollars * used for price, used in rows)
    updates = max(1, sum(result.outcomes.values()))
    table.add_column("cost, us-east-1", footer=f"in all, ${dollars / updates:.4f} for each update")
    table.add_column("used", justify="right")
    table.add_column("$", justify="right", footer=f"{dollars:.2f}")
    table.add_column("price from", style="dim")
    for price, used in rows:
        table.add_row(price.name, f"{used:,.0f}", f"{price.dollars * used:.2f}", price.source)
    return table
