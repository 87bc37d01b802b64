"""The state of the endpoint decides the kind of rollback (rules §2, §2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.samples import NEW, NOW, OLD, endpoint, reason, update

from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus
from switchover.domain.outcome import RECOVERED, Ending
from switchover.domain.rollback import MOST_ATTEMPTS, Move, choose_move, find_cause

if TYPE_CHECKING:
    from datetime import datetime

REPAIR = "chat-v1-repaired"
GONE = Absent(name="chat", read_at=NOW)


def choose(seen: EndpointReading | Absent, **changes: Any) -> Move:
    return choose_move(
        seen,
        **{
            "home_configs": frozenset({OLD}),
            "own_configs": frozenset({OLD, NEW, REPAIR}),
            "allows_downtime": False,
            "tripped_at": None,
            "published_at": None,
            "attempts": 0,
            **changes,
        },
    )


def test_in_flight_the_abort_alarm_is_tripped_because_there_is_no_cancel() -> None:
    seen = endpoint(status=EndpointStatus.UPDATING, pending_config_name=NEW)
    assert choose(seen) is Move.TRIP_ABORT_ALARM


def test_an_alarm_that_was_to_be_tripped_is_tripped_again() -> None:
    """It was noted before it was done: SetAlarmState may have failed."""
    seen = endpoint(status=EndpointStatus.UPDATING, pending_config_name=NEW)
    assert choose(seen, tripped_at=NOW) is Move.TRIP_ABORT_ALARM


@pytest.mark.parametrize("pending", [NEW, None])
def test_what_is_overdue_on_its_way_back_is_not_waited_for_once_more(pending: str | None) -> None:
    seen = endpoint(status=EndpointStatus.UPDATING, pending_config_name=pending)
    assert choose(seen, tripped_at=NOW, has_waited_long=True) is Move.GIVE_UP


@pytest.mark.parametrize(("config", "pending"), [(NEW, OLD), (NEW, None), (OLD, REPAIR)])
def test_a_red_alarm_would_not_turn_back_what_is_no_update(
    config: str, pending: str | None
) -> None:
    """The way back itself, or a target whose fleet is only resized."""
    seen = endpoint(status=EndpointStatus.UPDATING, config_name=config, pending_config_name=pending)
    home_configs = frozenset({OLD, REPAIR})
    assert choose(seen, home_configs=home_configs) is Move.WAIT


def test_a_copy_of_the_previous_config_is_the_end_as_well() -> None:
    seen = endpoint(config_name=REPAIR)
    assert choose(seen, home_configs=frozenset({OLD, REPAIR})) is Move.NOTHING


def test_somebody_elses_update_is_waited_out() -> None:
    seen = endpoint(status=EndpointStatus.UPDATING, pending_config_name="somebody-elses")
    assert choose(seen) is Move.WAIT


def test_the_target_in_service_is_updated_back() -> None:
    assert choose(endpoint(config_name=NEW)) is Move.UPDATE_BACK


def test_the_previous_config_in_service_is_the_end() -> None:
    assert choose(endpoint(config_name=OLD)) is Move.NOTHING


def test_somebody_elses_config_is_not_touched() -> None:
    assert choose(endpoint(config_name="somebody-elses")) is Move.GIVE_UP


def test_a_mixed_fleet_is_repaired_by_another_update() -> None:
    """UpdateRollbackFailed allows UpdateEndpoint (rules §2)."""
    seen = endpoint(status=EndpointStatus.UPDATE_ROLLBACK_FAILED)
    assert choose(seen) is Move.UPDATE_BACK


def test_a_mixed_fleet_that_only_says_it_is_back_is_repaired_again() -> None:
    """It reports the previous config's name all along, so that a fresh one must serve (§2.2)."""
    assert choose(endpoint(config_name=OLD), home_configs=frozenset({REPAIR})) is Move.UPDATE_BACK


def test_a_repaired_fleet_is_the_end() -> None:
    assert choose(endpoint(config_name=REPAIR), home_configs=frozenset({REPAIR})) is Move.NOTHING


def test_a_failed_endpoint_is_never_deleted_without_leave() -> None:
    """Failed takes nothing but DeleteEndpoint (rules §2), which ends its service."""
    assert choose(endpoint(status=EndpointStatus.FAILED)) is Move.GIVE_UP


def test_a_failed_endpoint_is_deleted_where_downtime_is_allowed() -> None:
    seen = endpoint(status=EndpointStatus.FAILED)
    assert choose(seen, allows_downtime=True) is Move.DELETE


def test_a_vanished_endpoint_is_created_where_downtime_is_allowed() -> None:
    assert choose(GONE, allows_downtime=True) is Move.CREATE


def test_a_vanished_endpoint_is_a_persons_matter_otherwise() -> None:
    assert choose(GONE) is Move.GIVE_UP


def test_an_endpoint_out_of_service_is_a_persons_matter() -> None:
    assert choose(endpoint(status=EndpointStatus.OUT_OF_SERVICE)) is Move.GIVE_UP


@pytest.mark.parametrize(
    "status",
    [
        EndpointStatus.CREATING,
        EndpointStatus.SYSTEM_UPDATING,
        EndpointStatus.ROLLING_BACK,
        EndpointStatus.DELETING,
    ],
)
def test_what_allows_describing_only_is_waited_out(status: EndpointStatus) -> None:
    assert choose(endpoint(status=status), allows_downtime=True) is Move.WAIT


def test_an_endpoint_that_another_deletes_is_a_persons_matter() -> None:
    assert choose(endpoint(status=EndpointStatus.DELETING)) is Move.GIVE_UP


def test_in_service_with_something_pending_is_waited_out() -> None:
    assert choose(endpoint(config_name=NEW, pending_config_name="x")) is Move.WAIT


def test_after_the_last_attempt_a_person_is_called() -> None:
    assert choose(endpoint(config_name=NEW), attempts=MOST_ATTEMPTS) is Move.GIVE_UP


@pytest.mark.parametrize("attempts", range(MOST_ATTEMPTS))
def test_what_was_deleted_on_the_way_back_is_made_again(attempts: int) -> None:
    failed = endpoint(status=EndpointStatus.FAILED, config_name=NEW)
    deletes = choose(failed, attempts=attempts, allows_downtime=True)

    then = choose(GONE, attempts=attempts + deletes.is_attempt, allows_downtime=True)

    assert (deletes, then) == (Move.DELETE, Move.CREATE)


@pytest.mark.parametrize(
    ("seen", "attempts"),
    [(endpoint(status=EndpointStatus.FAILED), MOST_ATTEMPTS), (GONE, MOST_ATTEMPTS + 1)],
)
def test_deleting_and_making_anew_ends_some_time(
    seen: EndpointReading | Absent, attempts: int
) -> None:
    assert choose(seen, attempts=attempts, allows_downtime=True) is Move.GIVE_UP


def test_a_late_success_still_counts_after_the_last_attempt() -> None:
    assert choose(endpoint(config_name=OLD), attempts=MOST_ATTEMPTS) is Move.NOTHING


@pytest.mark.parametrize(
    ("config", "pending", "move"), [(NEW, OLD, Move.WAIT), (OLD, NEW, Move.TRIP_ABORT_ALARM)]
)
def test_what_still_moves_after_the_last_attempt_is_seen_to(
    config: str, pending: str, move: Move
) -> None:
    """Its answer was lost, and it arrived all the same."""
    seen = endpoint(status=EndpointStatus.UPDATING, config_name=config, pending_config_name=pending)
    assert choose(seen, attempts=MOST_ATTEMPTS) is move


@pytest.mark.parametrize(
    ("move", "is_attempt"),
    [
        (Move.WAIT, False),
        (Move.NOTHING, False),
        (Move.TRIP_ABORT_ALARM, False),
        (Move.UPDATE_BACK, True),
        (Move.DELETE, True),
        (Move.CREATE, True),
    ],
)
def test_only_what_asks_for_a_config_or_a_deletion_is_an_attempt(
    move: Move, *, is_attempt: bool
) -> None:
    assert move.is_attempt is is_attempt


def ending(verdict: str, *codes: str) -> Ending:
    return Ending(verdict=verdict, reasons=tuple(reason(code) for code in codes))


def test_what_was_found_before_a_stop_is_the_cause() -> None:
    found = update(cause=(reason("golden.failed"),))
    cause = find_cause(found, ending(RECOVERED, "execution.stopped"))
    assert [each.code for each in cause] == ["golden.failed"]


def test_a_stop_is_the_cause_where_nothing_else_was_found() -> None:
    cause = find_cause(update(), ending(RECOVERED, "execution.stopped"))
    assert [each.code for each in cause] == ["execution.stopped"]


def test_how_it_ended_is_the_cause_whatever_an_earlier_look_had_found() -> None:
    found = update(cause=(reason("alarm.went-red"),))
    cause = find_cause(found, ending("failed", "golden.failed"))
    assert [each.code for each in cause] == ["golden.failed"]


@given(
    status=st.sampled_from(EndpointStatus),
    config=st.sampled_from([OLD, NEW, "x"]),
    pending=st.sampled_from([None, OLD, NEW, "x"]),
    tripped_at=st.sampled_from([None, NOW]),
    attempts=st.integers(0, MOST_ATTEMPTS),
)
def test_without_leave_for_downtime_nothing_is_deleted(
    status: EndpointStatus,
    config: str,
    pending: str | None,
    tripped_at: datetime | None,
    attempts: int,
) -> None:
    seen = endpoint(status=status, config_name=config, pending_config_name=pending)
    assert choose(seen, tripped_at=tripped_at, attempts=attempts) is not Move.DELETE


@given(
    status=st.sampled_from(EndpointStatus),
    config=st.sampled_from([OLD, NEW, "x"]),
    pending=st.sampled_from([None, OLD, NEW, "x"]),
)
def test_only_the_previous_config_at_rest_counts_as_settled(
    status: EndpointStatus, config: str, pending: str | None
) -> None:
    seen = endpoint(status=status, config_name=config, pending_config_name=pending)
    is_back = status is EndpointStatus.IN_SERVICE and config == OLD and pending is None
    assert (choose(seen) is Move.NOTHING) == is_back


@pytest.mark.parametrize("move", list(Move))
def test_each_move_can_be_told_to_people(move: Move) -> None:
    assert move.told
