"""Thousands of files and hundreds of golden requests: updated, announced once, recorded completely."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.stories.test_stories_golden import CHAT, put_golden
from tests.support import clients
from tests.support.expectations import assert_nothing_left_behind
from tests.support.offering import checkpoint, describe_release, release_text
from tests.support.scene import ENDPOINT

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from tests.support.world import World

# DynamoDB Developer Guide, "Quotas".
ITEM_BYTES = 400 * 1024


def offer_many(world: World, count: int, version: str = "v2") -> None:
    """Offer a release with `count` small files beside those of the model."""
    files = dict(checkpoint())
    files |= {f"docs/page-{n:05}.md": b"%d" % n for n in range(count)}
    raw = release_text(describe_release(version, files, ENDPOINT))
    world.offer(version, files=files, raw=raw)


def ask_many(world: World, count: int) -> None:
    requests = [{**CHAT, "name": f"sign {n:03}"} for n in range(count)]
    put_golden(world, *requests)
    reply = "It says STOP, as you see. " + "".join(chr(0x4E00 + n) for n in range(2000))
    world.twin.set_behaviour("*/v2/", Behaviour(reply=reply))


def largest_item(world: World) -> int:
    """The bytes of the ledger's largest item, by attribute."""
    pages = clients.client("dynamodb").get_paginator("scan")
    items = [
        item
        for page in pages.paginate(TableName=world.settings["SWITCHOVER_TABLE"])
        for item in page["Items"]
    ]
    return max(map(size_of, items))


def size_of(item: dict[str, Any]) -> int:
    """How DynamoDB counts: names and values (Developer Guide, "Item sizes and formats")."""
    return sum(len(name) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: dict[str, Any]) -> int:
    ((kind, held),) = value.items()
    match kind:
        case "B":
            return len(held)
        case "M":
            return 3 + size_of(held)
        case _:
            return len(str(held).encode())


@pytest.mark.long
def test_a_release_of_thousands_of_files_with_hundreds_of_questions_is_updated_to(
    world: World,
) -> None:
    ask_many(world, 200)
    offer_many(world, 2_200)

    world.run()

    update = assert_nothing_left_behind(world)
    assert update.outcome is Outcome.UPDATED
    assert len(update.found.golden) == 200
    assert update.release is not None
    assert len(update.release.files) > 2_200
    assert largest_item(world) < ITEM_BYTES


@pytest.mark.long
def test_hundreds_of_long_wrong_answers_are_told_and_recorded(world: World) -> None:
    ask_many(world, 200)
    world.twin.set_behaviour("*/v2/", Behaviour(reply="漢" * 100_000))
    world.offer()

    world.run()

    update = assert_nothing_left_behind(world)
    assert update.outcome is Outcome.ROLLED_BACK
    assert [result.has_passed for result in update.found.golden] == [False] * 200
