"""The ledger on DynamoDB: one holder of a claim, no lost change, history in order."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from pydantic_core import to_json
from tests.support.ledger_table import TABLE, table_in_memory
from tests.support.samples import (
    ENDPOINT,
    EXECUTION,
    NOW,
    amend,
    course,
    later,
    plan,
    release,
    update,
)

from switchover.aws.ledger import Ledger
from switchover.aws.update_shape import flatten
from switchover.domain.errors import StaleUpdate, UpdateUnknown, UpdateUnreadable
from switchover.domain.fleet import CapacitySnapshot, ScalingReading
from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Claim, Standing
from switchover.domain.release import ReleaseFile
from switchover.domain.served import Served
from switchover.domain.update.records import Moment

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient

    from switchover.domain.update.update import Update


@pytest.fixture
def ledger(dynamodb: DynamoDBClient) -> Ledger:
    return Ledger(dynamodb, TABLE)


def claim(update_id: str, endpoint: str = ENDPOINT) -> Claim:
    return Claim(endpoint, update_id, f"{EXECUTION}-{update_id}", NOW)


def served(version: str, at: datetime) -> Served:
    return Served(
        endpoint=ENDPOINT,
        version=version,
        config_name=f"chat-{version}",
        model_name=f"model-{version}",
        update_id=version,
        at=at,
    )


def take(ledger: Ledger, who: str, order: str = "1", instead_of: str | None = None) -> bool:
    gone = f"{EXECUTION}-{instead_of}" if instead_of else None
    return ledger.take_claim(claim(who), order, instead_of=gone)


def test_a_free_claim_is_taken(ledger: Ledger) -> None:
    assert take(ledger, "one")
    assert ledger.claim(ENDPOINT) == claim("one")


def test_a_held_claim_stays_with_its_holder(ledger: Ledger) -> None:
    take(ledger, "one")
    assert not take(ledger, "two")
    assert ledger.claim(ENDPOINT) == claim("one")


def test_of_sixteen_at_once_one_wins(ledger: Ledger) -> None:
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda n: take(ledger, str(n)), range(16)))
    assert sum(won) == 1
    assert ledger.claim(ENDPOINT) == claim(str(won.index(True)))


def test_a_repeat_keeps_its_own_claim(ledger: Ledger) -> None:
    take(ledger, "one")
    assert take(ledger, "one")


def test_a_gone_holder_is_replaced_by_one_only(ledger: Ledger) -> None:
    """Two found the same execution gone; the second must not replace the first."""
    take(ledger, "gone")
    assert take(ledger, "two", instead_of="gone")
    assert not take(ledger, "three", instead_of="gone")
    assert ledger.claim(ENDPOINT) == claim("two")


def test_of_sixteen_that_replace_a_gone_holder_one_wins(ledger: Ledger) -> None:
    take(ledger, "gone")
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda n: take(ledger, str(n), instead_of="gone"), range(16)))
    assert sum(won) == 1


def test_what_is_older_than_the_newest_holder_never_gets_the_claim_again(ledger: Ledger) -> None:
    take(ledger, "new", order="2")
    ledger.release_claim(ENDPOINT, f"{EXECUTION}-new")
    assert not take(ledger, "late", order="1")
    assert ledger.standing(ENDPOINT) == Standing(None, "2")


def test_the_newest_may_have_the_claim_again(ledger: Ledger) -> None:
    take(ledger, "one", order="2")
    ledger.release_claim(ENDPOINT, f"{EXECUTION}-one")
    assert take(ledger, "one", order="2")


def test_endpoints_are_claimed_apart(ledger: Ledger) -> None:
    take(ledger, "one")
    assert ledger.take_claim(claim("two", "search"), "1")


def test_a_claim_is_given_back(ledger: Ledger) -> None:
    take(ledger, "one")
    assert ledger.release_claim(ENDPOINT, f"{EXECUTION}-one")
    assert ledger.claim(ENDPOINT) is None


def test_somebody_elses_claim_stays(ledger: Ledger) -> None:
    take(ledger, "one")
    assert not ledger.release_claim(ENDPOINT, f"{EXECUTION}-two")
    assert ledger.claim(ENDPOINT) == claim("one")


def test_every_claim_that_is_held_is_listed(ledger: Ledger) -> None:
    take(ledger, "one")
    ledger.take_claim(claim("two", "search"), "1")
    ledger.take_claim(claim("three", "vision"), "1")
    ledger.release_claim("vision", f"{EXECUTION}-three")

    assert set(ledger.claimed_endpoints()) == {ENDPOINT, "search"}
    assert ledger.history("vision") == ()


def test_a_claim_is_given_back_twice_without_harm(ledger: Ledger) -> None:
    assert not ledger.release_claim(ENDPOINT, f"{EXECUTION}-one")
    assert ledger.claim(ENDPOINT) is None


def test_what_people_were_told_is_kept_beside_the_update(ledger: Ledger) -> None:
    """A note of it must not make a writer of the update itself look stale."""
    opened = ledger.open_update(update())
    ledger.note_announced(opened, Outcome.QUEUED)
    ledger.save(amend(opened, outcome=Outcome.UPDATED))
    assert ledger.update(opened.update_id).told.announced is Outcome.QUEUED


def test_an_update_comes_back_as_it_was_opened(ledger: Ledger) -> None:
    opened = ledger.open_update(update())
    assert ledger.update(opened.update_id) == opened


def test_opening_again_returns_what_was_recorded_first(ledger: Ledger) -> None:
    ledger.open_update(update(started_at=NOW))
    assert ledger.open_update(update(started_at=later(60))).started_at == NOW


def test_an_unknown_update_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(UpdateUnknown, match="no update 'x'"):
        ledger.update("x")


def test_an_unknown_update_is_not_found(ledger: Ledger) -> None:
    assert ledger.find("x") is None


def test_changes_are_kept(ledger: Ledger) -> None:
    changed = ledger.save(amend(ledger.open_update(update()), plan=plan(), course=course()))
    assert ledger.update(changed.update_id) == changed
    assert changed.record.revision == 1


def test_a_stale_change_is_refused(ledger: Ledger) -> None:
    stale = ledger.open_update(update())
    ledger.save(amend(stale, last_seen="Baking"))
    with pytest.raises(StaleUpdate, match="was changed meanwhile"):
        ledger.save(amend(stale, last_seen="Deleting"))


def test_a_refused_change_changes_nothing(ledger: Ledger) -> None:
    stale = ledger.open_update(update())
    ledger.save(amend(stale, last_seen="Baking"))
    with pytest.raises(StaleUpdate):
        ledger.save(amend(stale, outcome=Outcome.UPDATED))
    assert ledger.update(stale.update_id).outcome is None


def test_a_parked_token_is_found_with_what_it_waits_for(ledger: Ledger) -> None:
    """By these an event wakes the execution."""
    opened = ledger.open_update(update())
    ledger.park_token(opened.update_id, "token-1", "outcome")
    found = ledger.update(opened.update_id)
    assert (found.waiting.task_token, found.waiting.awaited) == ("token-1", "outcome")


def test_parking_a_token_reads_the_update_as_it_stands(ledger: Ledger) -> None:
    opened = ledger.open_update(update())
    ledger.save(amend(opened, last_seen="Baking"))

    parked = ledger.park_token(opened.update_id, "token-1", "outcome")

    assert parked == ledger.update(opened.update_id)
    assert parked.progress.last_seen == "Baking"


def test_parking_a_token_makes_no_reading_stale(ledger: Ledger) -> None:
    opened = ledger.open_update(update())
    ledger.park_token(opened.update_id, "token-1", "outcome")
    assert ledger.save(amend(opened, last_seen="Baking")).progress.last_seen == "Baking"


def test_saving_keeps_the_parked_token(ledger: Ledger) -> None:
    opened = ledger.open_update(update())
    ledger.park_token(opened.update_id, "token-1", "outcome")
    ledger.save(amend(opened, last_seen="Baking"))
    assert ledger.update(opened.update_id).waiting.task_token == "token-1"  # noqa: S105


def test_a_token_is_parked_only_for_an_update_that_exists(ledger: Ledger) -> None:
    with pytest.raises(UpdateUnknown, match="no update 'x'"):
        ledger.park_token("x", "token-1", "outcome")


def test_the_timeline_is_oldest_first(ledger: Ledger) -> None:
    moments = [Moment(at=later(n), state="AwaitOutcome", text=str(n)) for n in (5, 0, 100)]
    for moment in moments:
        ledger.add_moment(update(), moment)
    assert [moment.text for moment in ledger.timeline(update().update_id)] == ["0", "5", "100"]


def test_a_moment_told_twice_is_one(ledger: Ledger) -> None:
    moment = Moment(at=NOW, state="AwaitOutcome", text="Baking")
    ledger.add_moment(update(), moment)
    ledger.add_moment(update(), moment)
    assert ledger.timeline(update().update_id) == (moment,)


def test_moments_of_one_second_keep_the_order_of_their_update(ledger: Ledger) -> None:
    """The clock is a Date header: whole seconds."""
    texts = [f"step {n}" for n in range(12)]
    for n, text in enumerate(texts):
        moment = Moment(at=NOW, state="AwaitOutcome", text=text)
        ledger.add_moment(update(revision=n), moment)
    assert [moment.text for moment in ledger.timeline(update().update_id)] == texts


def test_history_is_newest_first_and_of_one_endpoint(ledger: Ledger) -> None:
    for n in (2, 1, 3):
        ledger.open_update(update(update_id=f"u{n}", started_at=later(n)))
    ledger.open_update(update(update_id="other", endpoint="search", started_at=later(9)))
    assert [found.update_id for found in ledger.history(ENDPOINT)] == ["u3", "u2", "u1"]


def test_history_is_as_long_as_asked(ledger: Ledger) -> None:
    for n in range(5):
        ledger.open_update(update(update_id=f"u{n}", started_at=later(n)))
    assert [found.update_id for found in ledger.history(ENDPOINT, limit=2)] == ["u4", "u3"]


def test_what_served_last_comes_first(ledger: Ledger) -> None:
    ledger.add_served(served("v1", NOW))
    ledger.add_served(served("v2", later(10)))
    assert [entry.version for entry in ledger.served(ENDPOINT)] == ["v2", "v1"]


def test_what_served_is_recorded_once(ledger: Ledger) -> None:
    ledger.add_served(served("v1", NOW))
    ledger.add_served(served("v1", NOW))
    assert len(ledger.served(ENDPOINT)) == 1


def test_a_snapshot_of_scaling_survives(ledger: Ledger) -> None:
    """AWS's answers hold times; scheduled actions are put back with them."""
    scaling = ScalingReading(
        target={"MinCapacity": 2, "MaxCapacity": 8, "CreationTime": NOW},
        scheduled_actions=({"ScheduledActionName": "night", "StartTime": NOW},),
    )
    snapshot = CapacitySnapshot(desired_instances=4, scaling=scaling)
    saved = ledger.save(amend(ledger.open_update(update()), snapshot=snapshot))
    found = ledger.update(saved.update_id).capacity.snapshot
    assert found is not None
    assert found.scaling.target is not None
    assert found.scaling.target["MaxCapacity"] == 8
    assert found.scaling.scheduled_actions[0]["StartTime"] in {NOW, "2026-01-05T12:00:00Z"}


def put_body(dynamodb: DynamoDBClient, update_id: str, body: str, schema: str = "1") -> None:
    dynamodb.update_item(
        TableName=TABLE,
        Key={"pk": {"S": f"update#{update_id}"}, "sk": {"S": "update"}},
        UpdateExpression="SET body = :body, #schema = :schema",
        ExpressionAttributeNames={"#schema": "schema"},
        ExpressionAttributeValues={":body": {"S": body}, ":schema": {"N": schema}},
    )


UNREADABLE = {
    "no JSON": ("x", "1"),
    "too deep": ("[" * 300, "1"),
    "of another kind": ("{}", "1"),
    "of a newer schema": (to_json(flatten(update())).decode(), "3"),
}


@pytest.mark.parametrize(("body", "schema"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_record_that_cannot_be_read_hides_no_other_one(
    ledger: Ledger, dynamodb: DynamoDBClient, body: str, schema: str
) -> None:
    ledger.open_update(update(update_id="sound", started_at=later(60)))
    ledger.open_update(update(update_id="lost"))
    put_body(dynamodb, "lost", body, schema)

    sound, lost = ledger.history(ENDPOINT)

    assert (sound.update_id, sound.record.is_unreadable) == ("sound", False)
    assert (lost.update_id, lost.record.is_unreadable, lost.started_at) == ("lost", True, NOW)
    assert (lost.outcome, lost.reasons[0].code) == (Outcome.NEEDS_OPERATOR, "update.unreadable")


def test_a_record_that_cannot_be_read_is_neither_carried_on_nor_written_over(
    ledger: Ledger, dynamodb: DynamoDBClient
) -> None:
    opened = ledger.open_update(update())
    put_body(dynamodb, opened.update_id, "x")

    with pytest.raises(UpdateUnreadable, match="can't be read"):
        ledger.update(opened.update_id)
    stand_in = ledger.look_up(opened.update_id)
    with pytest.raises(UpdateUnreadable, match="can't be read"):
        ledger.save(amend(stand_in, last_seen="Baking"))


def test_settling_keeps_the_old_record_beside_the_new_one(
    ledger: Ledger, dynamodb: DynamoDBClient
) -> None:
    opened = ledger.open_update(update())
    put_body(dynamodb, opened.update_id, "what it was")

    settled = ledger.settle_unreadable(ledger.look_up(opened.update_id), "arn:recovery")

    key = {"pk": {"S": f"update#{opened.update_id}"}, "sk": {"S": "update"}}
    item = dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    assert ledger.update(opened.update_id) == settled
    assert settled.execution_arn == "arn:recovery"
    assert item["unreadable"] == {"S": "what it was"}


def test_what_people_were_told_of_an_unreadable_update_stays_its_outcome(
    ledger: Ledger, dynamodb: DynamoDBClient
) -> None:
    opened = ledger.open_update(update())
    ledger.note_announced(opened, Outcome.UPDATED)
    put_body(dynamodb, opened.update_id, "x")

    assert ledger.look_up(opened.update_id).outcome is Outcome.UPDATED


def test_what_a_newer_version_added_is_passed_over(
    ledger: Ledger, dynamodb: DynamoDBClient
) -> None:
    opened = ledger.open_update(update(plan=plan()))
    body = json.loads(to_json(flatten(opened), exclude={"revision", "is_unreadable"}))
    body["plan"]["pace"]["of_the_future"] = body["of_the_future"] = {"x": 1}
    put_body(dynamodb, opened.update_id, json.dumps(body))

    assert ledger.update(opened.update_id) == opened


def of_many_files(count: int) -> Update:
    files = tuple(
        ReleaseFile(path=f"part-{n:05}.bin", bytes=n, sha256=sha256(b"%d" % n).hexdigest())
        for n in range(count)
    )
    return update(release=release().model_copy(update={"files": files}))


def test_a_release_of_six_thousand_files_is_kept(ledger: Ledger) -> None:
    """Its JSON takes twice what an item of DynamoDB does."""
    opened = ledger.open_update(of_many_files(6_000))

    assert ledger.update(opened.update_id) == opened


def test_changes_to_a_release_of_many_files_are_kept(ledger: Ledger) -> None:
    """Not of 6,000: moto counts the old value and the new one together, both in base64."""
    saved = ledger.save(amend(ledger.open_update(of_many_files(2_500)), last_seen="Baking"))

    assert ledger.update(saved.update_id) == saved


def test_an_entry_of_the_timeline_that_cannot_be_read_says_so(
    ledger: Ledger, dynamodb: DynamoDBClient
) -> None:
    opened = ledger.open_update(update())
    ledger.add_moment(opened, Moment(at=NOW, state="AwaitOutcome", text="Baking"))
    dynamodb.put_item(
        TableName=TABLE,
        Item={
            "pk": {"S": f"update#{opened.update_id}"},
            "sk": {"S": f"moment#{later(5).isoformat()}#000001#x"},
            "body": {"S": "x"},
        },
    )

    assert [moment.text for moment in ledger.timeline(opened.update_id)] == [
        "Baking",
        "This entry can't be read.",
    ]


def test_lists_read_their_own_length_of_a_long_history() -> None:
    """DynamoDB hands out page after page: whoever asks for the newest few must ask for no second one."""
    table: Any = table_in_memory()
    ledger = Ledger(table, TABLE)
    for n in range(250):
        ledger.open_update(update(update_id=f"u{n}", started_at=later(n)))
        ledger.add_served(served(f"v{n}", later(n)))
    table.calls.clear()

    ledger.past(ENDPOINT)
    ledger.served(ENDPOINT)
    ledger.newest(ENDPOINT)
    ledger.history(ENDPOINT, 3)

    assert table.calls["Query"] == 4
