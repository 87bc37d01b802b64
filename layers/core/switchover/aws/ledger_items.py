"""Converts the ledger's records to DynamoDB items and back, for items of every version."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from switchover.aws.update_shape import flatten, nest
from switchover.domain.ended import KeptEnd
from switchover.domain.listing import Listed
from switchover.domain.outcome import Outcome
from switchover.domain.queueing import Claim
from switchover.domain.recovering import Recoveries
from switchover.domain.served import Served
from switchover.domain.unreadable import stand_in_for
from switchover.domain.update.groups import Waiting
from switchover.domain.update.records import Moment
from switchover.domain.update.update import Update

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

# Raised when an older version could misunderstand the items. Added keys need no new number: readers
# ignore unknown keys. 1: the whole update is the body. 2: long fields are parts.
SCHEMA = 2
# An item takes 400 KB (DynamoDB Developer Guide, "Quotas"), and each started KB of a written item
# costs a unit. A field above the first bound becomes a part of its own. Then the longest fields
# become parts, until the other fields together are within the second bound.
_FIELD_BYTES = 16 * 1024
_BODY_BYTES = 128 * 1024
# People can read text in DynamoDB's console; a packed body takes a quarter of the space.
_PACKED_FROM_BYTES = 4 * 1024
# These fields have attributes of their own: they change without the body, or they are search keys.
_OWN_ATTRIBUTES = {
    "task_token",
    "awaited",
    "emitted",
    "announced",
    "revision",
    "is_unreadable",
    "parts",
}
_UPDATE = TypeAdapter(Update)
_KEPT_END = TypeAdapter(KeptEnd)
# Fields for people only: no decision uses them. If they are lost, an update continues without them.
_TOLD_ONLY = frozenset({"warnings", "preflight", "evidence", "golden"})


@dataclass(frozen=True, slots=True)
class Body:
    """An update as JSON: the fields in its item, and the long fields, which become parts."""

    short: dict[str, bytes]
    long: dict[str, bytes]


def body_of(update: Update) -> Body:
    """Divide an update's fields into short and long ones."""
    fields = {
        name: to_json(value, by_alias=False)
        for name, value in flatten(update).items()
        if name not in _OWN_ATTRIBUTES
    }
    by_length = sorted(fields, key=lambda name: len(fields[name]))
    together, short = 0, set[str]()
    for name in by_length:
        together += len(fields[name])
        if len(fields[name]) <= _FIELD_BYTES and together <= _BODY_BYTES:
            short.add(name)
    return Body(
        short={name: raw for name, raw in fields.items() if name in short},
        long={name: raw for name, raw in fields.items() if name not in short},
    )


def pack(short: Mapping[str, bytes]) -> AttributeValueTypeDef:
    """The body of an update's item: a JSON object of the short fields, packed if it is long."""
    raw = _object_of(short)
    return {"S": raw.decode()} if len(raw) < _PACKED_FROM_BYTES else {"B": zlib.compress(raw)}


def pack_parts(parts: Mapping[str, str]) -> AttributeValueTypeDef:
    """The digest of each long field of an update, by which its part is found."""
    return {"M": {name: {"S": digest} for name, digest in parts.items()}}


def read_update(item: dict[str, Any], read_part: Callable[[str, str, str], bytes]) -> Update:
    """Read an update from its item; return a stand-in if the item can't be read.

    A damaged item, or an item of a newer version, must not hide the others. `read_part` reads
    a long field by update, name and digest; it raises KeyError or ValueError if it can't.
    """
    try:
        schema = int(item.get("schema", {}).get("N", SCHEMA))
        if schema > SCHEMA:
            return _stand_in(item, f"it has schema {schema}, and this version reads {SCHEMA}")
        update_id = item["pk"]["S"].partition("#")[2]
        parts = {
            name: str(digest["S"]) for name, digest in item.get("parts", {"M": {}})["M"].items()
        }
        long = {
            name: raw
            for name, digest in parts.items()
            if (raw := _read_long(read_part, update_id, name, digest)) is not None
        }
        # Keys that newer versions added are ignored, at any depth. The body is validated as JSON, not
        # as Python: a release is read strictly and would refuse Python's lists and text.
        nested = nest(from_json(_join(_text_of(item["body"]), long)))
        update = _UPDATE.validate_json(to_json(nested), extra="ignore")
        told = update.told_of(
            emitted=_outcome_in(item, "emitted") or update.told.emitted,
            announced=_outcome_in(item, "announced") or update.told.announced,
        )
        return replace(told, waiting=_waiting_in(item)).kept(
            int(item["revision"]["N"]),
            {name: digest for name, digest in parts.items() if name in long},
        )
    except (KeyError, ValueError, TypeError, AttributeError, zlib.error) as error:
        return _stand_in(item, " ".join(str(error).split()))


def _outcome_in(item: dict[str, Any], noted: str) -> Outcome | None:
    return Outcome(item[noted]["S"]) if noted in item else None


def _waiting_in(item: dict[str, Any]) -> Waiting:
    token, awaited = item.get("task_token", {}), item.get("awaited", {})
    return Waiting(task_token=token.get("S"), awaited=awaited.get("S"))


def _read_long(
    read_part: Callable[[str, str, str], bytes], update_id: str, name: str, digest: str
) -> bytes | None:
    try:
        return read_part(update_id, name, digest)
    except (KeyError, ValueError):
        if name not in _TOLD_ONLY:
            raise ValueError(f"its part {name} is lost") from None
        return None


def _object_of(fields: Mapping[str, bytes]) -> bytes:
    return (
        b"{" + b",".join(b'"%s":%s' % (name.encode(), raw) for name, raw in fields.items()) + b"}"
    )


def _join(body: bytes, long: Mapping[str, bytes]) -> bytes:
    """Join the short and the long fields into one JSON object."""
    if not long:
        return body
    return body.rstrip().removesuffix(b"}") + b"," + _object_of(long)[1:]


def read_moment(item: dict[str, Any]) -> Moment:
    """Read one entry of a timeline; if it can't be read, the entry says so."""
    try:
        return Moment.model_validate_json(item["body"]["S"], extra="ignore")
    except (KeyError, ValueError):
        at = _time_in(item["sk"]["S"].partition("#")[2])
        return Moment(at=at, state="(unreadable)", text="This entry can't be read.")


def read_kept_end(item: dict[str, Any] | None) -> KeptEnd:
    """Read an update's outcome that is kept beside its endpoint's claim; None if it can't be read."""
    if item is None:
        return KeptEnd()
    try:
        body = item["body"]["S"] if "body" in item else "{}"
        return replace(
            _KEPT_END.validate_json(body),
            emitted=_outcome_in(item, "emitted"),
            announced=_outcome_in(item, "announced"),
        )
    except (KeyError, ValueError):
        return KeptEnd()


def read_listed(item: dict[str, Any]) -> Listed | None:
    """Read an entry of a list; None if the item has none, because an older version wrote it."""
    try:
        return Listed.model_validate_json(item["listed"]["S"])
    except (KeyError, ValueError):
        return None


def read_recoveries(update_id: str, item: dict[str, Any]) -> Recoveries:
    """How often an update was recovered, by that item; 0 if the item can't be read."""
    try:
        if item["update_id"]["S"] != update_id:
            return Recoveries()
        count, last = int(item["recoveries"]["N"]), _time_in(item["last_at"]["S"])
        return Recoveries(count, last, is_told="is_told" in item)
    except (KeyError, ValueError):
        return Recoveries()


def _text_of(body: AttributeValueTypeDef) -> bytes:
    return zlib.decompress(body["B"]) if "B" in body else body["S"].encode()


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
    """Read a config that served; None if its item can't be read."""
    try:
        return Served.model_validate_json(item["body"]["S"], extra="ignore")
    except (KeyError, ValueError):
        return None


def read_claim(endpoint: str, item: dict[str, Any]) -> Claim:
    """Read a claim. An unreadable field is empty; an unreadable time is long past, so it can be freed."""
    return Claim(
        endpoint=endpoint,
        update_id=item.get("update_id", {}).get("S", "(unreadable)"),
        execution_arn=item["execution_arn"].get("S", ""),
        claimed_at=_time_in(item.get("claimed_at", {}).get("S", "")),
    )


def _time_in(key: str) -> datetime:
    """The time at the beginning of a sort key."""
    try:
        at = datetime.fromisoformat(key.partition("#")[0])
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
