"""What a timeline tells of the course: phases as they happened, both fleets, bakes, marks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from switchover.domain.naming import short_alarm_name
from switchover.domain.plans.timeline import PhaseName
from switchover.domain.report.values import Line, Mark, Points, Series, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update

# SageMaker's VariantStatus messages begin so (rules §2.5).
_PHASES = {
    "Launching": PhaseName.LAUNCHING,
    "Activating": PhaseName.ACTIVATING,
    "Baking": PhaseName.BAKING,
    "Terminating": PhaseName.TERMINATING,
}
_LASTS = re.compile(r"Baking for (\d+) seconds")
_COMING = re.compile(r"\b(?:Launching|Terminating) (\d+) instance")


@dataclass(frozen=True, slots=True)
class Seen:
    """Both fleets at one moment, as SageMaker counted them. `standing` are all that are paid for."""

    at: datetime
    old: int
    new: int
    standing: int


def began_at(timeline: Iterable[Moment]) -> datetime | None:
    """When the endpoint was first seen to change; None if nothing was changed."""
    return next((moment.at for moment in timeline if moment.state == "AwaitOutcome"), None)


def fleets_seen(update: Update, timeline: Iterable[Moment]) -> tuple[Seen, ...]:
    """Both fleets by time. Moments without counts are left out: they prove no instance."""
    plan = update.plan
    if plan is None:
        return ()
    return tuple(
        _seen(moment, moment.old_instances, update, plan)
        for moment in timeline
        if moment.old_instances is not None
    )


def _seen(moment: Moment, serving: int, update: Update, plan: Plan) -> Seen:
    pending = moment.new_instances or 0
    found = _COMING.search(moment.text)
    # Instances that are launching or terminating aren't counted by SageMaker, but cost money.
    counted = serving + pending
    standing = max(counted, min(counted + int(found[1]), _most(plan))) if found else counted
    if _target_serves(moment, update, plan):
        return Seen(moment.at, pending, serving, standing)
    return Seen(moment.at, serving, pending, standing)


def _most(plan: Plan) -> int:
    return max(plan.capacity.peak_instances, plan.capacity.rollback_peak_instances)


def _target_serves(moment: Moment, update: Update, plan: Plan) -> bool:
    """Whether the fleet that SageMaker calls the endpoint's own is already the new one."""
    # Names of alarms hold the target's name too: "InService on vlm-v1. Red: switchover/vlm/…".
    said = moment.text.partition(" Red: ")[0]
    if said.endswith(f" on {plan.target.config}."):
        return True
    settled_at = update.progress.settled_at
    is_back = said.endswith(f" on {plan.previous.config}.")
    return settled_at is not None and moment.at >= settled_at and not is_back


def instances_series(seen: tuple[Seen, ...], ends_at: datetime) -> tuple[Series, ...]:
    """The instances of each fleet, as steps that hold until the next look."""
    if not seen:
        return ()
    return (
        # The dashes of the old fleet are drawn over the new one's line, so that both are seen.
        Series(
            Line.NEW, "new fleet", _held([(s.at, s.new) for s in seen], ends_at), is_stepped=True
        ),
        Series(
            Line.OLD, "old fleet", _held([(s.at, s.old) for s in seen], ends_at), is_stepped=True
        ),
    )


def _held(points: list[tuple[datetime, int]], ends_at: datetime) -> Points:
    last = points[-1]
    after = [(ends_at, last[1])] if ends_at > last[0] else []
    return tuple((at, float(count)) for at, count in (*points, *after))


def extra_instance_seconds(
    seen: tuple[Seen, ...], usual_instances: int, ends_at: datetime
) -> float | None:
    """Instance-seconds above the usual fleet, between the looks; None without at least two looks."""
    if len(seen) < 2:
        return None
    ends = [*(each.at for each in seen[1:]), max(ends_at, seen[-1].at)]
    return sum(
        max(0, each.standing - usual_instances) * (end - each.at).total_seconds()
        for each, end in zip(seen, ends, strict=True)
    )


def phases_seen(timeline: Iterable[Moment], ends_at: datetime) -> tuple[Span, ...]:
    """What SageMaker did and for how long, by its messages.

    A phase lasts until the next look, as launches, shifts and terminations wake nobody. A bake lasts as
    long as SageMaker said.
    """
    looks = [moment for moment in timeline if moment.old_instances is not None]
    ends = [*(look.at for look in looks), ends_at][1:]
    spans: list[Span] = []
    text, since = "", ends_at
    for look, end in zip(looks, ends, strict=True):
        said = look.text.partition(" Red: ")[0]
        text, since = (text, since) if said == text else (said, look.at)
        phase = _phase_in(look)
        lasts = _LASTS.search(said)
        until = min(end, since + timedelta(seconds=int(lasts[1]))) if lasts else end
        if phase is not None and until > look.at:
            spans.append(Span(phase.value, look.at, until))
    return tuple(_joined(spans))


def _phase_in(moment: Moment) -> PhaseName | None:
    first = moment.text.partition(" ")[0]
    return _PHASES.get(first)


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Spans of one phase that follow on each other are one."""
    last: Span | None = None
    for span in spans:
        if last and last.name == span.name and last.ends_at == span.begins_at:
            last = Span(last.name, last.begins_at, span.ends_at)
            continue
        if last:
            yield last
        last = span
    if last:
        yield last


def bakes_in(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The bakes among the phases."""
    return tuple(span for span in spans if span.name == PhaseName.BAKING.value)


def marks_of(update: Update) -> tuple[Mark, ...]:
    """When which alarms went red, as the evidence has it; alarms of one moment share a mark."""
    names: dict[datetime, list[str]] = {}
    for trip in update.found.evidence.alarms:
        if trip.at is not None:
            names.setdefault(trip.at, []).append(short_alarm_name(trip.name))
    return tuple(Mark(at, f"{', '.join(named)} red") for at, named in sorted(names.items()))


def planned_share(plan: Plan, begins_at: datetime) -> Points:
    """The traffic that the new fleet should get, from the moment at which the change began."""
    at, points = begins_at, []
    for phase in plan.times.phases:
        points.append((at, phase.new_share * 100))
        at += timedelta(seconds=phase.seconds)
    return (*points, (at, 100.0))
