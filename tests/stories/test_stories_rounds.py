"""A round reaches every endpoint even if some can't be read, and causes no dead letter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.support import clients
from tests.support.expectations import assert_nothing_left_behind
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Claim
from switchover.domain.recovering import MOST_RECOVERIES

if TYPE_CHECKING:
    from tests.support.world import World

_QUARTER = 15 * 60


class Denying:
    """SageMaker, but for an endpoint that nobody may describe."""

    def __init__(self, sagemaker: Any) -> None:
        self._sagemaker = sagemaker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sagemaker, name)

    def describe_endpoint(self, *, EndpointName: str) -> Any:  # noqa: N803 - AWS's name
        if EndpointName == "another":
            error = {"Code": "AccessDeniedException", "Message": "not yours"}
            raise ClientError({"Error": error}, "DescribeEndpoint")
        return self._sagemaker.describe_endpoint(EndpointName=EndpointName)


def hold(world: World, endpoint: str) -> None:
    """Have an execution that is gone hold an endpoint."""
    arn = f"{world.stepfunctions.machine_arn.replace(':stateMachine:', ':execution:')}:gone"
    at = world.clock.now()
    world.ledger.take_claim(Claim(endpoint, "gone", arn, at), f"{at.isoformat()}#gone")


def stop_unheard(world: World, state: str) -> None:
    """Stop the running update, and lose the event of that."""
    stopped = world.run_to(state)
    emit, world.stepfunctions.emit = world.stepfunctions.emit, lambda _event: None
    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.stepfunctions.emit = emit


def test_an_endpoint_that_cannot_be_read_keeps_no_other_from_being_put_right(world: World) -> None:
    world.stand_ins["sagemaker"] = Denying(clients.client("sagemaker"))
    hold(world, "another")
    world.offer()
    stop_unheard(world, "AwaitOutcome")

    world.clock.advance(8 * _QUARTER)

    assert assert_nothing_left_behind(world).outcome is Outcome.ROLLED_BACK
    assert world.lambdas.dead_letters == []


@pytest.mark.parametrize("state", ["ProtectCapacity", "WatchUpdated"])
def test_a_stopped_update_is_found_though_its_event_and_its_claim_are_lost(
    world: World, state: str
) -> None:
    world.put_policy("strategy: all-at-once\nwatch_seconds: 10m")
    world.offer()
    stop_unheard(world, state)
    clients.client("dynamodb").delete_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Key={"pk": {"S": f"endpoint#{ENDPOINT}"}, "sk": {"S": "claim"}},
    )

    world.clock.advance(8 * _QUARTER)

    assert assert_nothing_left_behind(world).outcome in {Outcome.ROLLED_BACK, Outcome.REJECTED}


def test_a_claim_whose_update_is_not_recorded_is_freed(world: World) -> None:
    hold(world, ENDPOINT)

    world.clock.advance(2 * _QUARTER)

    assert world.ledger.claim(ENDPOINT) is None
    assert world.lambdas.dead_letters == []


def test_four_hundred_that_are_held_cost_one_read_each(world: World) -> None:
    world.offer()
    running = world.run_to("AwaitOutcome")
    at = world.clock.now()
    for number in range(400):
        world.ledger.take_claim(Claim(f"held-{number}", "x", running.arn, at), at.isoformat())
    calls: list[str] = []
    clients.client("dynamodb").meta.events.register(
        "before-call.dynamodb", lambda model, **_: calls.append(model.name), unique_id="count"
    )

    world.lambdas.invoke("arn:aws:lambda:::function:StartQueuedFunction", {"detail": {}})

    clients.client("dynamodb").meta.events.unregister("before-call.dynamodb", unique_id="count")
    assert calls.count("GetItem") <= 410
    assert len(calls) <= 420


def test_people_are_told_once_of_an_update_that_no_recovery_could_end(world: World) -> None:
    hold(world, ENDPOINT)
    clients.client("dynamodb").put_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Item={
            "pk": {"S": f"endpoint#{ENDPOINT}"},
            "sk": {"S": "recoveries"},
            "update_id": {"S": "gone"},
            "recoveries": {"N": str(MOST_RECOVERIES)},
            "last_at": {"S": world.clock.now().isoformat()},
        },
    )

    world.clock.advance(12 * _QUARTER)

    (message,) = world.outlets.messages
    assert (
        message["Subject"]
        == f"NeedsOperator: {ENDPOINT} is held by an update that no recovery could end"
    )
    assert f"switchover unclaim {ENDPOINT} --reason" in message["Message"]
    assert world.executions == []
