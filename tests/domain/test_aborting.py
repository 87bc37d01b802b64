"""An update is stopped in one way, and only while it can be stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.samples import NEW, NOW, OLD, course, endpoint, later, plan, update, variant

from switchover.domain.aborting import call_off, is_unheeded, object_to_abort
from switchover.domain.fleet import Absent, AlarmReading, AlarmState, EndpointStatus, Stage
from switchover.domain.observing import Observation, Purpose, assess_observation, collect_reasons
from switchover.domain.outcome import Outcome
from switchover.domain.rollback import Move, choose_move
from switchover.domain.update.records import Evidence
from switchover.domain.verdict import Verdict

if TYPE_CHECKING:
    from switchover.domain.fleet import EndpointReading

REQUEST = call_off("chat-v2-0a1b2c3d", NOW, "ana", "the demo was moved")
PLAN = plan(4, strategy="canary", alarms={"also": [f"own-{number}" for number in range(7)]})


def moving(stage: str = "Creating", **changes: Any) -> EndpointReading:
    stages = (Stage(status=stage, since=NOW),)
    return endpoint(
        **{
            "status": EndpointStatus.UPDATING,
            "pending_config_name": NEW,
            "pending_variants": (variant(1, stages=stages),),
            **changes,
        }
    )


def assess(seen: Any, purpose: Purpose, *alarms: AlarmReading, **changes: Any) -> Verdict:
    made = update(**{"plan": PLAN, "course": course(), **changes})
    return assess_observation(Observation(endpoint=seen, alarms=alarms), purpose, made)


def red(name: str) -> AlarmReading:
    return AlarmReading(name=name, state=AlarmState.ALARM, reason="Threshold crossed")


# What can be called off


def test_a_running_update_can_be_called_off() -> None:
    assert object_to_abort(update(plan=PLAN)) is None


@pytest.mark.parametrize(
    ("state", "remedy"),
    [
        ({"outcome": Outcome.QUEUED}, "switchover cancel chat"),
        ({"outcome": Outcome.UPDATED}, "switchover rollback chat"),
        ({"tripped_at": NOW}, "switchover watch chat"),
        ({"rollback_attempts": 1}, "switchover watch chat"),
        ({"abort": REQUEST}, "switchover watch chat"),
        ({"is_confirmed": True}, "switchover rollback chat"),
    ],
)
def test_else_it_is_said_what_to_do_instead(state: dict[str, Any], remedy: str) -> None:
    objection = object_to_abort(update(**state))
    assert objection is not None
    assert remedy in objection.remedy


# What a look makes of it


@pytest.mark.parametrize("purpose", [Purpose.OUTCOME, Purpose.WATCH])
def test_the_target_that_serves_is_not_updated_if_it_was_called_off(purpose: Purpose) -> None:
    target = PLAN.target.config
    seen = endpoint(config_name=target, read_at=later(9000))
    found = assess(seen, purpose, course=course(target_config=target), abort=REQUEST)
    assert found is Verdict.FAILED


def test_what_moves_fails_if_it_was_called_off() -> None:
    assert assess(moving(), Purpose.OUTCOME, abort=REQUEST) is Verdict.FAILED


def test_before_sagemaker_shows_the_change_there_is_nothing_to_take_back() -> None:
    assert assess(endpoint(), Purpose.OUTCOME, abort=REQUEST) is Verdict.MOVING


def test_between_the_halves_of_a_redeploy_it_fails() -> None:
    gone = Absent(name="chat", read_at=NOW)
    found = assess(gone, Purpose.OUTCOME, abort=REQUEST, course=course(recreates=True))
    assert found is Verdict.FAILED


def test_what_sagemaker_took_back_itself_stays_so() -> None:
    seen = endpoint(last_modified=later(60), read_at=later(90))
    assert assess(seen, Purpose.OUTCOME, abort=REQUEST) is Verdict.ROLLED_BACK


def test_the_way_back_itself_is_not_called_off() -> None:
    assert assess(moving(), Purpose.ROLLBACK, abort=REQUEST) is Verdict.MOVING


def test_an_alarm_that_sagemaker_does_not_watch_ends_the_update() -> None:
    assert assess(moving(), Purpose.OUTCOME, red("own-6")) is Verdict.FAILED


@pytest.mark.parametrize("name", ["own-5", "switchover/chat/standing/errors"])
def test_one_that_it_watches_or_that_sees_both_fleets_does_not(name: str) -> None:
    assert assess(moving(), Purpose.OUTCOME, red(name)) is Verdict.MOVING


def test_who_called_it_off_and_why_is_the_reason() -> None:
    seen = Observation(endpoint=moving())
    (reason,) = collect_reasons(Verdict.FAILED, Purpose.OUTCOME, seen, Evidence(), REQUEST)
    assert reason.code == "update.aborted"
    assert reason.message == "was aborted by “ana”: “the demo was moved”."


# The ways of the abort alarm


@pytest.mark.parametrize(
    ("stage", "seconds", "is_seen_not_to_be"),
    [("Baking", 59, False), ("Baking", 60, True), ("Creating", 600, False)],
)
def test_only_a_bake_that_goes_on_shows_that_an_alarm_is_not_heeded(
    stage: str,
    seconds: int,
    is_seen_not_to_be: bool,  # noqa: FBT001
) -> None:
    seen = moving(stage, read_at=later(seconds))
    assert is_unheeded(seen, NOW) is is_seen_not_to_be


def choose(seen: EndpointReading, **changes: Any) -> Move:
    return choose_move(
        seen,
        **{
            "home_configs": frozenset({OLD}),
            "own_configs": frozenset({OLD, NEW}),
            "allows_downtime": False,
            "tripped_at": NOW,
            "published_at": None,
            "attempts": 0,
            **changes,
        },
    )


def test_an_alarm_that_is_not_heeded_is_made_red_by_its_metric() -> None:
    seen = moving("Baking", read_at=later(60))
    assert assess(seen, Purpose.ROLLBACK, tripped_at=NOW) is Verdict.UNHEEDED
    assert choose(seen) is Move.PUBLISH_ABORT


def test_each_way_is_taken_once() -> None:
    seen = moving("Baking", read_at=later(600))
    assert assess(seen, Purpose.ROLLBACK, tripped_at=NOW, abort_published_at=NOW) is (
        Verdict.MOVING
    )
    assert choose(seen, published_at=NOW) is Move.WAIT


def test_after_that_the_target_is_updated_back() -> None:
    assert choose(endpoint(config_name=NEW), published_at=NOW) is Move.UPDATE_BACK
