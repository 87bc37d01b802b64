"""A plan as an HTML page, to attach to a change request: the same words as in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.preflight import CheckState
from switchover.domain.report.making import show_changes
from switchover.domain.report.proposed import Listed, Proposed, draw_plan
from switchover.domain.report.values import Fact, Fault, Tone
from switchover_cli.plan.failures import state_failures
from switchover_cli.plan.forecast import Answer
from switchover_cli.plan.words import (
    MARKS,
    say_headline,
    state_alarms,
    state_numbers,
    state_start,
    state_strategy,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from switchover.domain.plans.plan import Plan
    from switchover.domain.preflight import Preflight
    from switchover_cli.plan import words
    from switchover_cli.plan.proposal import Proposal

_VERDICTS = {
    Answer.STARTS: ("would start", Tone.GOOD),
    Answer.QUEUED: ("would wait", Tone.CALM),
    Answer.SUPERSEDED: ("would be Superseded", Tone.WARN),
    Answer.REJECTED: ("would be Rejected", Tone.BAD),
}


def show_proposal(proposal: Proposal, made_at: datetime) -> Proposed:
    """What the page shows of a proposal."""
    plan = proposal.plan
    ribbons, window, charts = draw_plan(plan) if plan else ((), None, ())
    verdict, tone = _VERDICTS[proposal.forecast.answer]
    return Proposed(
        title=f"{proposal.endpoint} → {proposal.version or 'a release'}",
        verdict=verdict,
        tone=tone,
        headline=say_headline(proposal),
        made_at=made_at,
        reasons=tuple(
            Fault(each.subject, each.message, each.remedy, each.code) for each in proposal.reasons
        ),
        facts=_facts((*state_start(proposal.forecast), *state_strategy(proposal))),
        numbers=_facts(state_numbers(plan, proposal.price)) if plan else (),
        tables=(*_plan_tables(plan), *_checks(proposal.preflight)),
        changes=show_changes(proposal.difference) if proposal.difference else None,
        ribbons=ribbons,
        window=window,
        charts=charts,
    )


def _facts(facts: Iterable[words.Fact]) -> tuple[Fact, ...]:
    return tuple(Fact(each.name, each.text) for each in facts)


def _plan_tables(plan: Plan | None) -> Iterator[Listed]:
    if plan is None:
        return
    yield Listed(
        "Alarms",
        ("alarm", "fleet, and who acts", "red if", "after"),
        tuple(
            (row.name, group.title, row.limit, row.how_soon)
            for group in state_alarms(plan)
            for row in group.rows
        ),
    )
    failures = tuple((each.name, each.text) for each in state_failures(plan))
    yield Listed("If it goes wrong", ("when", "what then"), failures)


def _checks(preflight: Preflight) -> Iterator[Listed]:
    if not preflight.checks:
        return
    passed = sum(check.state is CheckState.PASSED for check in preflight.checks)
    yield Listed(
        f"Checks: {passed} of {len(preflight.checks)} passed",
        ("check", "result", "evidence"),
        tuple(
            (check.title, f"{MARKS[check.state]} {check.state.value}", check.evidence)
            for check in preflight.checks
        ),
    )
