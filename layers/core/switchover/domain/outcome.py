"""Decides how an update ended, from the config that serves."""

from __future__ import annotations

import json
from enum import StrEnum
from textwrap import shorten
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.fleet import (
    Absent,
    EndpointReading,
    EndpointStatus,
    has_other_size,
    is_seen_resizing,
)
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from switchover.domain.fleet import CapacitySnapshot
    from switchover.domain.plans.plan import Plan


class Outcome(StrEnum):
    """How an update ended."""

    UPDATED = "Updated"
    ROLLED_BACK = "RolledBack"
    REJECTED = "Rejected"
    QUEUED = "Queued"
    SUPERSEDED = "Superseded"
    NEEDS_OPERATOR = "NeedsOperator"


# The first verdict in an execution that rolls back an update of an ended execution.
RECOVERED = "recovered"
_SUMMARY_LETTERS = 160


class Ending(BaseModel):
    """The state machine's knowledge at the end of an update.

    `verdict` is the last state's verdict. `crashed_in` names a state whose handler failed with
    `error`. If a rollback failed, `earlier` is the ending that caused the rollback.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    verdict: str
    reasons: tuple[Reason, ...] = ()
    crashed_in: str | None = None
    error: str | None = None
    earlier: Ending | None = None

    @property
    def why(self) -> str:
        """One sentence on why it ended."""
        return first_of(self.all_reasons) or f"it ended as {self.verdict!r}."

    @property
    def all_reasons(self) -> tuple[Reason, ...]:
        """All reasons for the end, the earlier ones first."""
        earlier = self.earlier.all_reasons if self.earlier else ()
        return (*earlier, *self.reasons, *_reasons_of_ending(self))


class Conclusion(BaseModel):
    """An outcome with its one-sentence account for people."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    outcome: Outcome
    summary: str
    reasons: tuple[Reason, ...] = ()


# The account of an execution whose update another execution has continued.
TAKEN_UP = Conclusion(outcome=Outcome.QUEUED, summary="Another execution continues this update.")
# Parts that the update removed and only a person can restore.
LOST = frozenset({"capacity.not-restored", "endpoint.policy-lost"})
_RESTORED = frozenset({"untouched", "restored", "updated"})
# Verdicts of an update that couldn't claim its endpoint.
_NOT_YET = {"queued": Outcome.QUEUED, "superseded": Outcome.SUPERSEDED}
# Maintenance by AWS doesn't change the serving config (rules §2).
_SERVING = frozenset({EndpointStatus.IN_SERVICE, EndpointStatus.SYSTEM_UPDATING})


def conclude(
    ending: Ending,
    plan: Plan | None,
    endpoint: EndpointReading | Absent,
    *,
    was_started: bool,
    is_mixed: bool,
    is_capacity_restored: bool,
    noted: CapacitySnapshot | None = None,
    left: tuple[Reason, ...] = (),
    cause: tuple[Reason, ...] = (),
) -> Conclusion:
    """Name the outcome. Updated only if the target serves and every check passed.

    Before the start nothing was changed, so every failure is Rejected. After the start the serving
    config decides: anything but a clean InService on one of the two configs needs a person. `noted`
    is the capacity before the update. `left` are the parts of it that could not be restored or were
    changed by others. `cause` are the reasons for the rollback, if there was one.
    """
    reasons = ending.all_reasons
    if was_started and ending.verdict != "updated":
        reasons = (*cause, *(each for each in reasons if each not in cause))
    if not is_capacity_restored:
        lost = tuple(reason for reason in left if reason.code in LOST)
        reasons = (*(lost or (_capacity_off(endpoint, noted),)), *reasons)
        return Conclusion(
            outcome=Outcome.NEEDS_OPERATOR,
            summary=f"{serves(endpoint).rstrip('.')}: {first_of(reasons)}",
            reasons=reasons,
        )
    if plan is None or not was_started:
        reasons = reasons or (_unexplained(ending, endpoint),)
        not_yet = None if was_started else _NOT_YET.get(ending.verdict)
        return Conclusion(
            outcome=not_yet or Outcome.REJECTED,
            summary=f"{endpoint.name} is unchanged: {first_of(reasons)}",
            reasons=reasons,
        )
    if not reasons and ending.verdict != "updated":
        reasons = (_unexplained(ending, endpoint),)
    return _conclude_started(ending.verdict, plan, endpoint, reasons, is_mixed=is_mixed)


def _conclude_started(
    verdict: str,
    plan: Plan,
    endpoint: EndpointReading | Absent,
    reasons: tuple[Reason, ...],
    *,
    is_mixed: bool,
) -> Conclusion:
    """Name the outcome of an update that has begun to change the endpoint, by the serving config."""
    config_name = _settled_config(endpoint)
    if config_name == plan.target.config and verdict == "updated":
        return Conclusion(
            outcome=Outcome.UPDATED,
            summary=f"{endpoint.name} serves {plan.target.version} ({plan.target.config}).",
            reasons=reasons,
        )
    reasons = reasons or (_changed_meanwhile(endpoint, plan),)
    if config_name in plan.home_configs(is_mixed=is_mixed):
        return Conclusion(
            outcome=Outcome.ROLLED_BACK,
            summary=(
                f"{endpoint.name} is back on {plan.previous.version}"
                f" ({config_name}), not on {plan.target.version}:"
                f" {first_of(reasons)}"
            ),
            reasons=reasons,
        )
    return Conclusion(
        outcome=Outcome.NEEDS_OPERATOR,
        summary=f"{_trouble(endpoint, plan)}: {first_of(reasons)}",
        reasons=reasons,
    )


def is_restored(capacity_verdict: str) -> bool:
    """Whether the capacity is restored, or needn't be."""
    return capacity_verdict in _RESTORED


def leaves_queue(outcome: Outcome | None, ending: Ending) -> bool:
    """Whether a waiting update has ended, by a crash or by leaving the queue. Else it goes on waiting."""
    return outcome is Outcome.QUEUED and ending.crashed_in is not None


def serves(endpoint: EndpointReading | Absent) -> str:
    """One sentence about the serving config and the running change."""
    if isinstance(endpoint, Absent):
        return f"{endpoint.name} does not exist."
    coming = endpoint.pending_config_name
    towards = f", on its way to {coming}" if coming else ""
    return f"{endpoint.name} is {endpoint.status.value} on {endpoint.config_name}{towards}."


def _settled_config(endpoint: EndpointReading | Absent) -> str | None:
    """The serving config, if it stays: a resize is allowed, as autoscaling works again at this time."""
    if not isinstance(endpoint, EndpointReading):
        return None
    is_at_rest = endpoint.status in _SERVING and endpoint.pending_config_name is None
    return endpoint.config_name if is_at_rest or is_seen_resizing(endpoint) else None


def _trouble(endpoint: EndpointReading | Absent, plan: Plan) -> str:
    """The reason why a person is needed, in one clause."""
    config_name = _settled_config(endpoint)
    if config_name == plan.target.config:
        return (
            f"{endpoint.name} still serves {plan.target.version} ({plan.target.config}): it could"
            f" not be brought back to {plan.previous.version}"
        )
    if config_name is not None and config_name not in plan.own_configs:
        return f"{endpoint.name} was moved to {config_name} outside Switchover"
    return serves(endpoint).rstrip(".")


def _changed_meanwhile(endpoint: EndpointReading | Absent, plan: Plan) -> Reason:
    """Say how an endpoint was changed outside Switchover after the update was confirmed."""
    return Reason(
        code="endpoint.changed-meanwhile",
        subject=f"endpoint {endpoint.name}",
        message=(
            f"was changed outside Switchover after {plan.target.version} ({plan.target.config}) was"
            f" confirmed: at {endpoint.read_at:%H:%M:%S} UTC {serves(endpoint)}"
        ),
        remedy="Find the caller of UpdateEndpoint or DeleteEndpoint in CloudTrail.",
    )


def _unexplained(ending: Ending, endpoint: EndpointReading | Absent) -> Reason:
    """A reason for an ending that has none."""
    return Reason(
        code="switchover.unexplained",
        subject=f"endpoint {endpoint.name}",
        message=(
            f"the update ended as {ending.verdict!r}, without a reason; at"
            f" {endpoint.read_at:%H:%M:%S} UTC {serves(endpoint)}"
        ),
        remedy=(
            f"See the update's timeline (switchover explain {endpoint.name}), then start the release"
            " again."
        ),
    )


def _capacity_off(endpoint: EndpointReading | Absent, noted: CapacitySnapshot | None) -> Reason:
    what = "scaling or size differs from before the update."
    # With autoscaling the size may change by itself, so a different size proves nothing.
    is_of_fixed_size = noted is not None and noted.scaling.target is None
    if noted and is_of_fixed_size and has_other_size(endpoint, noted.desired_instances):
        found = endpoint.variants[0].desired_instances
        what = f"it had {noted.desired_instances} instances before the update, now {found}."
    is_moving = isinstance(endpoint, EndpointReading) and endpoint.is_moving
    return Reason(
        code="capacity.not-restored",
        subject=f"endpoint {endpoint.name}",
        message=f"its capacity could not be restored: {what}",
        remedy=(
            "Switchover tries again within 15 minutes after SageMaker has settled; check then."
            if is_moving
            else "Restore it by hand."
        ),
    )


def _reasons_of_ending(ending: Ending) -> tuple[Reason, ...]:
    if ending.crashed_in is None:
        return ()
    return (
        Reason(
            code="switchover.crashed",
            subject=f"state {ending.crashed_in}",
            message=f"failed: {_say_error(ending.error or 'no error given')}.",
            remedy="See the function's log for this update, then start the release again.",
        ),
    )


def _say_error(error: str) -> str:
    """Lambda's error with name and message; the stack trace is only in the function's log."""
    name, _, cause = error.partition(": ")
    try:
        said = json.loads(cause)["errorMessage"]
    except (ValueError, KeyError, TypeError):
        return error.rstrip(": .")
    return f"{name}: {said}".rstrip(".")


def first_of(reasons: tuple[Reason, ...]) -> str:
    """One sentence from the first reason, with the number of the others."""
    if not reasons:
        return ""
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    # A phone shows only a few lines; the reasons hold the full text.
    told = shorten(reasons[0].message, _SUMMARY_LETTERS, placeholder=" …")
    return f"{reasons[0].subject}: {told}{more}"
