"""How an update ended: decided from what serves, not from what was hoped."""

from __future__ import annotations

from enum import StrEnum
from textwrap import shorten
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from switchover.domain.plans.plan import Plan
    from switchover.domain.update import CapacitySnapshot


class Outcome(StrEnum):
    """How an update ended."""

    UPDATED = "Updated"
    ROLLED_BACK = "RolledBack"
    REJECTED = "Rejected"
    QUEUED = "Queued"
    SUPERSEDED = "Superseded"
    NEEDS_OPERATOR = "NeedsOperator"


_SUMMARY_LETTERS = 160


class Ending(BaseModel):
    """What the state machine knows when it comes to the end.

    `verdict` is the last state's verdict; `crashed_in` names a state whose handler failed, with `error`.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    verdict: str
    reasons: tuple[Reason, ...] = ()
    crashed_in: str | None = None
    error: str | None = None

    @property
    def why(self) -> str:
        """One sentence on why it ended."""
        return _first((*self.reasons, *_reasons_of_ending(self)))


class Conclusion(BaseModel):
    """An outcome with its one-sentence account for people."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    outcome: Outcome
    summary: str
    reasons: tuple[Reason, ...] = ()


# What an execution says of an update that another one has taken up since.
TAKEN_UP = Conclusion(outcome=Outcome.QUEUED, summary="Taken up by another execution.")
_RESTORED = frozenset({"untouched", "restored", "updated"})
# Verdicts of an update that wasn't its endpoint's turn.
_NOT_YET = {"queued": Outcome.QUEUED, "superseded": Outcome.SUPERSEDED}
# Maintenance by AWS leaves the config that serves as it is (rules §2).
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
) -> Conclusion:
    """Name the outcome. Updated only if the target serves and every check passed.

    Before the start nothing was touched, so every trouble is Rejected. After it, the config that
    serves decides; anything but a clean InService on one of the two configs needs a person.
    `noted` is the capacity before.
    """
    reasons = (*ending.reasons, *_reasons_of_ending(ending))
    if not is_capacity_restored:
        off = _capacity_off(endpoint, noted)
        return Conclusion(
            outcome=Outcome.NEEDS_OPERATOR,
            summary=f"{serves(endpoint)} {_first((off, *reasons))}",
            reasons=(*reasons, off),
        )
    if ending.verdict in _NOT_YET and not was_started:
        return Conclusion(
            outcome=_NOT_YET[ending.verdict],
            summary=f"{endpoint.name} was not touched: {_first(reasons)}",
            reasons=reasons,
        )
    if plan is None or not was_started:
        return Conclusion(
            outcome=Outcome.REJECTED,
            summary=f"{endpoint.name} was not touched: {_first(reasons)}",
            reasons=reasons,
        )
    is_settled = (
        isinstance(endpoint, EndpointReading)
        and endpoint.status in _SERVING
        and endpoint.pending_config_name is None
    )
    if is_settled and isinstance(endpoint, EndpointReading):
        if endpoint.config_name == plan.target_config and ending.verdict == "updated":
            return Conclusion(
                outcome=Outcome.UPDATED,
                summary=f"{endpoint.name} serves {plan.version} ({plan.target_config}).",
                reasons=reasons,
            )
        if plan.proves_way_back(is_mixed=is_mixed) and endpoint.config_name == plan.home_config(
            is_mixed=is_mixed
        ):
            return Conclusion(
                outcome=Outcome.ROLLED_BACK,
                summary=(
                    f"{endpoint.name} is back on {plan.previous_version}"
                    f" ({endpoint.config_name}), not on {plan.version}:"
                    f" {_first(reasons)}"
                ),
                reasons=reasons,
            )
    return Conclusion(
        outcome=Outcome.NEEDS_OPERATOR,
        summary=f"{serves(endpoint)} {_first(reasons)}",
        reasons=reasons,
    )


def is_restored(capacity_verdict: str) -> bool:
    """Whether capacity is as it was, or needn't be."""
    return capacity_verdict in _RESTORED


def leaves_queue(outcome: Outcome | None, ending: Ending) -> bool:
    """Whether an update that waits has ended: by a crash on its way out; whoever just waits stays so."""
    return outcome is Outcome.QUEUED and ending.crashed_in is not None


def serves(endpoint: EndpointReading | Absent) -> str:
    """One sentence on what serves now."""
    if isinstance(endpoint, Absent):
        return f"{endpoint.name} does not exist."
    return f"{endpoint.name} is {endpoint.status.value} on {endpoint.config_name}."


def _capacity_off(endpoint: EndpointReading | Absent, noted: CapacitySnapshot | None) -> Reason:
    what = "scaling or size isn't as it was before the update."
    # Autoscaling, where there is any, chooses the size: another one than before tells nothing then.
    is_of_fixed_size = noted is not None and noted.scaling.target is None
    if noted and is_of_fixed_size and isinstance(endpoint, EndpointReading):
        found = endpoint.variants[0].desired_instances
        if found != noted.desired_instances:
            what = f"it had {noted.desired_instances} instances before the update, now {found}."
    return Reason(
        code="capacity.not-restored",
        subject=f"endpoint {endpoint.name}",
        message=f"its capacity could not be put back: {what}",
        remedy="Put it back by hand.",
    )


def _reasons_of_ending(ending: Ending) -> tuple[Reason, ...]:
    if ending.crashed_in is None:
        return ()
    return (
        Reason(
            code="switchover.crashed",
            subject=f"state {ending.crashed_in}",
            message=f"failed: {ending.error or 'no error given'}.",
            remedy="See the function's log for this update, then start the release again.",
        ),
    )


def _first(reasons: tuple[Reason, ...]) -> str:
    if not reasons:
        return "no reason was recorded."
    more = f" (and {len(reasons) - 1} more)" if len(reasons) > 1 else ""
    # A phone shows a few lines; the reasons themselves hold every word.
    told = shorten(reasons[0].message, _SUMMARY_LETTERS, placeholder=" …")
    return f"{reasons[0].subject}: {told}{more}"
