"""Decides how to bring the previous config back from any state of the endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from switchover.domain.aborting import is_unheeded
from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus
from switchover.domain.outcome import RECOVERED
from switchover.domain.plans.pace import fit_batch
from switchover.domain.verdict import course_of

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.outcome import Ending
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover.domain.verdict import Course

# In addition to the two acts with the abort alarm: UpdateEndpoint, then repairs. Further attempts are
# unlikely to help.
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
        """The move in words, for the timeline."""
        return _TOLD[self]

    @property
    def leads_to_a_config(self) -> bool:
        """Whether the move asks SageMaker to start a fleet on a config."""
        return self in {Move.UPDATE_BACK, Move.CREATE}

    @property
    def is_turn(self) -> bool:
        """Whether the move makes SageMaker itself roll back."""
        return self in {Move.TRIP_ABORT_ALARM, Move.PUBLISH_ABORT}

    @property
    def is_attempt(self) -> bool:
        """Whether the move is limited to `MOST_ATTEMPTS`. Waiting is limited by time instead."""
        return self.leads_to_a_config or self is Move.DELETE


_TOLD = {
    Move.NOTHING: "The previous config serves",
    Move.WAIT: "Waiting for SageMaker to settle",
    Move.TRIP_ABORT_ALARM: "Set the abort alarm to red, so that SageMaker rolls back",
    Move.PUBLISH_ABORT: "Published the metric of the abort alarm, since SageMaker ignores its state",
    Move.UPDATE_BACK: "Updating back to the previous config",
    Move.DELETE: "Deleting the failed endpoint, to create it on the previous config",
    Move.CREATE: "Creating the endpoint on the previous config",
    Move.GIVE_UP: "Left unchanged for a person to decide",
}


@dataclass(frozen=True, slots=True)
class WayBack:
    """One move, and the config to which it leads. `is_mixed`: two configs serve, or served.

    `batch_instances` is the size of a batch, None for all at once. `is_by_copy`: the move leads to a
    copy of the config under another name.
    """

    move: Move
    home_config: str
    is_mixed: bool
    batch_instances: int | None = None
    is_by_copy: bool = False

    @property
    def told(self) -> str:
        """The move in words, for the timeline."""
        how = [", by a copy of it"] if self.is_by_copy else []
        how += [", in batches"] if self.batch_instances else []
        return f"{self.move.told}{''.join(how)}"

    def course(self, endpoint: EndpointReading | Absent, update: Update) -> Course:
        """The change to wait for after the move, with its deadline."""
        plan, overdue_seconds = update.planned, update.planned.overdue_seconds
        if self.move.is_turn and update.progress.course is not None:
            # SageMaker's own deadline still counts from the start of the update.
            left = update.progress.course.overdue_at - endpoint.read_at
            overdue_seconds = max(plan.turning_seconds, round(left.total_seconds()))
        return course_of(
            self.home_config,
            endpoint,
            overdue_seconds,
            recreates=plan.deployment.allows_downtime,
            was_seen_moving=self.move is Move.WAIT or self.move.is_turn,
        )


def find_cause(update: Update, ending: Ending) -> tuple[Reason, ...]:
    """The reasons for a rollback. If the execution was stopped, the earlier cause comes first."""
    if ending.verdict != RECOVERED:
        return ending.all_reasons
    abort = update.abort.reasons if update.abort else ()
    return update.way_back.cause or abort or ending.all_reasons


def find_way_back(endpoint: EndpointReading | Absent, update: Update) -> WayBack:
    """Choose the next move of an update that has to be rolled back."""
    plan, course = update.planned, update.progress.course
    is_mixed = update.way_back.is_mixed or (
        isinstance(endpoint, EndpointReading)
        and endpoint.status is EndpointStatus.UPDATE_ROLLBACK_FAILED
    )
    is_overdue = course is not None and endpoint.read_at >= course.overdue_at
    move = choose_move(
        endpoint,
        home_configs=plan.home_configs(is_mixed=is_mixed),
        own_configs=plan.own_configs,
        allows_downtime=plan.deployment.allows_downtime,
        tripped_at=update.way_back.tripped_at,
        published_at=update.way_back.abort_published_at,
        attempts=update.way_back.attempts,
        has_waited_long=is_overdue and _is_of_way_back(course, update),
    )
    batch_instances = None
    if (
        move is Move.UPDATE_BACK
        and update.way_back.faults
        and isinstance(endpoint, EndpointReading)
    ):
        # If the capacity wasn't enough for all at once, it may be enough for batches of the current
        # fleet.
        batch_instances = fit_batch(plan.deployment.pace.step_instances, endpoint.instances)
    return WayBack(move, plan.home_config(is_mixed=is_mixed), is_mixed, batch_instances)


def _is_of_way_back(course: Course | None, update: Update) -> bool:
    if course is None or update.way_back.turned_back_at is None:
        return update.way_back.attempts > 0 or update.way_back.tripped_at is not None
    return course.started_at >= update.way_back.turned_back_at


def choose_move(
    endpoint: EndpointReading | Absent,
    *,
    home_configs: frozenset[str],
    own_configs: frozenset[str],
    allows_downtime: bool,
    tripped_at: datetime | None,
    published_at: datetime | None,
    attempts: int,
    has_waited_long: bool = False,
) -> Move:
    """Choose the fastest safe move to one of `home_configs` for the endpoint's state (rules §2, §2.6).

    SageMaker can't cancel a running update, but rolls back when the abort alarm is red. First the alarm
    is set by hand (`tripped_at`). If a bake goes on, the alarm's own metric turns it red
    (`published_at`). If SageMaker ignores that too, the update runs to its end, and then
    UpdateEndpoint restores the previous config. Both acts may be repeated until a reading shows that
    they had no effect, because a recorded act may have failed. A config outside `own_configs` was set
    outside Switchover, and stays.

    `has_waited_long`: a rollback is overdue already, so there is no second wait.
    """
    move = (
        Move.CREATE
        if isinstance(endpoint, Absent)
        else _move_from(endpoint, home_configs, own_configs, tripped_at, published_at)
    )
    # A deletion by another caller is awaited only if the endpoint may be created again.
    is_deleting = (
        isinstance(endpoint, EndpointReading) and endpoint.status is EndpointStatus.DELETING
    )
    is_downtime = is_deleting or move in {Move.DELETE, Move.CREATE}
    is_more_of_the_same = move in {Move.WAIT, Move.TRIP_ABORT_ALARM}
    # A deletion must not be the last attempt: the deleted endpoint may be created once more.
    most_attempts = MOST_ATTEMPTS + (move is Move.CREATE)
    if (
        (is_downtime and not allows_downtime)
        or (is_more_of_the_same and has_waited_long)
        or (move.is_attempt and attempts >= most_attempts)
    ):
        return Move.GIVE_UP
    return move


def _move_from(
    endpoint: EndpointReading,
    home_configs: frozenset[str],
    own_configs: frozenset[str],
    tripped_at: datetime | None,
    published_at: datetime | None,
) -> Move:
    match endpoint.status:
        case EndpointStatus.IN_SERVICE:
            return _move_in_service(endpoint, home_configs, own_configs)
        case EndpointStatus.UPDATE_ROLLBACK_FAILED:
            return Move.UPDATE_BACK
        case EndpointStatus.UPDATING:
            is_ours = _goes_forward(endpoint, home_configs, own_configs)
            return _next_abort(endpoint, tripped_at, published_at) if is_ours else Move.WAIT
        case EndpointStatus.FAILED:
            # A Failed endpoint accepts only DeleteEndpoint (rules §2), which ends its service.
            return Move.DELETE
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


def _move_in_service(
    endpoint: EndpointReading, home_configs: frozenset[str], own_configs: frozenset[str]
) -> Move:
    if endpoint.pending_config_name is not None:
        return Move.WAIT
    if endpoint.config_name in home_configs:
        return Move.NOTHING
    return Move.UPDATE_BACK if endpoint.config_name in own_configs else Move.GIVE_UP


def _next_abort(
    endpoint: EndpointReading, tripped_at: datetime | None, published_at: datetime | None
) -> Move:
    """The next act that makes SageMaker roll back; none is left if SageMaker ignored both."""
    if tripped_at is None or not is_unheeded(endpoint, tripped_at):
        return Move.TRIP_ABORT_ALARM
    if published_at is None or not is_unheeded(endpoint, published_at):
        return Move.PUBLISH_ABORT
    return Move.WAIT


def _goes_forward(
    endpoint: EndpointReading, home_configs: frozenset[str], own_configs: frozenset[str]
) -> bool:
    """Whether SageMaker is carrying out the update, so that a red alarm can roll it back.

    False for an update from outside, for a rollback, and for a resize of the target's fleet.
    """
    if endpoint.pending_config_name is None:
        return endpoint.config_name in home_configs
    return endpoint.pending_config_name in own_configs - home_configs
