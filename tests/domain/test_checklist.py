"""The guide's five points before an update, each with the evidence of its checks."""

from __future__ import annotations

from tests.support.cases import case, found
from tests.support.samples import reason, update

from switchover.domain.checks.checklist import tick_off
from switchover.domain.planning import make_plan
from switchover.domain.preflight import Check, CheckState


def point(name: str, *checks: Check) -> Check:
    [wanted] = [each for each in tick_off(case(), checks) if each.name == f"checklist.{name}"]
    return wanted


def test_the_five_points_are_in_the_guides_order() -> None:
    points = make_plan(update(), found()).preflight.checklist
    assert [each.name.removeprefix("checklist.") for each in points] == [
        "model",
        "alarms",
        "tests",
        "rollback",
        "dashboard",
    ]


def test_a_point_is_as_bad_as_the_worst_that_it_stands_on() -> None:
    fine = Check.judged("alarms.exist", "", "one")
    red = Check.judged("alarms.quiet", "", "two", [reason("alarm.already-red")])
    alarms = point("alarms", fine, red)
    assert (alarms.state, alarms.evidence) == (CheckState.REFUSED, "one; two")
    assert alarms.reasons == red.reasons


def test_the_checklist_adds_no_reason_of_its_own() -> None:
    """It stands on the checks, whose reasons count once."""
    made = make_plan(update(reasons=(reason("model.file-missing"),)), found())
    assert [each.code for each in made.reasons] == ["model.file-missing"]


def test_a_dashboard_is_named_if_one_is_known() -> None:
    [*_, dashboard] = tick_off(case(dashboard="switchover"), ())
    assert dashboard.state is CheckState.PASSED
    assert "dashboard switchover" in dashboard.evidence


def test_without_a_dashboard_the_point_says_what_there_is() -> None:
    [*_, dashboard] = tick_off(case(), ())
    assert dashboard.state is CheckState.NOTED
    assert "`switchover watch chat`" in dashboard.evidence
