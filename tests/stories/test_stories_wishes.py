"""People write wishes, and nothing else of the ledger: a right to mark or stop is no right to plan."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.stories.test_stories_abort import run_to_stage
from tests.support.asking import BEFORE_START, ask
from tests.support.clients import client
from tests.support.expectations import assert_nothing_left_behind, codes
from tests.support.laptop import sit_down
from tests.support.scene import ENDPOINT

from switchover.domain.aborting import call_off
from switchover.domain.marks import Mark, Pin
from switchover.domain.reasons import Reason
from switchover.domain.update.records import AbortRequest
from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.world import World

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem")


@pytest.fixture(name="typed")
def type_commands(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """Commands find this world."""
    sit_down(world, monkeypatch)
    return world


@pytest.fixture(name="written")
def record_writes(world: World) -> Iterator[list[str]]:
    """The partition of each item that is written while a test runs."""
    written: list[str] = []
    events = client("dynamodb").meta.events

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        where = params.get("Item") or params.get("Key") or {"pk": {"S": model.name}}
        written.append(where["pk"]["S"])

    with ExitStack() as recording:
        for operation in WRITES:
            name = f"provide-client-params.dynamodb.{operation}"
            events.register(name, note)
            recording.callback(events.unregister, name, note)
        yield written


@pytest.mark.parametrize(
    "command",
    [
        ["abort", ENDPOINT, "--reason", "moved", "--no-watch"],
        ["pin", ENDPOINT, "v1", "--reason", "an audit"],
        ["unpin", ENDPOINT],
        ["release", "mark-bad", ENDPOINT, "v2", "--reason", "red"],
        ["release", "unmark", ENDPOINT, "v2"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_a_command_writes_only_into_the_wishes_of_its_endpoint(
    typed: World, written: list[str], command: list[str]
) -> None:
    ask(typed, BEFORE_START, "RequestApproval")
    written.clear()

    code = main(command)

    assert code == ExitCode.DONE
    assert set(written) == {f"wish#{ENDPOINT}"}


def test_a_request_to_stop_whose_event_is_lost_is_found_by_the_next_look(world: World) -> None:
    world.put_policy("strategy: canary\ncanary: {bake_seconds: 20m}")
    world.offer()
    run_to_stage(world, "Baking")
    update = world.update()

    request = call_off(update.update_id, world.clock.now(), "arn:ana", "moved")
    world.wishes.ask_abort(ENDPOINT, update.update_id, request)
    end = world.run()

    assert end.state == "RolledBack"
    assert codes(assert_nothing_left_behind(world)) == ["update.aborted"]
    assert [m.text for m in world.ledger.timeline(update.update_id) if m.state == "Abort"] == [
        request.told
    ]


@pytest.mark.parametrize(
    ("code", "at"),
    [
        ("alarm.went-red", "2026-03-02T09:00:00Z"),
        ("golden.failed", "2026-03-02T09:00:00Z"),
        ("update.aborted", "9999-12-31T23:59:59-14:00"),
        ("update.aborted", "0001-01-01T00:00:00+14:00"),
    ],
)
def test_a_request_that_tells_of_measurements_stops_the_update_and_is_not_believed(
    world: World, code: str, at: str
) -> None:
    world.put_policy("strategy: canary\ncanary: {bake_seconds: 20m}")
    world.offer()
    run_to_stage(world, "Baking")
    update = world.update()
    words = Reason(code=code, subject="alarm latency", message="went red.", remedy="none")
    request = AbortRequest(at=datetime.fromisoformat(at), by="ana", reasons=(words,))

    world.wishes.ask_abort(ENDPOINT, update.update_id, request)
    world.run()

    ended = assert_nothing_left_behind(world)
    assert codes(ended) == ["update.aborted"]
    assert "went red" not in ended.summary
    assert world.wishes.mark(ENDPOINT, "v2") is None


@pytest.mark.parametrize("state", ["CreateConfig", "StartUpdate"])
def test_before_the_start_it_needs_no_event_at_all(world: World, state: str) -> None:
    world.offer()
    world.run_to(state)
    update = world.update()

    request = call_off(update.update_id, world.clock.now(), "arn:ana", "moved")
    world.wishes.ask_abort(ENDPOINT, update.update_id, request)
    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_nothing_left_behind(world)) == ["update.aborted"]


def test_a_request_to_stop_another_update_stops_nothing(world: World) -> None:
    world.offer()
    world.run_to("StartUpdate")

    request = call_off("another", world.clock.now(), "arn:ana", "moved")
    world.wishes.ask_abort(ENDPOINT, "another", request)
    end = world.run()

    assert end.state == "Updated"


def write_as_before(world: World, sk: str, wish: Mark | Pin) -> None:
    """As earlier versions did: beside the claim."""
    item = {"pk": f"endpoint#{ENDPOINT}", "sk": sk, "body": wish.model_dump_json()}
    client("dynamodb").put_item(
        TableName=world.settings["SWITCHOVER_TABLE"],
        Item={name: {"S": value} for name, value in item.items()},
    )


def test_a_pin_that_an_earlier_version_wrote_holds_until_it_is_taken_off(typed: World) -> None:
    pin = Pin(endpoint=ENDPOINT, version="v1", reason="an audit", at=typed.clock.now())
    write_as_before(typed, "pin", pin)

    found = typed.wishes.pin(ENDPOINT)
    main(["unpin", ENDPOINT])

    assert found == pin
    assert typed.wishes.pin(ENDPOINT) is None


def test_a_mark_that_an_earlier_version_wrote_holds_until_it_is_taken_off(typed: World) -> None:
    mark = Mark(endpoint=ENDPOINT, version="v2", reason="red", at=typed.clock.now())
    write_as_before(typed, "mark#v2", mark)

    found = typed.wishes.mark(ENDPOINT, "v2")
    main(["release", "unmark", ENDPOINT, "v2"])

    assert found == mark
    assert typed.wishes.mark(ENDPOINT, "v2") is None


def test_a_request_that_comes_when_all_is_confirmed_is_told_to_be_too_late(world: World) -> None:
    world.offer()
    world.run_to("RecordOutcome")
    update = world.update()

    request = call_off(update.update_id, world.clock.now(), "arn:ana", "moved")
    world.wishes.ask_abort(ENDPOINT, update.update_id, request)
    end = world.run()

    assert end.state == "Updated"
    [told] = [m.text for m in world.ledger.timeline(update.update_id) if m.state == "Abort"]
    assert "too late" in told


def test_who_may_not_send_the_event_is_told_that_the_request_stands(
    typed: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(typed, BEFORE_START, "RequestApproval")
    denied = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}

    def deny(**_: Any) -> None:
        raise ClientError(denied, "PutEvents")

    monkeypatch.setattr(type(typed.outlets), "put_events", lambda _, **more: deny(**more))
    code = main(["abort", ENDPOINT, "--reason", "moved", "--no-watch"])

    assert code == ExitCode.UNEXPECTED
    assert "is recorded" in capsys.readouterr().err
    assert typed.wishes.find_abort(typed.update()) is not None
