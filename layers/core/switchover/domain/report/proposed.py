"""The page of an update that is only planned: what it would do, for a change request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from switchover.domain.report.course import bakes_in, planned_share
from switchover.domain.report.ribbons import ANY_START, draw_rows, planned_spans
from switchover.domain.report.values import (
    Changes,
    Chart,
    Fact,
    Fault,
    Line,
    Ribbon,
    Series,
    Tone,
    Window,
)

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.plans.plan import Plan


@dataclass(frozen=True, slots=True)
class Listed:
    """A table: its title, its columns and its rows."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """Everything that the page of a plan shows. Charts begin at 00:00, when the change begins."""

    title: str
    verdict: str
    tone: Tone
    headline: str
    made_at: datetime
    reasons: tuple[Fault, ...] = ()
    facts: tuple[Fact, ...] = ()
    numbers: tuple[Fact, ...] = ()
    tables: tuple[Listed, ...] = ()
    changes: Changes | None = None
    ribbons: tuple[Ribbon, ...] = ()
    window: Window | None = None
    charts: tuple[Chart, ...] = ()


def draw_plan(plan: Plan) -> tuple[tuple[Ribbon, ...], Window, tuple[Chart, ...]]:
    """A plan drawn over time: its phases, both fleets, and the traffic of the new one."""
    phases = plan.times.phases
    spans = planned_spans(phases, ANY_START)
    ends_at = ANY_START + timedelta(seconds=plan.times.expected_seconds)
    starts = [span.begins_at for span in spans]
    old = [(at, float(phase.old_instances)) for at, phase in zip(starts, phases, strict=True)]
    new = [(at, float(phase.new_instances)) for at, phase in zip(starts, phases, strict=True)]
    charts = (
        Chart(
            name="instances",
            title="Instances, launching and terminating ones included",
            unit="instances",
            summary=f"At most {plan.capacity.peak_instances} instances of both fleets at once.",
            series=(
                Series(
                    Line.NEW,
                    "new fleet",
                    (*new, (ends_at, float(plan.deployment.pace.instances))),
                    is_stepped=True,
                ),
                Series(Line.OLD, "old fleet", (*old, (ends_at, 0.0)), is_stepped=True),
            ),
        ),
        Chart(
            name="share",
            title="Traffic to the new fleet",
            unit="%",
            summary="The least share of the requests that the new fleet gets.",
            series=(
                Series(
                    Line.PLANNED,
                    "planned, at least",
                    planned_share(plan, ANY_START),
                    is_stepped=True,
                ),
            ),
        ),
    )
    window = Window(ANY_START, ends_at, bakes_in(spans))
    return draw_rows((("planned", spans),), ANY_START), window, charts
