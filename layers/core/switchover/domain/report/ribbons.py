"""Phases drawn to scale: one row as planned, one as it happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from switchover.domain.report.values import Ribbon, Segment, Span
from switchover.domain.units import say_duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchover.domain.plans.plan import Plan
    from switchover.domain.plans.timeline import Phase

# The start of a plan that has none yet.
ANY_START = datetime(2000, 1, 1, tzinfo=UTC)


def planned_spans(phases: Iterable[Phase], begins_at: datetime) -> tuple[Span, ...]:
    """The plan's phases in time, if the change begins then."""
    spans, at = [], begins_at
    for phase in phases:
        ends_at = at + timedelta(seconds=phase.seconds)
        spans.append(Span(phase.name.value, at, ends_at))
        at = ends_at
    return tuple(spans)


def draw_ribbons(
    plan: Plan | None, began_at: datetime | None, happened: tuple[Span, ...]
) -> tuple[Ribbon, ...]:
    """Both rows on one scale. Without a change there is only the plan, without a plan nothing."""
    if plan is None:
        return ()
    if began_at is None or not happened:
        # Only the distances count: the plan alone is drawn from any moment.
        begins_at = began_at or ANY_START
        return draw_rows((("planned", planned_spans(plan.times.phases, begins_at)),), begins_at)
    rows = (("planned", planned_spans(plan.times.phases, began_at)), ("happened", happened))
    return draw_rows(rows, began_at)


def draw_rows(
    rows: Iterable[tuple[str, tuple[Span, ...]]], begins_at: datetime
) -> tuple[Ribbon, ...]:
    """Rows of spans, all of them on the scale of the longest."""
    rows = tuple(rows)
    ends = [span.ends_at for _, spans in rows for span in spans]
    whole = max((end - begins_at).total_seconds() for end in ends)
    return tuple(
        Ribbon(name, tuple(_segment(span, begins_at, whole) for span in spans))
        for name, spans in rows
    )


def _segment(span: Span, begins_at: datetime, whole_seconds: float) -> Segment:
    offset = max(0.0, (span.begins_at - begins_at).total_seconds())
    return Segment(
        span.name,
        round(100 * offset / whole_seconds, 3),
        round(100 * span.seconds / whole_seconds, 3),
        f"{span.name} {say_duration(span.seconds)}",
    )
