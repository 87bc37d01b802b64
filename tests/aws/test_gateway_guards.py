"""A guard's counts are kept from one look to the next, even if its item is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.ledger_table import TABLE, table_in_memory
from tests.support.samples import NOW, later

from switchover.aws.guards import Watches
from switchover.domain.guarding import Tally, Watch
from switchover.domain.reasons import Reason
from switchover.domain.update.records import Moment, NotedMoment

if TYPE_CHECKING:
    from tests.support.table import Table

UPDATE = "chat-v2-0a1b2c3d"
SEEN = Watch(
    sent=3,
    named={"v2": 1},
    tallies={
        "sign": Tally(
            right=1, wrong=2, reasons=(Reason(code="c", subject="s", message="m", remedy="r"),)
        )
    },
    conclusion=NotedMoment(moment=Moment(at=NOW, state="GuardBake", text="Enough."), revision=7),
)


@pytest.fixture
def table() -> Table:
    return table_in_memory()


@pytest.fixture
def watches(table: Table) -> Watches:
    return Watches(table, TABLE)  # type: ignore[arg-type]


def test_what_was_seen_is_found_again(watches: Watches) -> None:
    watches.keep(UPDATE, NOW, SEEN)

    assert watches.watch(UPDATE, NOW) == SEEN


def test_another_bake_begins_with_nothing(watches: Watches) -> None:
    watches.keep(UPDATE, NOW, SEEN)

    assert watches.watch(UPDATE, later(600)) == Watch()


@pytest.mark.parametrize("body", [{"S": "?"}, {"B": b"?"}])
def test_what_cannot_be_read_counts_anew(
    watches: Watches, table: Table, body: dict[str, str | bytes]
) -> None:
    place = {"pk": {"S": f"update#{UPDATE}"}, "sk": {"S": f"guard#{NOW.isoformat()}"}}
    table.put_item(TableName=TABLE, Item={**place, "body": body})

    assert watches.watch(UPDATE, NOW) == Watch()
