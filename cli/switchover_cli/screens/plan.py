"""How a plan looks in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from switchover.domain.preflight import CheckState
from switchover_cli.plan.failures import state_failures
from switchover_cli.plan.words import (
    MARKS,
    say_headline,
    state_alarms,
    state_numbers,
    state_start,
    state_strategy,
)
from switchover_cli.screens.reasons import draw_reasons
from switchover_cli.screens.timeline import draw_timeline, sum_phases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import RenderableType

    from switchover.domain.plans.difference import Difference
    from switchover.domain.plans.plan import Plan
    from switchover.domain.preflight import Check
    from switchover_cli.plan.proposal import Proposal
    from switchover_cli.plan.words import Fact

WIDEST = 100
_MARK_STYLES = {
    CheckState.PASSED: "green",
    CheckState.NOTED: "yellow",
    CheckState.REFUSED: "bold red",
    CheckState.UNKNOWN: "yellow",
}
_ABSENT = "—"


def draw_proposal(proposal: Proposal, *, width: int) -> RenderableType:
    """The whole report. No fact is shown by colour alone."""
    plan = proposal.plan
    parts: list[RenderableType] = [Text(say_headline(proposal), style="bold")]
    if proposal.reasons:
        parts += [_title("Reasons against the update"), *draw_reasons(proposal.reasons)]
    facts = (*state_start(proposal.forecast), *state_strategy(proposal))
    parts += [Text(), _draw_facts(facts)] if facts else []
    if plan is not None:
        parts += _draw_plan(plan, proposal, width)
    parts += _draw_checks(proposal)
    if proposal.difference is not None:
        parts += _draw_difference(proposal.difference)
    return Group(*parts)


def _draw_plan(plan: Plan, proposal: Proposal, width: int) -> Iterator[RenderableType]:
    yield _title("Timeline")
    if plan.times.phases:
        for line in draw_timeline(plan.times.phases, width=width):
            yield Text(line, no_wrap=True)
        yield Text(sum_phases(plan.times.phases), style="dim")
    yield _title("Numbers")
    yield _draw_facts(state_numbers(plan, proposal.price))
    yield _title("Alarms, and how soon they go red")
    yield from _draw_alarms(plan)
    yield _title("If it goes wrong")
    yield _draw_facts(state_failures(plan))


def _draw_alarms(plan: Plan) -> Iterator[RenderableType]:
    groups = state_alarms(plan)
    rows = [row for group in groups for row in group.rows]
    for group in groups:
        yield Text(group.title)
        table = Table.grid(padding=(0, 2))
        # The same width in every group, so that the groups look like one table.
        table.add_column(width=2 + max(len(row.name) for row in rows))
        table.add_column(width=max(len(row.limit) for row in rows))
        table.add_column(overflow="fold")
        for row in group.rows:
            table.add_row(Text(f"  {row.name}"), Text(row.limit), Text(row.how_soon))
        yield table


def _draw_checks(proposal: Proposal) -> Iterator[RenderableType]:
    checks = proposal.preflight.checks
    if checks:
        yield _title("Checks")
        yield _list_checks(checks)
        yield _title("The guide's checklist")
        yield _list_checks(proposal.preflight.checklist)
    if proposal.unchecked:
        yield _title("Not checked")
        for what in proposal.unchecked:
            yield Text(f"? {what}")


def _list_checks(checks: Iterable[Check]) -> RenderableType:
    table = Table.grid(padding=(0, 1))
    for check in checks:
        mark = Text(MARKS[check.state], style=_MARK_STYLES[check.state])
        table.add_row(mark, Text.assemble((check.title, "bold"), f": {check.evidence}"))
    return table


def _draw_difference(difference: Difference) -> Iterator[RenderableType]:
    yield _title("What changes")
    for what, changes in (("config", difference.config), ("model", difference.model)):
        for change in changes:
            yield Text.assemble((f"{what} ", "dim"), change.field)
            sides = Text(f"{change.old or _ABSENT} → {change.new or _ABSENT}", overflow="fold")
            yield Padding(sides, (0, 0, 0, 4))
    yield Text(f"{difference.unchanged} fields of config and model stay unchanged.", style="dim")


def _draw_facts(facts: Iterable[Fact]) -> RenderableType:
    table = _grid()
    for fact in facts:
        table.add_row(Text(fact.name, style="dim"), Text(fact.text))
    return table


def _grid() -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, min_width=10)
    table.add_column(overflow="fold")
    return table


def _title(text: str) -> Text:
    return Text(f"\n{text}", style="bold cyan")
