"""Input that can't be read ends in a recorded outcome, and doesn't block others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support import clients
from tests.support.expectations import codes
from tests.support.offering import checkpoint, describe_release
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.support.walker import Execution
    from tests.support.world import World

_DAY_SECONDS = 24 * 3600
_OTHERS = ("a-team-prod", "team-b-prod")


def nested(levels: int) -> str:
    return '{"x":' * levels + "1" + "}" * levels


def release_with(policy: str) -> bytes:
    release = json.dumps(describe_release("v2", checkpoint(), ENDPOINT))
    return f'{release[:-1]}, "policy": {policy}}}'.encode()


def damage(world: World, update_id: str, body: str = "[" * 300) -> None:
    """Write what no version of the code reads."""
    clients.client("dynamodb").update_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Key={"pk": {"S": f"update#{update_id}"}, "sk": {"S": "update"}},
        UpdateExpression="SET body = :body",
        ExpressionAttributeValues={":body": {"S": body}},
    )


def stop(world: World, execution: Execution) -> None:
    world.stepfunctions.stop_execution(executionArn=execution.arn)


HOSTILE = {
    "210 levels": release_with(nested(210)),
    "900 levels": release_with(nested(900)),
    "5,000 digits": release_with('{"x": %s}' % ("9" * 5_000)),
    "5,000 digits in place of all": b"9" * 5_000,
    "a key twice": release_with('{"tier": "critical", "tier": "development"}'),
    "not a number": release_with('{"x": NaN}'),
    "half a character": release_with('{"x": "\\ud800"}'),
    "a list": b"[]",
    "nothing": b" ",
    "UTF-16": b"\xff\xfe\x00",
    "6,000 faults": json.dumps(
        describe_release("v2", {f"{n}/": b"" for n in range(6_000)}, ENDPOINT)
    ).encode(),
    "1 MiB and more": b" " * (1024**2 + 1),
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
def test_a_release_that_nobody_could_read_is_rejected_in_its_endpoints_history(
    world: World, raw: bytes
) -> None:
    world.offer(raw=raw)

    end = world.run()

    [recorded] = world.ledger.history(ENDPOINT)
    assert end.state == "Rejected"
    assert recorded.outcome is Outcome.REJECTED
    assert recorded.reasons
    assert world.ledger.claim(ENDPOINT) is None
    assert world.traces() == world.traces_before


def test_an_update_whose_record_got_lost_ends_with_a_person_and_frees_its_endpoint(
    world: World,
) -> None:
    world.offer()
    stopped = world.run_to("AwaitOutcome")
    damage(world, stopped.name)
    stop(world, stopped)

    world.clock.advance(_DAY_SECONDS)

    update = world.update()
    assert update.outcome is Outcome.NEEDS_OPERATOR
    assert codes(update) == ["update.unreadable", "capacity.left-suspended"]
    assert world.ledger.claim(ENDPOINT) is None
    assert world.messages() == [f"NeedsOperator: {ENDPOINT}"]


def test_a_record_that_is_lost_under_a_running_execution_ends_with_a_person_too(
    world: World,
) -> None:
    world.offer()
    running = world.run_to("AwaitOutcome")
    damage(world, running.name)

    world.clock.advance(_DAY_SECONDS)

    assert world.update().outcome is Outcome.NEEDS_OPERATOR
    assert world.ledger.claim(ENDPOINT) is None
    assert world.messages() == [f"NeedsOperator: {ENDPOINT}"]


def test_a_rollback_takes_over_from_an_update_that_cannot_be_read(world: World) -> None:
    world.offer("v2")
    world.run()
    world.offer("v3")
    stopped = world.run_to("ValidateModel", execution=1)
    damage(world, stopped.name)
    with_silence(world, lambda: stop(world, stopped))
    world.clock.advance(120)

    back = world.start("back", rollback=ENDPOINT, to="v1", reason="v2 answers in rhyme")
    world.clock.advance(_DAY_SECONDS)

    assert world.update(back).outcome is Outcome.UPDATED
    assert world.ledger.claim(ENDPOINT) is None


def test_the_next_release_goes_through_after_one_that_cannot_be_read(world: World) -> None:
    world.offer("v2")
    stopped = world.run_to("PlanUpdate")
    damage(world, stopped.name)
    stop(world, stopped)
    world.offer("v3")

    world.clock.advance(_DAY_SECONDS)

    newest = world.ledger.history(ENDPOINT)[0]
    assert (newest.version, newest.outcome) == ("v3", Outcome.UPDATED)


def test_a_place_in_the_queue_that_cannot_be_read_gets_its_turn(world: World) -> None:
    world.put_policy("when_busy: queue")
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.offer("v3")
    world.clock.advance(30)
    [waiting] = world.queue.entries(ENDPOINT)
    clients.client("dynamodb").update_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Key={"pk": {"S": f"endpoint#{ENDPOINT}"}, "sk": {"S": f"waiting#{waiting.order}"}},
        UpdateExpression="SET body = :body",
        ExpressionAttributeValues={":body": {"S": "{}"}},
    )

    world.clock.advance(_DAY_SECONDS)

    assert world.ledger.update(waiting.update_id).outcome is Outcome.UPDATED
    assert world.queue.entries(ENDPOINT) == ()


def test_an_update_that_waits_and_cannot_be_read_ends_in_its_turn(world: World) -> None:
    world.put_policy("when_busy: queue")
    world.offer("v2")
    world.run_to("AwaitOutcome")
    world.offer("v3")
    world.clock.advance(30)
    [waiting] = world.queue.entries(ENDPOINT)
    damage(world, waiting.update_id)

    world.clock.advance(_DAY_SECONDS)

    assert world.ledger.update(waiting.update_id).outcome is Outcome.NEEDS_OPERATOR
    assert world.queue.entries(ENDPOINT) == ()
    assert world.update().outcome is Outcome.UPDATED


def test_what_a_newer_version_wrote_is_not_overwritten_while_it_runs(world: World) -> None:
    """Code was taken back to an older version, or both run side by side for a moment."""
    world.offer()
    running = world.run_to("AwaitOutcome")
    body = json.dumps({"written_by": "a newer version"})
    damage(world, running.name, body)

    world.start("meddling", recover=running.name)
    world.clock.advance(5)

    assert world.ledger.look_up(running.name).record.is_unreadable


@pytest.fixture
def broken_neighbours(world: World) -> World:
    """Places in other endpoints' queues, under keys of no time, fail whoever looks at them."""
    for name in _OTHERS:
        clients.client("dynamodb").put_item(
            TableName=world.settings["SWITCHOVER_TABLE"],
            Item={
                "pk": {"S": f"endpoint#{name}"},
                "sk": {"S": "waiting#never#x"},
                "endpoint": {"S": "#waiting"},
                "started_at": {"S": f"{name}#never#x"},
            },
        )
    return world


def test_an_endpoint_that_fails_keeps_no_other_from_its_turn(broken_neighbours: World) -> None:
    world = broken_neighbours
    world.offer()
    stopped = world.run_to("AwaitOutcome")
    with_silence(world, lambda: stop(world, stopped))

    world.clock.advance(_DAY_SECONDS)

    assert world.update().outcome is Outcome.ROLLED_BACK
    assert world.capacity() == world.capacity_before
    assert world.ledger.claim(ENDPOINT) is None
    # Those that fail are logged, and looked at again by the next round.
    assert world.lambdas.dead_letters == []


def with_silence(world: World, act: Any) -> None:
    """Act with nobody told: the event gets lost."""
    emit = world.stepfunctions.emit
    world.stepfunctions.emit = lambda _event: None
    act()
    world.stepfunctions.emit = emit
