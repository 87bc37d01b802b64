"""An outcome for an engineer's phone at night: at most twelve lines, the most important first."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from switchover.domain.golden.identity import UNASKED
from switchover.domain.naming import short_alarm_name
from switchover.domain.outcome import Outcome
from switchover.domain.plain_text import for_message, quote
from switchover.domain.serving import say_serving
from switchover.domain.units import say_count, say_roughly
from switchover.explain.advice import advise
from switchover.explain.deviations import say_hotfix, say_overrides
from switchover.explain.waits import say_starter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update

_SENTENCE = 200
_MOST_REASONS = 2
# The message for a rejected release lists all its faults, and has little other content.
_MOST_FAULTS = 3
_UNTOUCHED = frozenset({Outcome.REJECTED, Outcome.QUEUED, Outcome.SUPERSEDED})


def tell_outcome(update: Update) -> tuple[str, ...]:
    """The lines: how it ended, why, what SageMaker and the container said, what serves, what to do.

    Each line is safe in a message: no name or text of others begins a line or becomes a link.
    """
    todo = [f"Next: {step}" for step in advise(update)] or ["Nothing to do."]
    more = f"More: switchover explain {update.update_id}"
    return (*tell_ending(update), *map(for_message, (*todo, more)))


def tell_ending(update: Update) -> tuple[str, ...]:
    """The lines without the next steps: how it ended, why, and what serves. Each is safe in a message."""
    lines = [headline(update)]
    if update.outcome is Outcome.UPDATED:
        lines += _way(update)
    starter = say_starter(update)
    if hotfix := say_hotfix(update):
        lines.append(hotfix)
    elif starter:
        lines.append(f"Requested by {starter}." if update.offered_by else f"Requested: {starter}.")
    if overrides := say_overrides(update):
        lines.append(shorten(overrides, _SENTENCE, placeholder=" …"))
    if update.outcome is Outcome.UPDATED:
        lines.append(f"Proven {(update.found.identity or UNASKED).told}.")
    lines += _reasons(update)
    if update.outcome not in _UNTOUCHED:
        lines += _testimony(update)
    return tuple(map(for_message, lines))


def headline(update: Update) -> str:
    """The update's outcome, without the reason in its summary: reasons have their own lines."""
    if not update.reasons:
        return update.summary
    told, quoted, _ = update.summary.partition(f": {update.reasons[0].subject}: ")
    return f"{told}." if quoted else told


def _way(update: Update) -> Iterator[str]:
    """The strategy that moved the endpoint, and how long the move took."""
    plan, seconds = update.plan, update.progress.moving_seconds
    if plan is None or seconds is None:
        return
    pace = plan.deployment.pace
    steps = f" in steps of {pace.step_instances}" if pace.steps > 1 else ""
    yield (
        f"Moved by {pace.strategy.value}, {say_count(pace.instances, 'instance')}{steps}, in"
        f" {say_roughly(seconds)} (planned: about {say_roughly(plan.times.expected_seconds)})."
    )


def _reasons(update: Update) -> Iterator[str]:
    is_untouched = update.outcome in _UNTOUCHED
    most = _MOST_FAULTS if is_untouched else _MOST_REASONS
    faults = (*update.way_back.faults, _fault_of_way_back(update))
    told = [
        # SageMaker's words have a line of their own, and so have the faults of the rollback.
        reason
        for reason in update.reasons
        if is_untouched or (reason.code != "sagemaker.failure-reason" and reason not in faults)
    ]
    for reason in told[:most]:
        if is_untouched:
            yield f"- {reason.subject}: {reason.message}"
            if update.outcome is not Outcome.SUPERSEDED:  # the reason's remedy is the next step
                yield f"→ {reason.remedy}"
        else:
            yield shorten(f"Why: {say_cause(reason)}", _SENTENCE, placeholder=" …")
    if len(told) > most:
        yield f"- and {len(told) - most} more"


def _fault_of_way_back(update: Update) -> Reason | None:
    """Why the rollback failed, if that differs from the cause of the rollback."""
    if update.outcome is not Outcome.NEEDS_OPERATOR:
        return None
    crashes = (reason for reason in update.reasons[1:] if reason.code == "switchover.crashed")
    return next(crashes, next(reversed(update.way_back.faults), None))


def say_cause(reason: Reason) -> str:
    """The cause of the failure. Own alarms are named by their metric: full names fill a screen."""
    kind, _, name = reason.subject.partition(" ")
    subject = f"alarm {short_alarm_name(name)}" if kind == "alarm" else reason.subject
    return f"{subject}: {reason.message}"


def _testimony(update: Update) -> Iterator[str]:
    evidence = update.found.evidence
    if evidence.failure_reason:
        said = shorten(evidence.failure_reason, _SENTENCE, placeholder=" …")
        yield f"SageMaker says: {said}"
    fault = _fault_of_way_back(update)
    is_told = evidence.failure_reason and fault and evidence.failure_reason in fault.message
    if fault is not None and not is_told:
        yield shorten(f"The rollback failed: {fault.message}", _SENTENCE, placeholder=" …")
    if evidence.log.lines:
        last = evidence.log.lines[-1]
        yield f"Container log: {quote(last.text, _SENTENCE)}"
    if update.serving is not None:
        at = f" (at {update.ended_at:%H:%M:%S} UTC)" if update.ended_at else ""
        yield f"Serves now: {say_serving(update.serving)}{at}."
