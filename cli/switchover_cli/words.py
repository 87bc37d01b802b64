"""Words for people: times, statuses, strategies and messages in plain English."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from switchover.domain.fleet import AlarmState, EndpointStatus
from switchover.domain.machine_words import say_plainly as say_plainly
from switchover.domain.machine_words import shorten_alarm as shorten_alarm
from switchover.domain.machine_words import squeeze as squeeze
from switchover.domain.plans.plan import Kind
from switchover.domain.units import say_count
from switchover.domain.units import say_duration as say_duration
from switchover.domain.units import say_roughly as say_roughly
from switchover.explain.waits import say_starter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from switchover.domain.fleet import Stage
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update

ALARM_WORDS = {
    AlarmState.OK: "OK",
    AlarmState.ALARM: "ALARM",
    AlarmState.INSUFFICIENT_DATA: "no data",
    AlarmState.MISSING: "missing",
}

_STATUS_WORDS = {
    EndpointStatus.IN_SERVICE: "in service",
    EndpointStatus.UPDATING: "updating",
    EndpointStatus.CREATING: "being created",
    EndpointStatus.SYSTEM_UPDATING: "under AWS maintenance",
    EndpointStatus.ROLLING_BACK: "rolling back",
    EndpointStatus.OUT_OF_SERVICE: "out of service",
    EndpointStatus.DELETING: "being deleted",
    EndpointStatus.FAILED: "failed",
    EndpointStatus.UPDATE_ROLLBACK_FAILED: "serving a mix of configs: its rollback failed",
}


def say_offset(at: datetime, start: datetime) -> str:
    """The time since the update's start: `+0:12:30`."""
    seconds = max(0, int((at - start).total_seconds()))
    return f"+{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def say_minute(at: datetime) -> str:
    """A date and time in UTC, to the minute."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def say_version(update: Update) -> str:
    """An update's version: `v2`, or `back to v2`."""
    if update.kind is Kind.ROLLBACK:
        return f"back to {update.version}" if update.version else "back"
    return update.version


def say_status(status: EndpointStatus) -> str:
    """EndpointStatus in plain words."""
    return _STATUS_WORDS[status]


def say_asked(update: Update) -> str:
    """The starter of an update, and the reason: `by user/kim (AWS identity, …): “why”`."""
    starter = say_starter(update)
    if update.offered_by:
        return f"by {starter}"
    return (
        f"{starter}, by an unknown person" if starter else "by an unknown person, without a reason"
    )


def say_moment(moment: Moment) -> str:
    """A moment's text, with the count of repeats in a row: `… (12 times until 14:25:29)`."""
    told = say_plainly(moment.text)
    if moment.until is None:
        return told
    return f"{told} ({moment.times} times until {moment.until.astimezone(UTC):%H:%M:%S})"


def say_stages(stages: Iterable[Stage]) -> str:
    """SageMaker's VariantStatus messages (rules §2.5) in plain words, each once."""
    return "; ".join(dict.fromkeys(say_plainly(stage.message) or stage.status for stage in stages))


def say_strategy(plan: Plan) -> str:
    """The strategy in whole instances: `canary: 1 of 4 first`."""
    pace = plan.deployment.pace
    match pace.strategy.value:
        case "canary":
            return f"canary: {pace.step_instances} of {pace.instances} first"
        case "linear" | "rolling" as name:
            return f"{name}: {pace.step_instances} of {pace.instances} at a time"
        case name:
            return f"{name}: {say_count(pace.instances, 'instance')}"
