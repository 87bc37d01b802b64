"""Damaged items lead to messages; none prevents a rollback of the endpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support import clients
from tests.support.expectations import codes
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome
from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from tests.support.world import World

_DAY_SECONDS = 24 * 3600
BODIES: dict[str, dict[str, Any]] = {
    "no JSON": {"body": {"S": "{"}},
    "another JSON": {"body": {"S": "[]"}},
    "nested": {"body": {"S": "[" * 10_000}},
    "a key of a newer version": {"body": {"S": '{"newer": 1}'}},
    "bytes": {"body": {"B": b"\0"}},
    "no body": {},
    "a number": {"body": {"N": "1"}},
    "no reasons": {"body": {"S": '{"at": "2026-01-01T00:00:00Z", "by": "me", "reasons": []}'}},
    "no time zone": {
        "body": {
            "S": '{"at": "2026-01-01T00:00:00", "by": "me", "reasons":'
            ' [{"code": "a.b", "subject": "c", "message": "d", "remedy": "e"}]}'
        }
    },
    "300 KB": {
        "body": {
            "S": '{"at": "2026-01-01T00:00:00Z", "by": "me", "reasons": [{"code": "a.b", "subject": "c",'
            f' "message": "{"d" * 300_000}", "remedy": "e"}}]}}'
        }
    },
}


def put(world: World, pk: str, sk: str, **attributes: Any) -> None:
    clients.client("dynamodb").put_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Item={"pk": {"S": pk}, "sk": {"S": sk}, **attributes},
    )


def change(world: World, pk: str, sk: str, expression: str, **values: Any) -> None:
    with_values = {"ExpressionAttributeValues": values} if values else {}
    clients.client("dynamodb").update_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Key={"pk": {"S": pk}, "sk": {"S": sk}},
        UpdateExpression=expression,
        **with_values,
    )


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_pin_that_cannot_be_read_holds_releases_and_no_rollback(
    world: World, body: dict[str, Any]
) -> None:
    world.offer("v2")
    world.run()
    put(world, f"wish#{ENDPOINT}", "pin", **body)
    world.offer("v3")
    world.clock.advance(_DAY_SECONDS)
    refused = world.ledger.history(ENDPOINT)[0]

    back = world.start("back", rollback=ENDPOINT, to="v1", reason="v2 answers in rhyme")
    world.clock.advance(_DAY_SECONDS)

    assert refused.outcome is Outcome.REJECTED
    assert codes(refused) == ["endpoint.pinned"]
    assert world.update(back).outcome is Outcome.UPDATED


@pytest.mark.parametrize("body", [BODIES["no JSON"], BODIES["no body"]])
def test_a_mark_that_cannot_be_read_still_marks(world: World, body: dict[str, Any]) -> None:
    put(world, f"wish#{ENDPOINT}", "mark#v2", **body)
    world.offer("v2")

    world.clock.advance(_DAY_SECONDS)

    update = world.ledger.history(ENDPOINT)[0]
    assert update.outcome is Outcome.REJECTED
    assert codes(update) == ["release.marked-bad"]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_request_to_stop_that_cannot_be_read_stops(world: World, body: dict[str, Any]) -> None:
    world.offer("v2")
    running = world.run_to("AwaitOutcome")
    put(world, f"wish#{ENDPOINT}", f"abort#{running.name}", **body)

    world.clock.advance(_DAY_SECONDS)

    update = world.update()
    assert update.outcome is Outcome.ROLLED_BACK
    assert codes(update) == ["update.aborted"]
    assert world.ledger.claim(ENDPOINT) is None
    assert world.capacity() == world.capacity_before


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("REMOVE revision", {}),
        ("SET revision = :v", {":v": {"S": "x"}}),
        ("SET emitted = :v", {":v": {"S": "x"}}),
        ("SET announced = :v", {":v": {"L": []}}),
        ("REMOVE body", {}),
        ("SET body = :v", {":v": {"B": b"\0"}}),
        ("SET #s = :v".replace("#s", "awaited"), {":v": {"N": "1"}}),
    ],
)
def test_a_damaged_record_is_settled_and_its_endpoint_freed(
    world: World, expression: str, values: dict[str, Any]
) -> None:
    world.offer()
    stopped = world.run_to("AwaitOutcome")
    change(world, f"update#{stopped.name}", "update", expression, **values)
    world.stepfunctions.stop_execution(executionArn=stopped.arn)

    world.clock.advance(_DAY_SECONDS)

    assert world.ledger.claim(ENDPOINT) is None
    assert world.ledger.look_up(stopped.name).outcome is not None


def test_what_served_once_and_cannot_be_read_hides_nothing_else(world: World) -> None:
    world.offer("v2")
    world.run()
    put(world, f"endpoint#{ENDPOINT}", "served#9999", body={"S": "{"})

    back = world.start("back", rollback=ENDPOINT, to="v1", reason="v2 answers in rhyme")
    world.clock.advance(_DAY_SECONDS)

    assert world.update(back).outcome is Outcome.UPDATED


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("SET claimed_at = :v", {":v": {"S": "never"}}),
        ("SET claimed_at = :v", {":v": {"S": "2026-01-01"}}),
        ("REMOVE update_id", {}),
        ("REMOVE claimed_at", {}),
    ],
)
def test_a_claim_that_cannot_be_read_is_freed_by_a_command(
    world: World, monkeypatch: pytest.MonkeyPatch, expression: str, values: dict[str, Any]
) -> None:
    sit_down(world, monkeypatch)
    world.offer()
    stopped = world.run_to("PlanUpdate")
    emit, world.stepfunctions.emit = world.stepfunctions.emit, lambda _event: None
    world.stepfunctions.stop_execution(executionArn=stopped.arn)
    world.stepfunctions.emit = emit
    change(world, f"endpoint#{ENDPOINT}", "claim", expression, **values)

    code = main(["unclaim", ENDPOINT, "--reason", "it is gone"])
    world.clock.advance(_DAY_SECONDS)

    assert code == ExitCode.DONE
    assert world.ledger.claim(ENDPOINT) is None
