"""Makes the report of an update from its record, its timeline and what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from switchover.domain.machine_words import say_plainly, squeeze
from switchover.domain.readings import Unmeasured
from switchover.domain.report.charts import (
    chart_errors,
    chart_instances,
    chart_latency,
    chart_share,
)
from switchover.domain.report.course import (
    bakes_in,
    began_at,
    extra_instance_seconds,
    fleets_seen,
    marks_of,
    phases_seen,
)
from switchover.domain.report.facts import (
    TONES,
    compare,
    say_title,
    state_capacity,
    state_cost,
    state_facts,
    state_tiles,
)
from switchover.domain.report.golden import Asked, show_golden
from switchover.domain.report.measurements import Metric
from switchover.domain.report.ribbons import draw_ribbons
from switchover.domain.report.values import (
    MOST_CHANGES,
    MOST_MOMENTS,
    MOST_REASONS,
    Changed,
    Changes,
    Chart,
    Fault,
    Report,
    Row,
    Step,
    Window,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from switchover.domain.plans.difference import Difference
    from switchover.domain.reasons import Reason
    from switchover.domain.report.course import Seen
    from switchover.domain.report.measurements import Measurements
    from switchover.domain.serving import Serving
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update

# Shown before the change, so that a reader sees what the old fleet did by itself.
BEFORE = timedelta(minutes=10)
# Shown after it, so that the end stands clear of the edge.
_AFTER = timedelta(minutes=2)
# CloudWatch shows metrics a minute or two late (rules §4).
_LATE = timedelta(minutes=3)
# The first moments say how the update began, the last ones how it ended.
_FIRST_MOMENTS = 20


_UNREAD = Unmeasured("it was not asked for")
_UNASKED = Asked()


@dataclass(frozen=True, slots=True)
class Price:
    """What one instance costs by the hour, and who says so."""

    usd_per_hour: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What a report is made of beside the update's record.

    `measured` and `difference` are Unmeasured where they couldn't be read. `earlier` is the update that
    brought the previous version, if one is recorded. `serving` is what serves now, as far as it is known.
    """

    update: Update
    timeline: tuple[Moment, ...]
    now: datetime
    headline: str
    starter: str
    steps: tuple[Step, ...] = ()
    serving: Serving | None = None
    measured: Measurements | Unmeasured = _UNREAD
    asked: Asked = _UNASKED
    earlier: Update | None = None
    difference: Difference | Unmeasured = _UNREAD
    price: Price | None = None


def report_window(update: Update, timeline: tuple[Moment, ...], now: datetime) -> Window | None:
    """The time that the charts show; None if the update changed nothing."""
    began = began_at(timeline)
    if began is None or update.plan is None:
        return None
    ends_at = max(update.ended_at or now, began + timedelta(minutes=1))
    bakes = bakes_in(phases_seen(timeline, ends_at))
    return Window(began - BEFORE, ends_at + _AFTER, bakes, marks_of(update))


def make_report(found: Gathered) -> Report:
    """Everything that the page shows."""
    update, timeline = found.update, found.timeline
    window = report_window(update, timeline, found.now)
    ends_at = update.ended_at or found.now
    seen, spans = fleets_seen(update, timeline), phases_seen(timeline, ends_at)
    usual = update.plan.deployment.pace.old_instances if update.plan else 0
    extra = extra_instance_seconds(seen, usual, ends_at)
    rows, left_out = _rows(update, timeline)
    price = found.price
    return Report(
        endpoint=update.endpoint,
        title=say_title(update),
        update_id=update.update_id,
        made_at=found.now,
        verdict=update.outcome.value if update.outcome else "Running",
        tone=TONES[update.outcome],
        headline=found.headline or "The update is still running.",
        tiles=state_tiles(update, found.serving, found.now),
        facts=state_facts(update, found.starter),
        steps=found.steps,
        reasons=_faults((*update.reasons, *update.way_back.faults), update.update_id),
        warnings=_faults(update.found.warnings, update.update_id),
        ribbons=draw_ribbons(update.plan, began_at(timeline), spans),
        compared=compare(update, spans, max((s.standing for s in seen), default=None)),
        rows=rows,
        left_out_rows=left_out,
        window=window,
        charts=_charts(found, window, seen),
        is_fresh=found.now - ends_at < _LATE,
        unmeasured="" if window else _say_unmeasured(update),
        golden=show_golden(update, found.asked, found.earlier),
        capacity=state_capacity(update, seen, found.serving),
        cost=state_cost(
            update, extra, price.usd_per_hour if price else None, price.source if price else ""
        ),
        changes=_changes(update, found.difference),
    )


def _charts(found: Gathered, window: Window | None, seen: tuple[Seen, ...]) -> tuple[Chart, ...]:
    plan, ends_at = found.update.plan, found.update.ended_at or found.now
    if window is None or plan is None:
        return ()
    measured = None if isinstance(found.measured, Unmeasured) else found.measured
    why = (
        f"CloudWatch's metrics couldn't be read: {found.measured.why}"
        if isinstance(found.measured, Unmeasured)
        else ""
    )
    model_errors = chart_errors(plan, measured, why, Metric.MODEL_ERRORS)
    has_model_errors = any(value for each in model_errors.series for _, value in each.points)
    return (
        chart_instances(seen, ends_at),
        chart_share(plan, measured, why, window.begins_at + BEFORE, ends_at),
        chart_latency(plan, measured, why),
        chart_errors(plan, measured, why, Metric.ERRORS),
        *((model_errors,) if has_model_errors else ()),
    )


def _say_unmeasured(update: Update) -> str:
    if update.outcome is None:
        return "The endpoint hasn't begun to change, so that there is nothing to measure yet."
    return "The update changed nothing of the endpoint, so that there is nothing to measure."


def _rows(update: Update, timeline: tuple[Moment, ...]) -> tuple[tuple[Row, ...], int]:
    moments = squeeze(timeline)
    left_out = max(0, len(moments) - MOST_MOMENTS)
    if left_out:
        last = MOST_MOMENTS - _FIRST_MOMENTS
        moments = (*moments[:_FIRST_MOMENTS], *moments[-last:])
    return tuple(_row(moment, update.started_at) for moment in moments), left_out


def _row(moment: Moment, started_at: datetime) -> Row:
    seconds = max(0, int((moment.at - started_at).total_seconds()))
    offset = f"+{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    again = f" ({moment.times} times until {moment.until:%H:%M:%S})" if moment.until else ""
    return Row(
        moment.at,
        offset,
        moment.state,
        f"{say_plainly(moment.text)}{again}",
        "Red: " in moment.text,
    )


def _faults(reasons: Iterable[Reason], update_id: str) -> tuple[Fault, ...]:
    each_once = tuple(dict.fromkeys(reasons))
    shown = tuple(
        Fault(reason.subject, reason.message, reason.remedy, reason.code)
        for reason in each_once[:MOST_REASONS]
    )
    left = len(each_once) - len(shown)
    if not left:
        return shown
    remedy = f"Read them all: switchover explain {update_id} --json"
    return (*shown, Fault("more reasons", f"{left} more are not shown here.", remedy, "more"))


def _changes(update: Update, difference: Difference | Unmeasured) -> Changes:
    if update.plan is None:
        return Changes(note="The update was refused before it was planned: no new config exists.")
    if isinstance(difference, Unmeasured):
        return Changes(note=f"Not known: {difference.why}")
    return show_changes(difference)


def show_changes(difference: Difference) -> Changes:
    """The fields that differ, at most so many that a page shows them."""
    rows = [
        Changed(what, change.field, change.old, change.new)
        for what, changes in (("config", difference.config), ("model", difference.model))
        for change in changes
    ]
    left = len(rows) - MOST_CHANGES
    return Changes(
        tuple(rows[:MOST_CHANGES]),
        difference.unchanged,
        f"{left} more fields differ." if left > 0 else "",
    )
