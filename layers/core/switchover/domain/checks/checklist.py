"""The guide's checklist before an update (best practices, 1), each point with its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.preflight import Check, CheckState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.domain.checks.case import Case

# A point has the worst state of its checks.
_BY_WEIGHT = (CheckState.REFUSED, CheckState.UNKNOWN, CheckState.NOTED, CheckState.PASSED)


def tick_off(case: Case, checks: Sequence[Check]) -> tuple[Check, ...]:
    """The five points in the guide's order."""
    return (
        _point("checklist.model", "The new model is in S3", checks, "release.model"),
        _point(
            "checklist.alarms",
            "CloudWatch alarms are configured",
            checks,
            "alarms.exist",
            "alarms.quiet",
            "alarms.timely",
        ),
        _point("checklist.tests", "Test cases are prepared", checks, "tests.golden"),
        _point(
            "checklist.rollback",
            "The rollback is planned",
            checks,
            "endpoint.way-back",
            "rollback.goal",
        ),
        _dashboard(case),
    )


def _point(name: str, title: str, checks: Sequence[Check], *on: str) -> Check:
    stands_on = [check for check in checks if check.name in on]
    if not stands_on:
        return Check.judged(name, title, "not needed for a rollback")
    state = min((check.state for check in stands_on), key=_BY_WEIGHT.index)
    return Check(
        name=name,
        title=title,
        state=state,
        evidence="; ".join(check.evidence for check in stands_on),
        reasons=tuple(reason for check in stands_on for reason in check.reasons),
    )


def _dashboard(case: Case) -> Check:
    name, title = "checklist.dashboard", "A dashboard is ready"
    watch = f"`switchover watch {case.update.endpoint}` follows the update"
    if case.found.dashboard:
        evidence = f"CloudWatch dashboard {case.found.dashboard} shows every fleet; {watch}"
        return Check.judged(name, title, evidence)
    return Check.noted(name, title, f"no dashboard is known here; {watch}")
