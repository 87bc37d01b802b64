"""Events are best effort: lost, doubled, late or reordered events change the time, not the outcome."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal

import pytest
from tests.support.event_rules import matches
from tests.support.expectations import assert_nothing_left_behind
from tests.support.scene import ENDPOINT
from tests.support.template import read_template

from switchover_local.twin.scenario import Behaviour, EventFault, Scenario, Timings

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

_Effect = Literal["lost", "doubled", "delayed", "reordered"]


@pytest.mark.parametrize("effect", ["lost", "doubled", "delayed", "reordered"])
@pytest.mark.parametrize(
    ("behaviour", "ends"),
    [(Behaviour(), "Updated"), (Behaviour(server_error_rate=0.7), "RolledBack")],
    ids=["good", "bad"],
)
def test_unreliable_events_do_not_change_the_outcome(
    make_world: MakeWorld, effect: _Effect, behaviour: Behaviour, ends: str
) -> None:
    world = make_world()
    world.twin.inject(EventFault(effect=effect, times=500, delay_seconds=400))
    world.put_policy("strategy: canary")
    world.twin.set_behaviour("*/v2/", behaviour)
    world.offer()

    end = world.run()

    assert end.state == ends
    assert_nothing_left_behind(world)


def test_an_event_is_answered_at_once(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()

    end = world.run()

    settled = next(
        t.at for t in reversed(world.twin.transitions(ENDPOINT)) if t.status == "InService"
    )
    assert end.ended_at is not None
    assert (end.ended_at - settled).total_seconds() < 30


def test_without_events_a_poll_finds_out(make_world: MakeWorld) -> None:
    world = make_world()
    world.twin.inject(EventFault(effect="lost", times=500))
    world.put_policy("strategy: canary")
    world.offer()

    end = world.run()

    settled = next(
        t.at for t in reversed(world.twin.transitions(ENDPOINT)) if t.status == "InService"
    )
    assert end.ended_at is not None
    assert (end.ended_at - settled).total_seconds() <= 330


@pytest.mark.parametrize(
    ("behaviour", "waits"),
    [
        (Behaviour(), ["AwaitOutcome"]),
        (Behaviour(unhealthy_from_instance=1), ["AwaitOutcome", "AwaitRollback"]),
    ],
    ids=["forward", "and-back"],
)
def test_the_end_of_a_deletion_is_noticed_though_no_event_tells_it(
    make_world: MakeWorld, behaviour: Behaviour, waits: list[str]
) -> None:
    """Nothing serves until the endpoint is made again."""
    deletion_seconds = 100
    world = make_world(Scenario(timings=Timings(delete_endpoint_seconds=deletion_seconds)))
    world.put_policy("strategy: redeploy\nallow_downtime: true")
    world.twin.set_behaviour("*/v2/", behaviour)
    world.offer()

    world.run()

    found = world.ledger.timeline(world.update().update_id)
    begun = [moment.at for moment in found if moment.text.startswith("Deleting on ")]
    noticed = {m.state: m.at for m in found if m.text == "The endpoint doesn't exist."}
    assert list(noticed) == waits
    assert all(
        deletion_seconds <= (gone - began).total_seconds() <= deletion_seconds + 16
        for began, gone in zip(begun, noticed.values(), strict=True)
    )
    assert_nothing_left_behind(world)


def test_the_same_upload_told_twice_starts_one_update(world: World) -> None:
    event = world.offer()
    world.outlets.emit(event)
    world.run()
    world.outlets.emit(event)

    world.run()

    assert len(world.executions) == 1
    assert_nothing_left_behind(world)


def test_another_file_of_the_model_starts_nothing(world: World) -> None:
    event = world.offer()
    event["detail"]["object"]["key"] = "models/vlm/v2/config.json"
    world.outlets.emit(event)

    world.run()

    assert len(world.executions) == 1


def _asked_while(
    world: World, payload: dict[str, Any], function: str = "WakeUpdateFunction"
) -> Counter[str]:
    """What DynamoDB and SageMaker are asked while a function takes a payload."""
    asked: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        asked[model.name] += 1

    clients = [world.dynamodb, world.sagemaker]
    with ExitStack() as stack:
        for made, service in zip(clients, ("dynamodb", "sagemaker"), strict=True):
            made.meta.events.register(f"before-call.{service}", count)
            stack.callback(made.meta.events.unregister, f"before-call.{service}", count)
        world.lambdas.invoke(f"arn:aws:lambda:::function:{function}", payload)
    return asked


def test_an_alarm_that_no_update_knows_costs_one_query(world: World) -> None:
    asked = _asked_while(world, {"detail": {"alarmName": "somebody-else's"}})

    assert asked == {"Query": 1}


def test_a_wake_up_reads_claim_update_and_request_to_stop_once(world: World) -> None:
    world.put_policy("strategy: canary")
    world.offer()
    world.run_to("AwaitOutcome")
    world.clock.advance(60)

    asked = _asked_while(world, {"detail": {"EndpointName": ENDPOINT}})

    assert asked == {"GetItem": 3, "DescribeEndpoint": 1}


def test_the_look_every_15_minutes_reads_of_one_busy_endpoint_its_claim_alone(world: World) -> None:
    world.offer()
    world.run_to("AwaitOutcome")
    event = {"time": world.clock.now().isoformat()}

    asked = _asked_while(world, event, "StartQueuedFunction")

    assert asked["GetItem"] == 1
    assert asked["DescribeEndpoint"] == 0


def test_the_test_of_the_model_reads_the_update_once(world: World) -> None:
    world.offer()
    tested = world.run()

    asked = _asked_while(world, {"update_id": tested.name}, "TestModelFunction")

    assert asked == {"GetItem": 1, "DescribeEndpoint": 1, "UpdateItem": 1}


@pytest.mark.parametrize(
    ("name", "state", "prefix", "is_told"),
    [
        ("switchover/vlm/standing/errors", "ALARM", "pager-", True),
        ("pager-orders", "ALARM", "pager-", True),
        ("orders", "ALARM", "pager-", False),
        ("orders", "ALARM", "", True),
        ("pager-orders", "OK", "pager-", False),
    ],
)
def test_an_alarm_wakes_if_it_is_red_and_named_as_the_stack_was_told(
    name: str,
    state: str,
    prefix: str,
    is_told: bool,  # noqa: FBT001
) -> None:
    template = read_template().with_parameter("AlarmNamePrefix", prefix)
    event: dict[str, Any] = {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "detail": {"alarmName": name, "state": {"value": state}},
    }

    told = [rule.function for rule in template.rules if matches(rule.pattern, event)]

    assert told == ["WakeUpdateFunction"] * is_told
