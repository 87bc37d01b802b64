"""The way back: taken where it is right, by another road where one is closed, told where it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.stories.test_stories_abort import call_off_now, run_to_stage
from tests.stories.test_stories_rolled_back import _SageMakerThatIsStuck
from tests.support.expectations import assert_nothing_left_behind, codes
from tests.support.laptop import observer_of
from tests.support.scene import ENDPOINT, FIRST_CONFIG, INSTANCE_TYPE
from tests.support.switch_situations import statuses

from switchover.domain.observing import Purpose
from switchover.domain.outcome import Outcome
from switchover.domain.verdict import Verdict
from switchover_local.twin.scenario import Behaviour, RollbackFailure, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.conftest import MakeWorld
    from tests.support.walker import Execution
    from tests.support.world import World

_ERRORS = Behaviour(server_error_rate=0.7)
_ONCE = ("Updating", "InService")
_GOLDEN = b'{"name": "say", "body": {}, "expect": {"matches": "This is v2"}}'


def text_of_last(world: World) -> str:
    return str(world.outlets.messages[-1]["Message"])


def moves(world: World) -> list[str]:
    """What RollBack did, in order."""
    timeline = world.ledger.timeline(world.update().update_id)
    return [moment.text.partition(": ")[0] for moment in timeline if moment.state == "RollBack"]


def offer_what_answers_wrong(world: World, policy: str) -> None:
    world.put_policy(f"{policy}\ntests: {{golden: golden/vlm.jsonl}}")
    world.s3.put_object(Bucket=world.bucket, Key="golden/vlm.jsonl", Body=_GOLDEN)
    world.twin.set_behaviour("*/v2/", Behaviour(reply="I am somebody else"))
    world.offer()


def run_until_over(world: World) -> Execution:
    """To the end, where nobody asks the endpoint: it may be gone."""
    execution = world.executions[0]
    assert world.clock.run_until(lambda: execution.status.value != "RUNNING", 48 * 3600)
    return execution


# A fleet that fails must not bring itself back


def test_a_failing_version_can_be_rolled_back_by_hand(world: World) -> None:
    """The standing alarms are red because of what is left, and see both fleets."""
    world.put_policy("strategy: all-at-once")
    world.offer()
    world.run()
    world.twin.set_behaviour("*/v2/", _ERRORS)
    world.clock.advance(600)
    world.start("back", rollback=ENDPOINT, reason="customers complain")

    end = world.run()

    assert end.state == "Updated"
    assert world.serving == FIRST_CONFIG
    assert_nothing_left_behind(world, end)


def test_an_old_fleet_that_fails_does_not_come_back_by_its_own_alarm(world: World) -> None:
    world.put_policy("strategy: canary\ntermination_wait_seconds: 0")
    world.offer()
    run_to_stage(world, "Baking")
    world.twin.set_behaviour("*/v1/", _ERRORS)

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert statuses(world) == _ONCE


# Another road


@pytest.mark.parametrize("limit", ["quotas", "capacity"])
def test_what_has_no_room_all_at_once_goes_back_in_batches(
    make_world: MakeWorld, limit: str
) -> None:
    """Rolling was chosen because no second fleet can be had: nor can it be on the way back."""
    world = make_world(Scenario.model_validate({limit: {INSTANCE_TYPE: 6}}))
    offer_what_answers_wrong(world, "strategy: rolling")

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert codes(update) == ["golden.failed"]
    assert moves(world) == [
        "Updating back to the previous config",
        "Updating back to the previous config, in batches",
        "The previous config serves",
    ]
    assert world.twin.peak_instances(ENDPOINT) == 6


def test_a_previous_config_that_is_gone_is_made_again_from_its_copy(world: World) -> None:
    world.put_policy("watch_seconds: 1h\nstrategy: all-at-once")
    world.offer()
    world.run_to("WatchUpdated")
    world.sagemaker.delete_endpoint_config(EndpointConfigName=FIRST_CONFIG)
    world.twin.set_behaviour("*/v2/", _ERRORS)

    end = world.run()

    update = world.update()
    assert end.state == "RolledBack"
    assert world.serving == update.planned.repair_config
    assert world.serving_model() == FIRST_CONFIG
    assert moves(world)[0] == "Updating back to the previous config, by a copy of it"
    assert world.ledger.served(ENDPOINT)[0].config_name == update.planned.repair_config
    assert world.ledger.claim(ENDPOINT) is None


def test_a_redeploy_whose_second_half_is_refused_is_made_again_on_the_previous_config(
    world: World,
) -> None:
    world.load.stop()
    world.put_policy("strategy: redeploy\nallow_downtime: true")
    world.offer()
    assert world.clock.run_until(lambda: statuses(world)[-1:] == ("Deleting",), 3600)
    world.stand_ins["sagemaker"] = _RefusesOnce(world.sagemaker, "create_endpoint")

    end = run_until_over(world)

    assert end.state == "RolledBack"
    assert world.serving == FIRST_CONFIG
    assert codes(world.update()) == ["aws.refused"]


class _RefusesOnce:
    """SageMaker, or CloudWatch, that refuses or fails the first call of an operation."""

    def __init__(self, client: Any, operation: str, code: str = "ResourceLimitExceeded") -> None:
        self._client = client
        self._operation = operation
        self._code = code
        self.times = 0

    def __getattr__(self, operation: str) -> Any:
        real = getattr(self._client, operation)
        return self._first(operation, real) if operation == self._operation else real

    def _first(self, operation: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def ask(**request: Any) -> Any:
            self.times += 1
            if self.times == 1:
                error = {"Code": self._code, "Message": "The account-level service limit is 2"}
                raise ClientError({"Error": error}, operation)  # type: ignore[typeddict-item]
            return real(**request)

        return ask


@pytest.mark.parametrize("operation", ["set_alarm_state", "put_metric_data"])
def test_a_way_of_the_abort_alarm_that_failed_once_is_tried_again_at_once(
    make_world: MakeWorld, operation: str
) -> None:
    heeds = operation == "set_alarm_state"
    world = make_world(Scenario.model_validate({"switches": {"set_alarm_state_trips": heeds}}))
    world.put_policy("strategy: canary\ncanary: {bake_seconds: 20m}")
    world.offer()
    run_to_stage(world, "Baking")
    failing = _RefusesOnce(world.cloudwatch, operation, "InternalFailure")
    world.stand_ins["cloudwatch"] = failing

    call_off_now(world)
    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert failing.times == 2
    assert statuses(world) == _ONCE
    assert (update.way_back.abort_published_at is None) == heeds


def test_called_off_between_two_tries_to_start_nothing_is_asked_for(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    world.run_to("StartUpdate")
    failing = _RefusesOnce(world.sagemaker, "update_endpoint", "InternalFailure")
    world.stand_ins["sagemaker"] = failing
    world.clock.run_until(lambda: failing.times == 1, 60)

    call_off_now(world)
    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert codes(update) == ["update.aborted"]
    assert statuses(world) == ()


def test_the_way_back_itself_is_not_turned_back_when_it_is_taken_up_again(world: World) -> None:
    offer_what_answers_wrong(world, "strategy: canary")
    stopped = world.run_to("AwaitRollback")
    world.clock.advance(100)

    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.ROLLED_BACK
    assert world.update().way_back.tripped_at is None


# Where it fails, people are told at once and exactly


def test_sagemakers_words_for_a_way_back_that_failed_are_told(make_world: MakeWorld) -> None:
    world = make_world(Scenario(faults=(RollbackFailure(times=9),)))
    world.put_policy("strategy: rolling")
    world.offer()
    run_to_stage(world, "Baking", "Terminating", "Launching", "Baking")
    world.twin.change_scenario(capacity={INSTANCE_TYPE: 0})

    call_off_now(world)
    end = world.run()

    assert end.state == "NeedsOperator"
    text = text_of_last(world)
    assert "The rollback failed: SageMaker says: Unable to provision" in text
    assert "aborted by “arn:ana”: “the demo was moved”" in text
    assert len(text.splitlines()) <= 12


def test_a_refused_way_back_is_told_in_sagemakers_words(world: World) -> None:
    offer_what_answers_wrong(world, "strategy: all-at-once\nguard: {min_requests: 0}")
    world.run_to("TestModel")
    world.twin.change_scenario(quotas={INSTANCE_TYPE: 4})

    end = world.run()

    assert end.state == "NeedsOperator"
    update, text = world.update(), text_of_last(world)
    # All at once, then in batches: SageMaker counts either for itself.
    assert codes(update) == ["golden.failed", "aws.refused", "aws.refused"]
    assert text.startswith(
        f"vlm still serves v2 ({update.planned.target.config}): it could not be brought back to v1.\n"
    )
    assert "The rollback failed: AWS refused: The account-level service limit" in text
    assert "Next: Instances may be scarce" in text
    assert f"--endpoint-config-name {FIRST_CONFIG} " in text


def test_a_way_back_that_crashes_still_tells_why_it_was_needed(world: World) -> None:
    world.put_policy("watch_seconds: 1h\nstrategy: all-at-once")
    world.crash("RollBack", times=1000)
    world.offer()
    world.run_to("WatchUpdated")
    world.clock.advance(100)
    world.twin.set_behaviour("*/v2/", _ERRORS)

    end = world.run()

    assert end.state == "NeedsOperator"
    assert codes(world.update())[0] == "alarm.went-red"
    text = text_of_last(world)
    assert "Why: alarm 5xx: went red at" in text
    assert (
        "The rollback failed: failed: Runtime.ExitError: RollBackFunction failed before it acted."
        in text
    )


def test_whoever_waits_for_what_never_ends_is_called_within_the_hour(world: World) -> None:
    """SageMaker's deadline and its way back were waited for already."""
    world.stand_ins["sagemaker"] = _SageMakerThatIsStuck(world.sagemaker)
    world.offer()
    world.run_to("RollBack")
    overdue_at = world.clock.now()

    end = world.run()

    assert end.state == "NeedsOperator"
    assert moves(world) == [
        "Set the abort alarm to red, so that SageMaker rolls back",
        "Left unchanged for a person to decide",
    ]
    told_at = world.update().ended_at
    assert told_at is not None
    assert (told_at - overdue_at).total_seconds() < 3600


def test_the_version_that_operators_are_told_to_go_back_to_is_known(world: World) -> None:
    """The endpoint's first update: nothing else recorded that v1 served."""
    world.put_policy("strategy: canary\nwatch_seconds: 1h")
    world.offer()
    world.run_to("WatchUpdated")
    _move_by_hand(world)
    end = world.run()
    assert end.state == "NeedsOperator"
    assert f"switchover rollback {ENDPOINT} --to v1" in text_of_last(world)

    world.start("back", rollback=ENDPOINT, to="v1", reason="it wasn't wanted")
    end = world.run()

    assert end.state == "Updated"
    assert world.serving == FIRST_CONFIG


def _move_by_hand(world: World) -> None:
    config = world.sagemaker.describe_endpoint_config(EndpointConfigName=FIRST_CONFIG)
    world.sagemaker.create_endpoint_config(
        EndpointConfigName="by-hand", ProductionVariants=config["ProductionVariants"]
    )
    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="by-hand")


def test_what_somebody_else_moves_it_to_is_named(world: World) -> None:
    world.put_policy("strategy: canary\nwatch_seconds: 1h")
    world.offer()
    world.run_to("WatchUpdated")
    _move_by_hand(world)

    end = world.run()

    assert end.state == "NeedsOperator"
    assert text_of_last(world).startswith("vlm was moved to by-hand outside Switchover.\n")


# What says nothing of the version leaves no mark on it


def test_who_calls_an_update_off_does_not_call_its_version_bad(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    run_to_stage(world, "Baking")
    call_off_now(world)
    world.run()

    assert world.wishes.mark(ENDPOINT, "v2") is None
    assert "v2 may start again" in text_of_last(world)
    assert "SageMaker says: " in text_of_last(world)


def test_a_version_that_nobody_asked_anything_is_not_bad(make_world: MakeWorld) -> None:
    world = make_world(requests_per_second=0)
    world.put_policy("strategy: canary\nguard: {inconclusive: roll-back}")
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    assert world.wishes.mark(ENDPOINT, "v2") is None


def test_a_look_that_comes_after_the_outcome_changes_nothing(world: World) -> None:
    world.put_policy("strategy: all-at-once")
    world.offer()
    world.run()
    recorded = world.update()
    world.twin.set_behaviour("*/v2/", _ERRORS)
    world.clock.advance(600)

    verdict, reasons = observer_of(world).look(recorded, Purpose.WATCH)

    assert (verdict, reasons) == (Verdict.MOVING, ())
    assert world.update() == recorded


# A fleet that is resized serves what it served


def resize(world: World, instances: int) -> None:
    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[
            {"VariantName": "AllTraffic", "DesiredInstanceCount": instances}
        ],
    )


@pytest.mark.parametrize("instances", [3, 6])
def test_a_fleet_that_is_resized_while_watched_is_not_turned_back(
    world: World, instances: int
) -> None:
    world.put_policy("strategy: all-at-once\nwatch_seconds: 2h")
    world.offer()
    world.run_to("WatchUpdated")
    world.clock.advance(100)
    resize(world, instances)

    end = world.run()

    assert end.state == "Updated"
    assert statuses(world) == (*_ONCE, *_ONCE)


class _ScalesAtOnce:
    """Application Auto Scaling that has waited for its suspension to end."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._world.scaling, operation)

    def register_scalable_target(self, **request: Any) -> Any:
        answer = self._world.scaling.register_scalable_target(**request)
        if not request["SuspendedState"]["DynamicScalingOutSuspended"]:
            resize(self._world, 6)
        return answer


def test_autoscaling_that_begins_before_the_outcome_is_recorded_does_not_hide_it(
    world: World,
) -> None:
    world.stand_ins["application-autoscaling"] = _ScalesAtOnce(world)
    world.put_policy("strategy: all-at-once")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert world.update().serving_config == world.serving
