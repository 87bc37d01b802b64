"""Finds the traces in SageMaker of an update whose record is lost, and the ways to repair it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.by_hand import register_target
from switchover.domain.fleet import Absent, EndpointReading
from switchover.domain.outcome import Conclusion, Outcome, serves
from switchover.domain.reasons import Reason
from switchover.domain.scaling_parts import SUSPENSIONS

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


class Leftovers(BaseModel):
    """The resources of an update that are found without its record.

    `config` is the config that the update created, empty if there is none. `previous_config` is the
    config that it was cloned from, empty if its tags don't say. `alarms` are those of one config.
    `variants` are those whose scaling is fully suspended, as an update suspends it. `states` are the
    states in the update's timeline.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: str = ""
    previous_config: str = ""
    alarms: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()
    states: frozenset[str] = frozenset()

    @property
    def is_any(self) -> bool:
        """Whether the update may have changed something."""
        return bool(self.config or self.alarms or self.states & _CHANGING)


# Moments of these states are written only after a resource was created or a change was requested.
_CHANGING = frozenset(
    {
        "AwaitCapacity",
        "AwaitOutcome",
        "RequestPromotion",
        "WatchUpdated",
        "RollBack",
        "AwaitRollback",
        "AwaitRestored",
    }
)


def is_suspended(target: dict[str, object] | None) -> bool:
    """Whether a scalable target is fully suspended."""
    state = (target or {}).get("SuspendedState")
    return isinstance(state, dict) and all(state.get(each) for each in SUSPENSIONS)


def conclude_lost(
    update: Update, endpoint: EndpointReading | Absent, left: Leftovers
) -> Conclusion:
    """The outcome of an update whose record is lost: a person must check, and the account says what."""
    reasons = (record_lost(update, endpoint, left), *tell_leftovers(endpoint.name, left))
    return Conclusion(
        outcome=Outcome.NEEDS_OPERATOR,
        summary=f"{serves(endpoint).rstrip('.')}: {reasons[0].subject}: {reasons[0].message}",
        reasons=reasons,
    )


def record_lost(update: Update, endpoint: EndpointReading | Absent, left: Leftovers) -> Reason:
    """The update's record is gone, but its changes are still there."""
    found = _say_config(endpoint, left) if left.config else "No config of this update was found."
    return Reason(
        code="update.record-lost",
        subject=f"update {update.update_id}",
        message=f"its record in the ledger is lost, so it can't continue. {found}",
        remedy=_next_step(update, endpoint, left),
    )


def tell_leftovers(endpoint: str, left: Leftovers) -> tuple[Reason, ...]:
    """List the remains of an update that can't be undone automatically, each with a command."""
    resumed = {"SuspendedState": dict.fromkeys(SUSPENSIONS, False)}
    return tuple(
        Reason(
            code="capacity.left-suspended",
            subject=f"endpoint {endpoint}: autoscaling of {variant}",
            message="is completely suspended, and its earlier setting is unknown.",
            remedy=f"If it should scale: {register_target(endpoint, variant, resumed)}",
        )
        for variant in left.variants
    )


def _say_config(endpoint: EndpointReading | Absent, left: Leftovers) -> str:
    origin = f" (made from {left.previous_config})" if left.previous_config else ""
    if isinstance(endpoint, Absent):
        return f"Its config {left.config}{origin} exists; the endpoint doesn't."
    if endpoint.pending_config_name == left.config:
        return f"SageMaker is moving the endpoint to its config {left.config}{origin}."
    if endpoint.config_name == left.config:
        return f"Its config {left.config}{origin} serves, but was not confirmed."
    return f"Its config {left.config}{origin} exists and doesn't serve."


def _next_step(update: Update, endpoint: EndpointReading | Absent, left: Leftovers) -> str:
    name = endpoint.name
    look = f"Check which config serves: switchover status {name}."
    if isinstance(endpoint, Absent):
        return look
    is_ours = left.config in {endpoint.config_name, endpoint.pending_config_name}
    if left.config and is_ours and left.previous_config:
        return (
            f"Keep {update.version} if it answers well, or go back: aws sagemaker update-endpoint"
            f" --endpoint-name {name} --endpoint-config-name {left.previous_config}"
            " --retain-all-variant-properties"
        )
    if left.config and is_ours:
        return f"{look} To go back: switchover rollback {name} --reason 'record lost'"
    return f"{look} Start the release again if it is still wanted."
