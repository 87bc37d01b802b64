"""Updates of any length: long fields lie beside the item, which stays small; old forms are read."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from pydantic_core import to_json
from tests.support.ledger_table import TABLE
from tests.support.refusing_table import (
    DENIED,
    TOO_LARGE,
    Refusing,
    is_any,
    is_none,
    is_of_update,
    is_update,
)
from tests.support.samples import ENDPOINT, NOW, amend, later, plan, release, update

from switchover.aws.ledger import Ledger
from switchover.aws.served_configs import NEWEST_SERVED
from switchover.aws.update_shape import flatten
from switchover.domain.errors import LedgerRefused, UpdateUnreadable
from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.golden.results import GoldenResult
from switchover.domain.outcome import Outcome
from switchover.domain.reasons import Reason
from switchover.domain.recovering import FIRST_PAUSE, MOST_RECOVERIES
from switchover.domain.release import MOST_FILES, ReleaseFile
from switchover.domain.served import Served

if TYPE_CHECKING:
    from datetime import datetime

    from mypy_boto3_dynamodb import DynamoDBClient

    from switchover.domain.update.update import Update

ITEM_BYTES = 400 * 1024


@dataclass
class Room:
    """A ledger whose writes are counted and may be refused."""

    ledger: Ledger
    table: Refusing

    def item(self, update_id: str) -> dict[str, Any]:
        key = {"pk": {"S": f"update#{update_id}"}, "sk": {"S": "update"}}
        return dict(self.table.get_item(TableName=TABLE, Key=key)["Item"])

    def parts(self, update_id: str, name: str) -> list[dict[str, Any]]:
        found = self.table.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :part)",
            ExpressionAttributeValues={
                ":pk": {"S": f"update#{update_id}"},
                ":part": {"S": f"part#{name}#"},
            },
        )
        return list(found["Items"])

    def lose(self, update_id: str, name: str) -> None:
        first = self.parts(update_id, name)[0]
        self.table.delete_item(TableName=TABLE, Key={"pk": first["pk"], "sk": first["sk"]})

    def write_schema_1(self, old: Update) -> None:
        """Write an update as it was written before there were parts."""
        body = to_json(flatten(old), exclude={"revision", "is_unreadable", "parts"}).decode()
        self.table.put_item(
            TableName=TABLE,
            Item={
                "pk": {"S": f"update#{old.update_id}"},
                "sk": {"S": "update"},
                "endpoint": {"S": old.endpoint},
                "started_at": {"S": f"{old.started_at.isoformat()}#{old.update_id}"},
                "revision": {"N": "3"},
                "schema": {"N": "1"},
                "body": {"B": zlib.compress(body.encode())},
            },
        )


@pytest.fixture
def room(dynamodb: DynamoDBClient) -> Room:
    table: Any = Refusing(dynamodb, is_none)
    return Room(Ledger(table, TABLE), table)


def of_many_files(count: int) -> Update:
    files = tuple(
        ReleaseFile(path=f"part-{n:05}.bin", bytes=n, sha256=sha256(b"%d" % n).hexdigest())
        for n in range(count)
    )
    return update(release=release().model_copy(update={"files": files}), plan=plan())


def answers(count: int) -> tuple[GoldenResult, ...]:
    return tuple(
        GoldenResult(
            name=f"question {n}",
            verdict=GoldenVerdict.PASSED,
            status=200,
            answer_excerpt=sha256(b"%d" % n).hexdigest() * 4,
        )
        for n in range(count)
    )


def reasons(count: int, letters: int = 300) -> tuple[Reason, ...]:
    return tuple(
        Reason(code="a.b", subject=f"file {n}", message="漢" * letters, remedy="Mend it.")
        for n in range(count)
    )


# Long fields


@pytest.mark.parametrize(
    "count", [1, 100, 2_200, 6_000, pytest.param(MOST_FILES, marks=pytest.mark.long)]
)
def test_a_release_of_any_length_is_kept(room: Room, count: int) -> None:
    opened = room.ledger.open_update(of_many_files(count))

    assert room.ledger.update(opened.update_id) == opened


def test_the_item_of_the_longest_update_stays_small(room: Room) -> None:
    saved = room.ledger.save(
        amend(
            room.ledger.open_update(of_many_files(5_000)),
            golden=answers(200),
            warnings=reasons(400),
            reasons=reasons(400, letters=3_000),
            summary="x" * 300_000,
        )
    )

    assert room.ledger.update(saved.update_id) == saved
    assert len(str(room.item(saved.update_id))) < ITEM_BYTES / 20


def test_many_fields_that_are_each_short_stay_within_an_item(room: Room) -> None:
    many = dict.fromkeys(
        ("reasons", "warnings", "way_back_faults", "left_to_others", "gate_closed_by"),
        reasons(15),
    )
    texts = dict.fromkeys(("summary", "last_seen", "serving_config", "bucket"), "x" * 15_000)
    saved = room.ledger.save(amend(room.ledger.open_update(update()), **many, **texts))

    assert room.ledger.update(saved.update_id) == saved


def test_no_piece_of_a_part_is_longer_than_an_item(room: Room) -> None:
    opened = room.ledger.open_update(of_many_files(10_000))

    pieces = room.parts(opened.update_id, "release")

    assert len(pieces) > 1
    assert max(len(piece["body"]["B"]) for piece in pieces) < ITEM_BYTES


def test_what_is_long_is_written_once(room: Room) -> None:
    opened = room.ledger.open_update(of_many_files(2_000))
    room.table.written.clear()

    room.ledger.save(amend(room.ledger.update(opened.update_id), last_seen="Baking"))

    assert [key["sk"]["S"] for key in room.table.written] == ["update"]


def test_what_grew_long_later_is_a_part_then(room: Room) -> None:
    opened = room.ledger.open_update(update())
    short = room.ledger.save(amend(opened, golden=answers(1)))
    long = room.ledger.save(amend(short, golden=answers(200)))
    short_again = room.ledger.save(amend(long, golden=answers(2)))

    assert (short.record.parts, list(long.record.parts), short_again.record.parts) == (
        {},
        ["golden"],
        {},
    )
    assert room.ledger.update(opened.update_id).found.golden == answers(2)


def test_a_change_made_to_a_copy_is_kept_though_the_field_is_a_part(room: Room) -> None:
    saved = room.ledger.save(amend(room.ledger.open_update(update()), golden=answers(200)))
    copy = amend(saved, golden=answers(150))

    room.ledger.save(amend(copy, last_seen="Baking"))

    assert room.ledger.update(saved.update_id).found.golden == answers(150)


# Lost parts


def test_answers_that_are_lost_take_nothing_else_with_them(room: Room) -> None:
    saved = room.ledger.save(
        amend(room.ledger.open_update(update(plan=plan())), golden=answers(200))
    )
    room.lose(saved.update_id, "golden")

    found = room.ledger.update(saved.update_id)

    assert (found.found.golden, found.plan) == ((), saved.plan)
    assert room.ledger.save(amend(found, golden=answers(200))).found.golden == answers(200)
    assert room.ledger.update(saved.update_id).found.golden == answers(200)


def test_a_release_whose_files_are_lost_is_not_carried_on_without_them(room: Room) -> None:
    opened = room.ledger.open_update(of_many_files(2_000))
    room.lose(opened.update_id, "release")

    with pytest.raises(UpdateUnreadable, match="its part release is lost"):
        room.ledger.update(opened.update_id)


def test_a_piece_of_another_content_is_no_part(room: Room) -> None:
    opened = room.ledger.open_update(of_many_files(2_000))
    first = room.parts(opened.update_id, "release")[0]
    forged = {**first, "pieces": {"N": "1"}, "body": {"B": zlib.compress(b"null")}}
    room.table.put_item(TableName=TABLE, Item=forged)

    with pytest.raises(UpdateUnreadable, match="its part release is lost"):
        room.ledger.update(opened.update_id)


# Items of older versions


def test_an_item_of_schema_1_is_read_and_written_anew(room: Room) -> None:
    old = of_many_files(3_000)
    room.write_schema_1(old)

    found = room.ledger.update(old.update_id)
    saved = room.ledger.save(amend(found, last_seen="Baking"))

    assert found == amend(old, revision=3)
    assert room.ledger.update(old.update_id) == saved
    assert room.item(old.update_id)["schema"] == {"N": "2"}


def test_an_update_of_schema_1_is_listed_and_teaches(room: Room) -> None:
    room.write_schema_1(
        update(release=release(), plan=plan(), outcome=Outcome.UPDATED, moving_seconds=900)
    )

    [listed] = room.ledger.listed(ENDPOINT)

    assert (listed.version, listed.outcome) == ("v2", Outcome.UPDATED)
    assert room.ledger.past(ENDPOINT) == (listed.taught,)


# Lists


def test_a_list_reads_no_item(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = room.ledger.open_update(update(release=release(), plan=plan()))
    room.ledger.save(amend(opened, outcome=Outcome.UPDATED, moving_seconds=900))
    monkeypatch.setattr(room.table, "get_item", None, raising=False)

    [listed] = room.ledger.listed(ENDPOINT)

    assert (listed.update_id, listed.version) == (opened.update_id, "v2")
    assert listed.taught is not None
    assert listed.taught.measured_seconds == 900


def test_of_what_served_planning_reads_the_newest(room: Room) -> None:
    count = NEWEST_SERVED + 20
    for n in range(count):
        room.ledger.add_served(served(f"v{n}", later(n)))

    assert len(room.ledger.served(ENDPOINT)) == NEWEST_SERVED
    assert room.ledger.served(ENDPOINT)[0].version == f"v{count - 1}"
    assert len(room.ledger.served(ENDPOINT, newest=None)) == count
    assert len(room.ledger.all_served(ENDPOINT)) == count


def served(version: str, at: datetime) -> Served:
    return Served(
        endpoint=ENDPOINT,
        version=version,
        config_name=f"chat-{version}",
        model_name=f"model-{version}",
        update_id=version,
        at=at,
    )


# Refusals of DynamoDB

ENDING: dict[str, Any] = {
    "outcome": Outcome.UPDATED,
    "summary": "chat serves v2.",
    "reasons": reasons(1),
    "ended_at": NOW,
    "serving_config": "chat-v2",
    "serving": None,
}


@pytest.mark.parametrize("error", [TOO_LARGE, DENIED])
@pytest.mark.parametrize("items", [is_update, is_of_update])
def test_an_outcome_that_an_item_does_not_take_is_kept_beside_the_claim(
    room: Room, items: Any, error: tuple[str, str]
) -> None:
    opened = room.ledger.open_update(update())
    room.table.refuses, room.table.error = items, error

    settled = room.ledger.settle(amend(opened, **ENDING))
    room.ledger.note_announced(settled, Outcome.UPDATED)

    found = room.ledger.look_up(opened.update_id)
    assert found == amend(settled, announced=Outcome.UPDATED)
    assert (found.outcome, found.serving_config) == (Outcome.UPDATED, "chat-v2")


def test_an_outcome_that_is_taken_nowhere_is_refused(room: Room) -> None:
    opened = room.ledger.open_update(update())
    room.table.refuses = is_any

    with pytest.raises(Exception, match="exceeded the maximum"):
        room.ledger.settle(amend(opened, **ENDING))
    room.ledger.note_announced(opened, Outcome.UPDATED)


@pytest.mark.parametrize("count", [20, 5_000])
def test_what_is_kept_beside_the_claim_fits_there(room: Room, count: int) -> None:
    opened = room.ledger.open_update(update())
    room.table.refuses = is_update

    room.ledger.settle(amend(opened, **{**ENDING, "reasons": reasons(count, letters=3_000)}))

    assert room.ledger.look_up(opened.update_id).reasons[-1].message.endswith("left out here.")


def test_an_item_that_takes_changes_again_knows_better(room: Room) -> None:
    """A release whose place in the queue was kept beside the claim is taken up later."""
    opened = room.ledger.open_update(update())
    room.table.refuses = is_update
    queued = room.ledger.settle(amend(opened, **{**ENDING, "outcome": Outcome.QUEUED}))
    room.table.refuses = is_none

    room.ledger.save(amend(queued, outcome=None, summary=""))

    assert room.ledger.look_up(opened.update_id).outcome is None


def test_a_change_that_is_refused_for_good_says_so(room: Room) -> None:
    opened = room.ledger.open_update(update())
    room.table.refuses = is_update

    with pytest.raises(LedgerRefused, match="exceeded the maximum"):
        room.ledger.save(amend(opened, last_seen="Baking"))


def test_a_change_that_is_throttled_is_not_refused_for_good(room: Room) -> None:
    opened = room.ledger.open_update(update())
    room.table.refuses, room.table.error = is_update, ("ThrottlingException", "Rate exceeded")

    with pytest.raises(room.table.exceptions.ClientError, match="Rate exceeded"):
        room.ledger.save(amend(opened, last_seen="Baking"))


# Recoveries


def test_a_recovery_is_begun_at_once_then_after_growing_pauses(room: Room) -> None:
    begun = [
        minute
        for minute in range(0, 200, 5)
        if room.ledger.count_recovery(ENDPOINT, "u1", later(minute * 60))
    ]

    assert begun == [0, 10, 30, 70, 150]


def test_recoveries_end_some_time(room: Room) -> None:
    moments = [NOW + FIRST_PAUSE * (2**n - 1) for n in range(MOST_RECOVERIES)]

    counted = [room.ledger.count_recovery(ENDPOINT, "u1", at) for at in moments]

    assert counted == [True] * MOST_RECOVERIES
    assert not room.ledger.count_recovery(ENDPOINT, "u1", later(365 * 86_400))
    assert room.ledger.count_recovery(ENDPOINT, "u2", later(365 * 86_400))


@pytest.mark.parametrize("damage", [{}, {"last_at": {"S": "x"}}, {"recoveries": {"S": "x"}}])
def test_a_count_that_cannot_be_read_keeps_no_update_from_being_recovered(
    room: Room, damage: dict[str, Any]
) -> None:
    key = {"pk": {"S": f"endpoint#{ENDPOINT}"}, "sk": {"S": "recoveries"}}
    room.table.put_item(TableName=TABLE, Item={**key, **damage})

    assert room.ledger.count_recovery(ENDPOINT, "u1", NOW)
