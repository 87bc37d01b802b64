"""How to bring the previous config back from whatever state the endpoint is found in."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from switchover.domain.aborting import is_unheeded
from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus

if TYPE_CHECKING:
    from datetime import datetime

# Beside the two ways of the abort alarm: UpdateEndpoint, then repairs of what that left; more would be
# hope.
MOST_ATTEMPTS = 3


class Move(StrEnum):
    """One act of a rollback."""

    NOTHING = "nothing"
    WAIT = "wait"
    TRIP_ABORT_ALARM = "trip-abort-alarm"
    PUBLISH_ABORT = "publish-abort"
    UPDATE_BACK = "update-back"
    DELETE = "delete"
    CREATE = "create"
    GIVE_UP = "give-up"

    @property
    def told(self) -> str:
        """What people read in the timeline."""
        return _TOLD[self]

    @property
    def is_attempt(self) -> bool:
        """Whether it may be made `MOST_ATTEMPTS` times only; each way of the alarm is taken once."""
        return self not in {Move.TRIP_ABORT_ALARM, Move.PUBLISH_ABORT}


_TOLD = {
    Move.NOTHING: "The previous config serves",
    Move.WAIT: "Waiting for SageMaker to settle",
    Move.TRIP_ABORT_ALARM: "Abort alarm set, so that SageMaker rolls back",
    Move.PUBLISH_ABORT: "The abort alarm isn't heeded: its metric is published instead",
    Move.UPDATE_BACK: "Updating back to the previous config",
    Move.DELETE: "Deleting the failed endpoint, to create it on the previous config",
    Move.CREATE: "Creating the endpoint on the previous config",
    Move.GIVE_UP: "Left as it is for a person to decide",
}


def choose_move(
    endpoint: EndpointReading | Absent,
    *,
    home_config: str,
    own_configs: frozenset[str],
    allows_downtime: bool,
    tripped_at: datetime | None,
    has_published_abort: bool,
    attempts: int,
) -> Move:
    """Choose the fastest safe way to `home_config` for the state that is found (rules §2, §2.6).

    In flight there is no cancel: a red abort alarm makes SageMaker roll back itself. It is set by hand
    first (`tripped_at`); if a bake goes on nevertheless, it is made red by its own metric, and if that
    isn't heeded either, the update is let come to its end and updated back. A config that is none of the
    update's `own_configs` is somebody else's: it isn't touched.
    """
    if attempts >= MOST_ATTEMPTS:
        is_home = (
            isinstance(endpoint, EndpointReading)
            and endpoint.status is EndpointStatus.IN_SERVICE
            and endpoint.config_name == home_config
        )
        return Move.NOTHING if is_home else Move.GIVE_UP
    if isinstance(endpoint, Absent):
        return Move.CREATE if allows_downtime else Move.GIVE_UP
    match endpoint.status:
        case EndpointStatus.IN_SERVICE:
            return _move_in_service(endpoint, home_config, own_configs)
        case EndpointStatus.UPDATE_ROLLBACK_FAILED:
            return Move.UPDATE_BACK
        case EndpointStatus.UPDATING:
            is_ours = endpoint.pending_config_name in {*own_configs, None}
            move = _move_in_flight(endpoint, tripped_at, has_published_abort=has_published_abort)
            return move if is_ours else Move.WAIT
        case EndpointStatus.FAILED:
            # A Failed endpoint takes nothing but DeleteEndpoint (rules §2), which ends its service.
            return Move.DELETE if allows_downtime else Move.GIVE_UP
        case EndpointStatus.OUT_OF_SERVICE:
            return Move.GIVE_UP
        case (
            EndpointStatus.CREATING
            | EndpointStatus.SYSTEM_UPDATING
            | EndpointStatus.ROLLING_BACK
            | EndpointStatus.DELETING
        ):
            return Move.WAIT
        case _:
            assert_never(endpoint.status)


def _move_in_flight(
    endpoint: EndpointReading | Absent, tripped_at: datetime | None, *, has_published_abort: bool
) -> Move:
    """Choose how to make SageMaker turn back, or to let it go on: each way is taken once."""
    if tripped_at is None:
        return Move.TRIP_ABORT_ALARM
    is_next_way = not has_published_abort and is_unheeded(endpoint, tripped_at)
    return Move.PUBLISH_ABORT if is_next_way else Move.WAIT


def _move_in_service(
    endpoint: EndpointReading, home_config: str, own_configs: frozenset[str]
) -> Move:
    if endpoint.pending_config_name is not None:
        return Move.WAIT
    if endpoint.config_name == home_config:
        return Move.NOTHING
    return Move.UPDATE_BACK if endpoint.config_name in own_configs else Move.GIVE_UP
