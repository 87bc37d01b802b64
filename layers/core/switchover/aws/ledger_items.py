"""How the ledger writes updates and moments as items of DynamoDB, and reads what any version wrote."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Claim
from switchover.domain.served import Served
from switchover.domain.unreadable import stand_in_for
from switchover.domain.update import Moment, Update

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# Raised when an older version could misunderstand what is written. Keys that are only added need no
# new one: reading passes over what it doesn't know.
SCHEMA = 1
# An item takes 400 KB (DynamoDB Developer Guide, "Quotas"), and a release of 6,000 files some 900 KB.
_PACKED_FROM_BYTES = 64 * 1024
# These live in attributes of their own: they change beside the body, or are looked up by.
_OWN_ATTRIBUTES = {"task_token", "awaited", "emitted", "announced", "revision", "is_unreadable"}


def body_of(update: Update) -> AttributeValueTypeDef:
    """The body of an update's item: JSON, packed if it is long."""
    text = update.model_dump_json(exclude=_OWN_ATTRIBUTES)
    if len(text) < _PACKED_FROM_BYTES:
        return {"S": text}
    return {"B": zlib.compress(text.encode())}


def read_update(item: dict[str, Any]) -> Update:
    """The update that an item holds; one that stands in for it if that can't be read.

    One item that a newer version wrote, or that is damaged, must not hide the others.
    """
    try:
        schema = int(item.get("schema", {}).get("N", SCHEMA))
        if schema > SCHEMA:
            return _stand_in(item, f"it has schema {schema}, and this version reads {SCHEMA}")
        # What newer versions add, also deep inside, is passed over.
        update = Update.model_validate_json(_text_of(item["body"]), extra="ignore")
        return update.model_copy(
            update={
                "task_token": item.get("task_token", {}).get("S"),
                "awaited": item.get("awaited", {}).get("S"),
                **{
                    noted: Outcome(item[noted]["S"])
                    for noted in ("emitted", "announced")
                    if noted in item
                },
                "revision": int(item["revision"]["N"]),
            }
        )
    except (KeyError, ValueError, zlib.error) as error:
        return _stand_in(item, " ".join(str(error).split()))


def read_moment(item: dict[str, Any]) -> Moment:
    """One entry of a timeline; one that says so if it can't be read."""
    try:
        return Moment.model_validate_json(item["body"]["S"], extra="ignore")
    except (KeyError, ValueError):
        at = _time_in(item["sk"]["S"].partition("#")[2])
        return Moment(at=at, state="(unreadable)", text="This entry can't be read.")


def _text_of(body: AttributeValueTypeDef) -> str | bytes:
    return zlib.decompress(body["B"]) if "B" in body else body["S"]


def _stand_in(item: dict[str, Any], fault: str) -> Update:
    announced = item.get("announced", {}).get("S")
    return stand_in_for(
        item["pk"]["S"].partition("#")[2],
        item.get("endpoint", {}).get("S", ""),
        _time_in(item.get("started_at", {}).get("S", "")),
        announced=Outcome(announced) if announced in set(Outcome) else None,
        revision=_revision_in(item),
        fault=fault,
    )


def _revision_in(item: dict[str, Any]) -> int:
    try:
        return int(item["revision"]["N"])
    except (KeyError, ValueError):
        return 0


def read_served(item: dict[str, Any]) -> Served | None:
    """A config that served; None if its item can't be read."""
    try:
        return Served.model_validate_json(item["body"]["S"], extra="ignore")
    except (KeyError, ValueError):
        return None


def read_claim(endpoint: str, item: dict[str, Any]) -> Claim:
    """Who holds a claim. What of it can't be read is empty, or so long ago that it can be freed."""
    return Claim(
        endpoint=endpoint,
        update_id=item.get("update_id", {}).get("S", "(unreadable)"),
        execution_arn=item["execution_arn"].get("S", ""),
        claimed_at=_time_in(item.get("claimed_at", {}).get("S", "")),
    )


def _time_in(key: str) -> datetime:
    """The time with which a sort key begins."""
    try:
        at = datetime.fromisoformat(key.partition("#")[0])
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
