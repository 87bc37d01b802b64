"""The words of a report: verdict, facts, what was planned and what happened, capacity and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.naming import short_alarm_name
from switchover.domain.outcome import Outcome
from switchover.domain.plans.plan import Kind
from switchover.domain.plans.timeline import PhaseName
from switchover.domain.report.values import Compared, Fact, Tone
from switchover.domain.serving import say_serving
from switchover.domain.units import say_count, say_duration, say_roughly

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from switchover.domain.plans.plan import Plan
    from switchover.domain.report.course import Seen
    from switchover.domain.report.values import Span
    from switchover.domain.serving import Serving
    from switchover.domain.update.update import Update

TONES = {
    None: Tone.CALM,
    Outcome.UPDATED: Tone.GOOD,
    Outcome.ROLLED_BACK: Tone.BAD,
    Outcome.NEEDS_OPERATOR: Tone.BAD,
    Outcome.REJECTED: Tone.WARN,
    Outcome.QUEUED: Tone.CALM,
    Outcome.SUPERSEDED: Tone.CALM,
}
UNKNOWN = "not known"
_NOT_CHANGED = "nothing was changed"


def say_title(update: Update) -> str:
    """What the update was about: `vlm → v2`."""
    if update.kind is Kind.ROLLBACK:
        return f"{update.endpoint} → back to {update.version}".removesuffix(" to ")
    return f"{update.endpoint} → {update.version or 'a release'}"


def state_tiles(update: Update, serving: Serving | None, now: datetime) -> tuple[Fact, ...]:
    """What a reader looks for first."""
    golden = update.found.golden
    passed = sum(result.has_passed for result in golden)
    whole = say_duration(((update.ended_at or now) - update.started_at).total_seconds())
    return (
        Fact("serves now", say_serving(serving) if serving else UNKNOWN),
        Fact("took" if update.ended_at else "has taken", whole),
        Fact("golden requests", f"{passed} of {len(golden)} passed" if golden else "none asked"),
        Fact("alarms that went red", _say_alarms(update)),
    )


def _say_alarms(update: Update) -> str:
    if not update.progress.is_started:
        return "none watched: nothing was changed"
    names = (short_alarm_name(trip.name) for trip in update.found.evidence.alarms)
    return ", ".join(dict.fromkeys(names)) or "none recorded"


def state_facts(update: Update, starter: str) -> tuple[Fact, ...]:
    """What was asked for, when, by whom, and what deviates from the policy."""
    plan = update.plan
    facts = [
        *(
            (Fact("from", f"{plan.previous.version}, config {plan.previous.config}"),)
            if plan
            else ()
        ),
        *((Fact("to", f"{plan.target.version}, config {plan.target.config}"),) if plan else ()),
        *((Fact("strategy", _say_strategy(plan)),) if plan else ()),
        Fact("started", f"{update.started_at:%Y-%m-%d %H:%M:%S} UTC"),
        Fact("ended", f"{update.ended_at:%Y-%m-%d %H:%M:%S} UTC" if update.ended_at else "it runs"),
        Fact("requested by", starter or "an unknown person, without a reason"),
        *(
            Fact("answer", f"{given.at:%H:%M:%S} UTC: {given.told}")
            for given in update.asking.given
        ),
        *(
            (Fact("proof", f"proven {update.found.identity.told}"),)
            if update.found.identity
            else ()
        ),
        *(Fact("override", str(each)) for each in (plan.overrides if plan else ())),
        *(Fact("note", note) for note in (plan.notes if plan else ())),
    ]
    return tuple(facts)


def _say_strategy(plan: Plan) -> str:
    pace = plan.deployment.pace
    if pace.steps == 1:
        return f"{pace.strategy.value}, {say_count(pace.instances, 'instance')}"
    return f"{pace.strategy.value}, first a {pace.first_step}"


def compare(update: Update, spans: Iterable[Span], peak: int | None) -> tuple[Compared, ...]:
    """The plan's estimate against what happened."""
    plan = update.plan
    if plan is None:
        return ()
    moved, took = update.progress.moving_seconds, _sum(spans)
    is_started = update.progress.is_started
    unseen = "not seen" if is_started else _NOT_CHANGED
    whole = (
        say_duration(moved)
        if moved is not None
        else ("the new config never served alone" if is_started else _NOT_CHANGED)
    )
    rows = [Compared("whole change", say_roughly(plan.times.expected_seconds), whole)]
    planned = _sum_phases(plan)
    rows += [
        Compared(
            name.value,
            say_duration(planned[name.value]) if name.value in planned else "none",
            say_duration(took[name.value]) if name.value in took else unseen,
        )
        for name in PhaseName
        if name.value in planned or name.value in took
    ]
    return (
        *rows,
        Compared(
            "most instances at once",
            say_count(plan.capacity.peak_instances, "instance"),
            say_count(peak, "instance") if peak is not None else unseen,
        ),
    )


def _sum(spans: Iterable[Span]) -> dict[str, float]:
    sums: dict[str, float] = {}
    for span in spans:
        sums[span.name] = sums.get(span.name, 0) + span.seconds
    return sums


def _sum_phases(plan: Plan) -> dict[str, int]:
    sums: dict[str, int] = {}
    for phase in plan.times.phases:
        sums[phase.name.value] = sums.get(phase.name.value, 0) + phase.seconds
    return sums


def state_capacity(
    update: Update, seen: tuple[Seen, ...], serving: Serving | None
) -> tuple[Fact, ...]:
    """The capacity before, during and after."""
    noted, plan = update.capacity.snapshot, update.plan
    if noted is None or plan is None:
        return (Fact("before", "not noted, because the update ended before it changed anything"),)
    target = noted.scaling.target
    bounds = (
        f"scaling between {target.get('MinCapacity', '?')} and {target.get('MaxCapacity', '?')}"
        if target
        else "no autoscaling"
    )
    during = plan.capacity.during
    planned = f"scaling between {during[0]} and {during[1]}; " if during else "scaling suspended; "
    peak = max((each.standing for each in seen), default=None)
    told = f"at most {say_count(peak, 'instance')} seen" if peak is not None else "not seen"
    return (
        Fact("before", f"{say_count(noted.desired_instances, 'instance')}, {bounds}"),
        Fact("during", f"{planned if target else ''}{told}"),
        Fact("after", say_count(serving.instances, "instance") if serving else UNKNOWN),
        *(Fact("left as it is", each.message) for each in update.capacity.left_to_others),
    )


def state_cost(
    update: Update, extra_seconds: float | None, usd_per_hour: float | None, source: str
) -> tuple[Fact, ...]:
    """Instance-hours above the usual fleet, planned and as far as they were seen; money if priced."""
    plan = update.plan
    if plan is None:
        return (Fact("cost", "nothing was planned, so no instance was added"),)
    planned = plan.capacity.extra_instance_seconds
    happened = _say_hours(extra_seconds) if extra_seconds is not None else _unseen(update)
    money = f"no price known; give one with --price: switchover report {update.update_id}"
    if usd_per_hour is not None:
        paid = planned if extra_seconds is None else extra_seconds
        money = f"{usd_per_hour * paid / 3600:.2f} USD ({usd_per_hour:g} USD an hour: {source})"
    return (
        Fact("planned", f"{_say_hours(planned)} in addition to the usual fleet"),
        Fact("happened", happened),
        Fact("money", money),
    )


def _unseen(update: Update) -> str:
    return UNKNOWN if update.progress.is_started else "none, nothing was changed"


def _say_hours(seconds: float) -> str:
    return f"about {seconds / 3600:.1f} instance-hours"
