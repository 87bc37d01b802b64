"""SageMaker can't cancel an update: an aborted update ends on the previous config, from any state."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import (
    assert_no_request_failed,
    assert_nothing_left_behind,
    codes,
)
from tests.support.laptop import deployment_of, sit_down
from tests.support.scene import ENDPOINT, FIRST_CONFIG
from tests.support.switch_situations import statuses

from switchover.domain.aborting import Objection, call_off, object_to_abort
from switchover.domain.outcome import Outcome
from switchover_cli.app import main
from switchover_cli.errors import Misused
from switchover_cli.exits import ExitCode
from switchover_cli.steering.aborting import ask_to_stop
from switchover_local.twin.scenario import Behaviour, EventFault, Scenario, Switches

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

ONCE = ("Updating", "InService")
AND_BACK = (*ONCE, *ONCE)


def call_off_now(world: World) -> Objection | None:
    """As `switchover abort` does it: ask for it, and ring. Returns why it can't be done, if it can't."""
    update = world.update()
    objection = object_to_abort(update)
    if objection is not None:
        return objection
    request = call_off(update.update_id, world.clock.now(), "arn:ana", "the demo was moved")
    ask_to_stop(deployment_of(world), update, request)
    return None


def run_to_stage(world: World, *words: str) -> None:
    """Let time pass until SageMaker says these words, one after the other."""
    for word in words:
        assert world.clock.run_until(lambda word=word: word in _stage(world), 4 * 3600), word  # type: ignore[misc]


def _stage(world: World) -> str:
    described = world.look()
    pending = described.get("PendingDeploymentSummary", {"ProductionVariants": []})
    return " ".join(
        f"{stage['Status']} {stage['StatusMessage']}"
        for variant in (*pending["ProductionVariants"], *described["ProductionVariants"])
        for stage in variant.get("VariantStatus", ())
    )


# Before SageMaker is asked


@pytest.mark.parametrize(
    "state", ["ValidateModel", "PlanUpdate", "CreateConfig", "EnsureAlarms", "StartUpdate"]
)
def test_what_is_called_off_before_the_start_is_never_started(world: World, state: str) -> None:
    world.offer()
    world.run_to(state)

    assert call_off_now(world) is None
    end = world.run()

    assert end.state == "Rejected"
    update = assert_nothing_left_behind(world)
    assert codes(update) == ["update.aborted"]
    assert "the demo was moved" in update.summary
    assert statuses(world) == ()


def test_nobody_need_approve_what_is_called_off(world: World) -> None:
    world.put_policy("approval: {required: true}")
    world.offer()
    world.run_to("RequestApproval")
    world.clock.advance(60)

    call_off_now(world)
    world.clock.advance(60)

    assert world.executions[0].state == "Rejected"
    update = assert_nothing_left_behind(world)
    assert codes(update) == ["update.aborted"]
    assert "the demo was moved" in update.summary
    assert "the demo was moved" in update.asking.given[0].reason


@pytest.mark.parametrize("state", ["ValidateModel", "PlanUpdate"])
def test_nobody_is_asked_to_start_what_was_called_off_before(world: World, state: str) -> None:
    world.put_policy("approval: {required: true}")
    world.offer()
    world.run_to(state)

    call_off_now(world)
    world.run_to("RequestApproval")
    world.clock.advance(60)

    assert world.executions[0].state == "Rejected"
    assert codes(assert_nothing_left_behind(world)) == ["update.aborted"]
    assert "Approve? vlm v2" not in world.messages()


def test_nobody_is_asked_to_promote_what_was_called_off_before(world: World) -> None:
    world.put_policy("approval: {promotion: true}")
    world.offer()
    world.run_to("TestModel")

    call_off_now(world)
    end = world.run()

    assert end.state == "RolledBack"
    assert codes(assert_nothing_left_behind(world)) == ["update.aborted"]
    assert "Promote? vlm v2" not in world.messages()


def test_nobody_need_promote_what_is_called_off(world: World) -> None:
    world.put_policy("approval: {promotion: true}")
    world.offer()
    world.run_to("RequestPromotion")
    world.clock.advance(60)

    call_off_now(world)
    asked_for = world.clock.now() - world.executions[0].entered_at[-1]
    end = world.run()

    assert asked_for.total_seconds() < 300
    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert codes(update) == ["update.aborted"]
    assert update.asking.given[0].by == "arn:ana"


def test_a_fleet_that_is_being_raised_goes_back_to_its_size(world: World) -> None:
    world.put_policy("capacity: {during: {min: 6, max: 8}}")
    world.offer()
    world.run_to("AwaitCapacity")
    world.clock.advance(60)

    call_off_now(world)
    end = world.run()

    assert end.state == "Rejected"
    assert "StartUpdate" not in end.path
    assert codes(assert_nothing_left_behind(world)) == ["update.aborted"]


# While SageMaker moves


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("strategy: canary", ["Launching"]),
        ("strategy: canary", ["Baking"]),
        ("strategy: canary", ["Baking", "on full capacity"]),
        ("strategy: all-at-once", ["Baking"]),
        ("strategy: linear", ["Baking", "Activating", "Baking"]),
        ("strategy: rolling", ["Baking", "Terminating", "Launching"]),
    ],
    ids=["launch", "bake", "last-bake", "only-bake", "second-step", "between-batches"],
)
def test_in_flight_sagemaker_itself_rolls_back(world: World, policy: str, words: list[str]) -> None:
    world.put_policy(policy)
    world.offer()
    run_to_stage(world, *words)
    world.clock.advance(5)

    assert call_off_now(world) is None
    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert statuses(world) == ONCE
    assert codes(update) == ["update.aborted"]
    assert end.cause is not None
    assert "aborted by “arn:ana”: “the demo was moved”" in end.cause
    assert_no_request_failed(world)


def test_after_the_last_bake_it_is_updated_back(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    run_to_stage(world, "on full capacity", "Terminating")

    call_off_now(world)
    end = world.run()

    assert end.state == "RolledBack"
    assert_nothing_left_behind(world)
    assert statuses(world) == AND_BACK


def test_called_off_before_sagemaker_shows_the_change_it_is_not_lost(world: World) -> None:
    world.offer()
    world.run_to("IsStarted")

    call_off_now(world)
    end = world.run()

    assert end.state == "RolledBack"
    assert_nothing_left_behind(world)


@pytest.mark.parametrize("state", ["TestModel", "HasPassed", "WatchUpdated"])
def test_what_serves_already_is_updated_back(world: World, state: str) -> None:
    world.put_policy("watch_seconds: 1h")
    world.offer()
    world.run_to(state)

    call_off_now(world)
    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert codes(update) == ["update.aborted"]


def test_a_redeploy_between_its_halves_is_made_again_on_the_previous_config(world: World) -> None:
    world.put_policy("strategy: redeploy\nallow_downtime: true")
    world.offer()
    assert world.clock.run_until(lambda: statuses(world)[-1:] == ("Deleting",), 3600)

    call_off_now(world)
    end = world.run()

    assert end.state == "RolledBack"
    assert world.update().outcome is Outcome.ROLLED_BACK
    assert world.serving == FIRST_CONFIG


# When there is nothing to call off


def test_who_goes_back_already_is_not_disturbed(world: World) -> None:
    world.put_policy("watch_seconds: 1h")
    world.offer()
    world.run_to("WatchUpdated")
    world.clock.advance(60)
    world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=0.7))
    world.run_to("AwaitRollback")

    objection = call_off_now(world)
    end = world.run()

    assert objection is not None
    assert "already rolling back" in objection.why
    assert end.state == "RolledBack"
    assert "alarm.went-red" in codes(assert_nothing_left_behind(world))


def test_the_second_request_changes_nothing(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    run_to_stage(world, "Launching")
    call_off_now(world)

    with pytest.raises(Misused, match="already"):
        call_off_now(world)


def test_too_late_is_said_and_updated_stays_updated(world: World) -> None:
    world.offer()
    world.run_to("IsHealthy")

    objection = call_off_now(world)
    end = world.run()

    assert objection is not None
    assert "switchover rollback" in objection.remedy
    assert end.state == "Updated"
    assert_nothing_left_behind(world)


def test_what_is_over_is_told(world: World) -> None:
    world.offer()
    world.run()

    objection = call_off_now(world)

    assert objection is not None
    assert "already ended as Updated" in objection.why
    assert world.update().abort is None


# The three ways of the abort alarm


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        (["Launching"], ONCE),
        (["Baking"], ONCE),
        (["on full capacity", "Terminating"], AND_BACK),
    ],
    ids=["launch", "bake", "too-late-for-any-alarm"],
)
def test_if_setting_the_alarm_is_not_heeded_its_metric_is(
    make_world: MakeWorld, words: list[str], ends: tuple[str, ...]
) -> None:
    world = make_world(Scenario(switches=Switches(set_alarm_state_trips=False)))
    world.put_policy("strategy: canary\ncanary: {bake_seconds: 20m}")
    world.offer()
    run_to_stage(world, *words)
    world.clock.advance(5)

    call_off_now(world)
    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert statuses(world) == ends
    assert (update.way_back.abort_published_at is not None) == (ends == ONCE)


def test_if_no_alarm_is_heeded_it_is_let_through_and_updated_back(make_world: MakeWorld) -> None:
    """Nobody looks in time: no event comes, and the bake is shorter than the next look."""
    world = make_world(
        Scenario(
            switches=Switches(set_alarm_state_trips=False),
            faults=(EventFault(effect="lost", times=500),),
        )
    )
    world.put_policy("strategy: all-at-once\ntermination_wait_seconds: 250s")
    world.offer()
    run_to_stage(world, "Baking")
    world.clock.advance(5)

    call_off_now(world)
    end = world.run()

    assert end.state == "RolledBack"
    assert_nothing_left_behind(world)
    assert statuses(world) == AND_BACK


# As people type it


@pytest.fixture
def typed(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The usual world, which is where the stack is found."""
    sit_down(world, monkeypatch)
    return world


def test_the_command_says_what_happens_next(
    typed: World, capsys: pytest.CaptureFixture[str]
) -> None:
    typed.put_policy("strategy: canary")
    typed.offer()
    run_to_stage(typed, "Launching")

    code = main(["abort", ENDPOINT, "--reason", "the demo was moved", "--no-watch"])
    end = typed.run()

    assert code == ExitCode.DONE
    assert "The abort alarm is set" in capsys.readouterr().out
    assert end.state == "RolledBack"
    abort = typed.update().abort
    assert abort is not None
    assert abort.by.startswith("arn:")


def test_a_redeploy_has_no_alarm_to_set(typed: World, capsys: pytest.CaptureFixture[str]) -> None:
    typed.put_policy("strategy: redeploy\nallow_downtime: true")
    typed.offer()
    typed.run_to("AwaitOutcome")

    main(["abort", ENDPOINT, "--reason", "the demo was moved", "--no-watch"])

    told = capsys.readouterr().out
    assert "then it is rolled back" in told
    assert "alarm" not in told


def test_machines_are_told_in_json(typed: World, capsys: pytest.CaptureFixture[str]) -> None:
    typed.offer()
    typed.run_to("PlanUpdate")

    main(["abort", ENDPOINT, "--reason", "no", "--no-watch", "--json"])

    told = json.loads(capsys.readouterr().out)
    assert told == {
        "update_id": typed.update().update_id,
        "was_started": False,
        "reason": "no",
    }


@pytest.mark.parametrize("arguments", [["--reason", " "], ["--reason", "why not"]])
def test_without_an_update_or_a_reason_nothing_is_called_off(
    typed: World, arguments: list[str]
) -> None:
    assert main(["abort", ENDPOINT, *arguments]) == ExitCode.USAGE
    assert typed.executions == []


# Where somebody deleted the alarms of the update


def test_without_its_abort_alarm_an_update_runs_to_its_end_and_is_taken_back(world: World) -> None:
    """SetAlarmState refuses an alarm that isn't there, and SageMaker has no other way to stop."""
    world.put_policy("strategy: linear")
    world.offer()
    run_to_stage(world, "Launching")
    world.cloudwatch.delete_alarms(AlarmNames=sorted(world.alarm_names()))

    call_off_now(world)
    world.run()

    update = assert_nothing_left_behind(world)
    assert update.outcome is Outcome.ROLLED_BACK
    assert (world.serving, statuses(world)) == (FIRST_CONFIG, AND_BACK)
    assert "the demo was moved" in update.summary
