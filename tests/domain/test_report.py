"""What a report shows of an update, and what it says of what isn't known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.golden_samples import golden_request
from tests.support.reports import (
    BACK,
    BAKE,
    HOME,
    LAUNCH,
    PLAN,
    SHIFT,
    TARGET,
    TRIP,
    UPDATED,
    gathered,
    golden,
    moment,
    png,
    rejected,
    rolled_back,
)
from tests.support.samples import later, live_release, reason, update

from switchover.domain.naming import alarm_name
from switchover.domain.outcome import Outcome
from switchover.domain.plans.difference import find_difference
from switchover.domain.readings import Unmeasured
from switchover.domain.report.charts import with_gaps
from switchover.domain.report.course import fleets_seen, phases_seen
from switchover.domain.report.golden import MOST_IMAGE_BYTES, Asked
from switchover.domain.report.making import Price, make_report
from switchover.domain.report.measurements import Measurements, Metric, Sight, choose_period
from switchover.domain.report.values import MOST_MOMENTS, MOST_REASONS, Line, Tone
from switchover.domain.update.records import Evidence

if TYPE_CHECKING:
    from switchover.domain.report.values import Chart, Report


def chart(report: Report, name: str) -> Chart:
    return next(each for each in report.charts if each.name == name)


def lines(found: Chart) -> dict[Line, list[float | None]]:
    return {each.line: [value for _, value in each.points] for each in found.series}


def facts(report: Report, group: str) -> dict[str, str]:
    return {fact.name: fact.text for fact in getattr(report, group)}


def test_an_alarm_that_went_red_is_marked_in_the_shaded_bake() -> None:
    report = make_report(gathered(rolled_back()))

    assert report.window is not None
    assert [(m.at, m.name) for m in report.window.marks] == [(later(640), "latency red")]
    assert [(b.begins_at, b.ends_at) for b in report.window.bakes] == [(BAKE.at, BACK.at)]
    assert (report.verdict, report.tone) == ("RolledBack", Tone.BAD)


def test_alarms_that_went_red_at_once_share_a_mark() -> None:
    other = TRIP.model_copy(update={"name": alarm_name("chat", TARGET, "5xx")})

    report = make_report(gathered(rolled_back(evidence=Evidence(alarms=(TRIP, other)))))

    assert report.window is not None
    assert [mark.name for mark in report.window.marks] == ["latency, 5xx red"]


def test_both_fleets_latency_stands_beside_the_alarms_threshold() -> None:
    latency = chart(make_report(gathered(rolled_back())), "latency")

    assert lines(latency) == {Line.OLD: [pytest.approx(0.9)] * 12, Line.NEW: [20.0] * 4}
    assert latency.limit is not None
    assert (latency.limit.value, latency.unit) == (5.0, "s")
    assert "new fleet 20 s" in latency.summary


def test_an_error_rate_is_shown_in_percent() -> None:
    errors = chart(make_report(gathered(rolled_back())), "Invocation5XXErrors")

    assert lines(errors)[Line.NEW] == [2.0] * 4
    assert errors.limit is not None
    assert errors.limit.value == 5


def test_the_new_fleets_share_is_measured_beside_the_planned_one() -> None:
    share = lines(chart(make_report(gathered(rolled_back())), "share"))

    assert share[Line.NEW] == [0.0] * 8 + [25.0] * 4
    assert 20.0 in share[Line.PLANNED]


def test_the_fleets_change_their_names_when_the_target_serves() -> None:
    seen = fleets_seen(rolled_back(outcome=Outcome.UPDATED, settled_at=later(1100)), UPDATED)

    assert [(each.old, each.new) for each in seen] == [(4, 0), (4, 0), (4, 1), (0, 4)]


def test_an_alarms_name_in_a_moment_does_not_make_the_target_serve() -> None:
    [seen] = fleets_seen(rolled_back(), (HOME,))

    assert TARGET in HOME.text
    assert (seen.old, seen.new) == (4, 0)


def test_launching_instances_are_paid_for_before_they_are_counted() -> None:
    report = make_report(gathered(rolled_back()))

    # Four more than the usual four, for 480 s of launch and 30 s of removal; the canary for 170 s.
    assert facts(report, "cost")["happened"] == f"about {(4 * 510 + 170) / 3600:.1f} instance-hours"
    assert facts(report, "capacity")["during"].endswith("at most 8 instances seen")


def test_phases_of_one_kind_are_one_span() -> None:
    again = moment(300, "Launching 4 instance(s).", 4, 0)

    spans = phases_seen((LAUNCH, again, SHIFT, BAKE), later(500))

    assert [(span.name, span.seconds) for span in spans] == [
        ("launching", 480),
        ("activating", 10),
        ("baking", 10),
    ]


def test_a_bake_lasts_as_long_as_sagemaker_said_however_late_the_next_look_comes() -> None:
    still = BAKE.model_copy(update={"at": later(790)})
    launch = moment(1500, "Launching 2 instance(s).", 2, 2)

    [bake, _] = phases_seen((BAKE, still, launch), later(1600))

    assert (bake.name, bake.begins_at, bake.seconds) == ("baking", BAKE.at, 600)


def test_the_plans_estimate_stands_beside_what_happened() -> None:
    rows = {name: rest for name, *rest in make_report(gathered(rolled_back())).compared_rows}

    assert rows["baking"][1] == "2 min 50 s"
    assert rows["whole change"][1] == "the new config never served alone"
    assert rows["most instances at once"] == ["8 instances", "8 instances"]


def test_a_price_makes_money_of_the_hours() -> None:
    priced = make_report(gathered(rolled_back(), price=Price(3.6, "as given")))
    unpriced = make_report(gathered(rolled_back()))

    assert facts(priced, "cost")["money"] == "2.21 USD (3.6 USD an hour: as given)"
    assert "no price known" in facts(unpriced, "cost")["money"]


def test_without_requests_there_is_no_line_at_zero() -> None:
    report = make_report(gathered(rolled_back(), measured=Measurements(60)))

    assert [each.series for each in report.charts if each.name != "instances"] == [(), (), ()]
    assert "No data is not health" in chart(report, "latency").missing


def test_metrics_that_could_not_be_read_are_told_with_the_cause() -> None:
    report = make_report(gathered(rolled_back(), measured=Unmeasured("AccessDenied")))

    assert "couldn't be read: AccessDenied" in chart(report, "share").missing


def test_a_period_without_requests_is_a_gap() -> None:
    points = ((later(0), 1.0), (later(60), 2.0), (later(240), 3.0))

    assert with_gaps(points, 60) == (*points[:2], (later(120), None), points[2])


def test_only_what_cloudwatch_tells_together_is_shown_together() -> None:
    both = Measurements(60, {(Metric.LATENCY, Sight.BOTH): ((later(60), 1e6),)})

    latency = chart(make_report(gathered(rolled_back(), measured=both)), "latency")

    assert [each.name for each in latency.series] == ["both fleets together"]


def test_an_update_that_changed_nothing_has_no_chart() -> None:
    report = make_report(gathered(rejected(), ()))

    assert report.charts == ()
    assert "nothing to measure" in report.unmeasured
    assert "before it was planned" in report.changes.note
    assert "ended before it changed anything" in report.golden.note
    assert facts(report, "capacity")["before"].startswith("not noted")


def test_a_running_update_is_no_success() -> None:
    report = make_report(gathered(update(plan=PLAN, is_started=True), (LAUNCH,)))

    assert (report.verdict, report.tone) == ("Running", Tone.CALM)


def test_old_and_new_answers_stand_side_by_side() -> None:
    earlier = rolled_back(version="v1", golden=(golden(answer="HALT"),), ended_at=later(-86_400))

    report = make_report(gathered(rolled_back(golden=(golden(),)), earlier=earlier))

    [one] = report.golden.answered
    assert (one.old_answer, one.new_answer) == ("HALT", "STOP")
    assert report.golden.old_source.endswith("2026-01-04.")


def test_an_old_answer_that_nobody_recorded_is_not_known() -> None:
    report = make_report(gathered(rolled_back(golden=(golden(),))))

    assert report.golden.answered[0].old_answer is None
    assert "not known" in report.golden.old_source


def test_a_request_that_got_no_answer_has_none() -> None:
    report = make_report(gathered(rolled_back(golden=(golden(status=0),))))

    assert report.golden.answered[0].new_answer is None


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"<svg onload='a()'>", "isn't image/png"),
        (png() + b"0" * MOST_IMAGE_BYTES, "larger than"),
        (None, "couldn't be read"),
    ],
)
def test_an_image_that_is_none_or_too_large_is_only_named(content: bytes | None, note: str) -> None:
    request = golden_request(name="sign", chat={"prompt": "?", "images": ("a.png",)})
    asked = Asked((request,), {"a.png": content} if content else {})

    report = make_report(gathered(rolled_back(golden=(golden(),)), asked=asked))

    [image] = report.golden.answered[0].images
    assert image.data_url == ""
    assert note in image.note


def test_an_image_is_in_the_report_itself() -> None:
    request = golden_request(name="sign", chat={"prompt": "?", "images": ("a.png",)})

    report = make_report(
        gathered(rolled_back(golden=(golden(),)), asked=Asked((request,), {"a.png": png()}))
    )

    assert report.golden.answered[0].images[0].data_url.startswith("data:image/png;base64,iVBOR")


def test_a_long_timeline_keeps_its_beginning_and_its_end() -> None:
    timeline = tuple(moment(n, f"step {n}", 4, 0) for n in range(MOST_MOMENTS + 30))

    report = make_report(gathered(rolled_back(), timeline))

    assert (report.rows[0].text, report.rows[-1].text) == ("step 0", f"step {MOST_MOMENTS + 29}")
    assert (len(report.rows), report.left_out_rows) == (MOST_MOMENTS, 30)


def test_of_very_many_reasons_the_rest_is_counted() -> None:
    reasons = tuple(reason(str(number)) for number in range(MOST_REASONS + 7))

    report = make_report(gathered(rolled_back(reasons=reasons)))

    assert len(report.reasons) == MOST_REASONS + 1
    assert report.reasons[-1].message.startswith("7 more")


def test_what_changed_in_the_config_is_listed_by_field() -> None:
    difference = find_difference(PLAN, live_release())

    changes = make_report(gathered(rolled_back(), difference=difference)).changes

    assert {row.field for row in changes.rows} >= {"EndpointConfigName", "ModelName"}
    assert changes.unchanged == difference.unchanged


@pytest.mark.parametrize(
    ("age", "length", "period_seconds"),
    [
        (timedelta(hours=2), timedelta(hours=1), 60),
        (timedelta(days=1), timedelta(hours=12), 240),
        (timedelta(days=20), timedelta(hours=1), 300),
        (timedelta(days=90), timedelta(hours=1), 3600),
    ],
)
def test_metrics_are_asked_for_as_finely_as_cloudwatch_keeps_them(
    age: timedelta, length: timedelta, period_seconds: int
) -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)

    assert choose_period(now - age, now - age + length, now) == period_seconds


def test_a_report_right_after_the_end_says_that_metrics_come_late() -> None:
    assert make_report(gathered(rolled_back())).is_fresh
    assert not make_report(gathered(rolled_back(), now=later(7200))).is_fresh
