"""A plan as GitHub-flavoured Markdown, to paste into a pull request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from switchover.domain.plain_text import for_message
from switchover.domain.preflight import CheckState
from switchover.domain.units import say_count
from switchover_cli.plan.failures import state_failures
from switchover_cli.plan.words import (
    MARKS,
    say_headline,
    state_alarms,
    state_numbers,
    state_start,
    state_strategy,
)
from switchover_cli.screens.timeline import draw_timeline, sum_phases

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from switchover.domain.preflight import Check
    from switchover_cli.plan.proposal import Proposal
    from switchover_cli.plan.words import Fact

# The width of a code block that GitHub shows without scrolling.
_DRAWING_WIDTH = 88
_CODE = re.compile(r"(`[^`]+`)")
# Markdown leaves an underscore within a word alone; `#12` would become a link to an issue.
_SPECIAL = re.compile(r"([\\`*|<&!\[#~]|\b_|_\b)")
# In code, GitHub doesn't notify a mentioned user.
_MENTION = re.compile(r"(?<![\w`])(@[\w-]+(?:/[\w-]+)?)(?!`)")
_ABSENT = "—"


def write_markdown(proposal: Proposal) -> str:
    """The report as Markdown: the decision is visible, the evidence is folded."""
    return "\n".join(_write(proposal)) + "\n"


def escape(text: str) -> str:
    """A text escaped so that Markdown shows it unchanged, also within a table; `code` stays code.

    No part of the text becomes a link, an image or a mention. The text stays on one line.
    """
    parts = _CODE.split(for_message(text))
    return "".join(
        part.replace("|", r"\|")
        if _CODE.fullmatch(part)
        else _MENTION.sub(r"`\1`", _SPECIAL.sub(r"\\\1", part))
        for part in parts
    )


def _write(proposal: Proposal) -> Iterator[str]:
    plan = proposal.plan
    yield f"### {escape(say_headline(proposal))}"
    if proposal.reasons:
        yield ""
        for reason in proposal.reasons:
            yield (
                f"- **{escape(reason.subject)}** {escape(reason.message)}"
                f" → {escape(reason.remedy)} (`{reason.code}`)"
            )
    numbers = state_numbers(plan, proposal.price) if plan else ()
    facts = (*state_start(proposal.forecast), *state_strategy(proposal), *numbers)
    if facts:
        yield ""
        yield from _table(("", ""), _facts(facts))
    if plan is not None:
        yield from ("", "```text", *draw_timeline(plan.times.phases, width=_DRAWING_WIDTH))
        yield from (sum_phases(plan.times.phases), "```")
        alarms = [(group.title, row) for group in state_alarms(plan) for row in group.rows]
        yield from _folded(
            say_count(len(alarms), "alarm"),
            _table(
                ("alarm", "fleet, and who acts", "red if", "after"),
                ((row.name, whose, row.limit, row.how_soon) for whose, row in alarms),
            ),
        )
        yield from _folded(
            "If it goes wrong", _table(("when", "what then"), _facts(state_failures(plan)))
        )
    yield from _checks(proposal)
    yield from _difference(proposal)


def _checks(proposal: Proposal) -> Iterator[str]:
    checks = proposal.preflight.checks
    if not checks:
        return
    passed = sum(check.state is CheckState.PASSED for check in checks)
    yield from _folded(f"Checks: {passed} of {len(checks)} passed", _evidence(checks))
    yield ""
    for point in proposal.preflight.checklist:
        box = "x" if point.state is CheckState.PASSED else " "
        yield f"- [{box}] {escape(point.title)}: {escape(point.evidence)}"


def _evidence(checks: Iterable[Check]) -> Iterator[str]:
    return _table(
        ("", "check", "evidence"),
        ((MARKS[check.state], check.title, check.evidence) for check in checks),
    )


def _difference(proposal: Proposal) -> Iterator[str]:
    difference = proposal.difference
    if difference is None:
        return
    rows = [
        (what, change.field, change.old or _ABSENT, change.new or _ABSENT)
        for what, changes in (("config", difference.config), ("model", difference.model))
        for change in changes
    ]
    yield from _folded(
        f"What changes: {say_count(len(rows), 'field')}, {difference.unchanged} stay",
        _table(("", "field", "now", "then"), rows),
    )


def _facts(facts: Iterable[Fact]) -> Iterator[tuple[str, str]]:
    return ((fact.name, fact.text) for fact in facts)


def _folded(summary: str, lines: Iterable[str]) -> Iterator[str]:
    # GitHub renders Markdown within HTML only after an empty line.
    yield from ("", f"<details><summary>{summary}</summary>", "", *lines, "", "</details>")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(escape, row))} |"
