"""Checks that the alarms of an update exist, are OK, have data, and may be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.fleet import AlarmState
from switchover.domain.preflight import Check
from switchover.domain.readings import Unmeasured
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from switchover.domain.checks.case import Case
    from switchover.domain.fleet import AlarmReading
    from switchover.domain.readings import Permission

_NOT_READ = "not checked: the policy or the endpoint couldn't be read"


def check_quiet(case: Case) -> Check:
    """Check that no alarm is red. A red alarm rolls back at once, or is ignored, which is worse.

    A hotfix leaves out red alarms, and red alarms don't stop a rollback: the fleet that fails now
    must not stop its own replacement.
    """
    name, title = "alarms.quiet", "No alarm is red already"
    if not case.found.alarms:
        return Check.unknown(name, title, _NOT_READ)
    red = ", ".join(case.found.red)
    if red and case.goes_back:
        return Check.noted(name, title, f"red: {red}; red alarms don't stop a rollback")
    if red and case.update.hotfix_reason:
        evidence = f"red, and ignored by this hotfix: {red}; {case.update.hotfix_reason}"
        return Check.noted(name, title, evidence)
    told = ", ".join(_state_of(alarm) for alarm in case.found.alarms)
    faults = [_already_red(alarm) for alarm in case.found.alarms if alarm.name in case.found.red]
    return Check.judged(name, title, told, faults)


def _state_of(alarm: AlarmReading) -> str:
    is_missing = alarm.state is AlarmState.MISSING
    return f"{alarm.name} {'is created by this update' if is_missing else alarm.state.value}"


def check_listed(case: Case) -> Check:
    """Check that the policy's own alarms exist: SageMaker's reaction to a missing alarm is unknown."""
    name, title = "alarms.exist", "The alarms that the policy names exist"
    if case.policy is None or not case.found.alarms:
        return Check.unknown(name, title, _NOT_READ)
    listed = case.listed_alarms
    missing = [
        alarm
        for alarm in case.found.alarms
        if alarm.name in listed and alarm.state is AlarmState.MISSING
    ]
    evidence = (
        f"named in alarms.also: {', '.join(listed)}" if listed else "the policy names no alarms"
    )
    return Check.judged(name, title, evidence, map(_missing, missing))


def check_data(case: Case) -> Check:
    """Check whether the alarms have data. An alarm without data rolls nothing back, but isn't a fault."""
    name, title = "alarms.data", "The alarms have data"
    if not case.found.alarms:
        return Check.unknown(name, title, _NOT_READ)
    silent = _names(case.found.alarms, AlarmState.INSUFFICIENT_DATA)
    made = [
        name for name in _names(case.found.alarms, AlarmState.MISSING)
        if name not in case.listed_alarms
    ]  # fmt: skip
    if silent:
        evidence = f"INSUFFICIENT_DATA, so they can't go red: {', '.join(silent)}"
        return Check.noted(name, title, evidence)
    if made:
        return Check.noted(
            name, title, f"created by this update, without data yet: {', '.join(made)}"
        )
    return Check.judged(name, title, f"all {len(case.found.alarms)} have data")


def check_permission(case: Case) -> Check:
    """Check that SageMaker may read its alarms, which it does with the model's role (rules §1.8)."""
    name, title = "alarms.readable", "The model's role may describe the alarms"
    match case.found.permission:
        case None:
            return Check.unknown(name, title, "not checked: the model names no execution role")
        case Unmeasured(why):
            return Check.unknown(name, title, why)
        case permission:
            evidence = f"IAM's simulation of {permission.role} for cloudwatch:DescribeAlarms"
            if case.plan is not None and case.plan.deployment.request is None:
                return Check.noted(name, title, f"{evidence}; no alarm is given to SageMaker")
            faults = () if permission.is_given else (_not_permitted(permission),)
            return Check.judged(name, title, evidence, faults)


def _names(alarms: tuple[AlarmReading, ...], state: AlarmState) -> list[str]:
    return [alarm.name for alarm in alarms if alarm.state is state]


def _already_red(alarm: AlarmReading) -> Reason:
    return Reason(
        code="alarm.already-red",
        subject=f"alarm {alarm.name}",
        message=f"is already in ALARM: {alarm.reason or 'no reason given'}",
        remedy=(
            "Bring it back to OK first. If the alarm is red because the serving version fails,"
            " start the release as a hotfix (`hotfix: true` with a `reason` in the execution's"
            " input), which leaves out red alarms."
        ),
    )


def _missing(alarm: AlarmReading) -> Reason:
    return Reason(
        code="alarm.missing",
        subject=f"alarm {alarm.name}",
        message="is listed in the policy, but does not exist.",
        remedy="Create it, or remove it from `alarms.also`.",
    )


def _not_permitted(permission: Permission) -> Reason:
    first, *more = permission.denied
    others = f" and {len(more)} more" if more else ""
    return Reason(
        code="alarm.not-readable",
        subject=f"role {permission.role}",
        message=f"may not describe {first}{others}, so SageMaker could not watch the update.",
        remedy="Allow the model's execution role cloudwatch:DescribeAlarms on the alarms.",
    )
