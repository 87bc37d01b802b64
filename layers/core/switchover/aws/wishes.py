"""Wishes: people's requests about an endpoint (stops, marks, pins), in a partition of their own.

| pk              | sk             | holds                                            |
|-----------------|----------------|--------------------------------------------------|
| wish#<endpoint> | abort#<update> | a person's request to stop an update             |
| wish#<endpoint> | mark#<version> | a version that must not start automatically      |
| wish#<endpoint> | pin            | the one version that the endpoint takes          |
| wish#<endpoint> | adopt          | the serving config, to be recorded as a version  |

An adoption that isn't recorded yet is also in the index `by_start`, for the check every 15 minutes. A
permission to write here, by `dynamodb:LeadingKeys`, is no permission to write claims, plans or the
queue. A record of people may be unreadable. It then stops releases, but neither a rollback nor other
endpoints: an unreadable pin lets no release start, an unreadable mark marks its version, and an
unreadable request stops its update.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError
from pydantic import BaseModel

from switchover.aws.table import BY_START, Table, key
from switchover.domain.aborting import call_off, is_by_a_person, object_to_abort
from switchover.domain.adoption import Adoption
from switchover.domain.marks import Mark, Pin
from switchover.domain.update.records import AbortRequest, Moment

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

    from switchover.aws.ledger import Ledger
    from switchover.domain.update.update import Update

ABORT_REQUESTED = "Abort Requested"
_SOURCE = "switchover"
# No endpoint's name contains this character, so the index keeps adoptions apart from updates.
_ADOPTS = "#adopts"
# In characters. Our own longest request, with all its reasons, has a tenth. It is copied into the
# update.
_LONGEST = 64 * 1024
_NO_JSON = "unreadable"
_UNREADABLE = "the record can't be read"
_Wish = TypeVar("_Wish", bound=BaseModel)


class Wishes(Table):
    """People's wishes for each endpoint. Safe to repeat."""

    def ask_abort(self, endpoint: str, update_id: str, request: AbortRequest) -> bool:
        """Record a request to stop an update; False if a request exists already."""
        try:
            self._keep(
                endpoint,
                f"abort#{update_id}",
                request.model_dump_json(),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False
        return True

    def find_abort(self, update: Update) -> AbortRequest | None:
        """A person's request to stop an update, if there is one."""
        body = self._body(f"wish#{update.endpoint}", f"abort#{update.update_id}")
        if body is None:
            return None
        unread = call_off(update.update_id, update.started_at, "somebody", _UNREADABLE)
        asked = _read(AbortRequest, body, unread)
        return asked if is_by_a_person(asked) else unread

    def add_mark(self, mark: Mark) -> None:
        """Mark a version bad."""
        self._keep(mark.endpoint, f"mark#{mark.version}", mark.model_dump_json())

    def mark(self, endpoint: str, version: str) -> Mark | None:
        """The mark that keeps a version from starting again automatically, if there is one."""
        body = self._find(endpoint, f"mark#{version}")
        return None if body is None else _read_mark(endpoint, version, body)

    def marks(self, endpoint: str) -> tuple[Mark, ...]:
        """Every marked version of an endpoint, by name."""
        found: dict[str, Mark] = {}
        # A wish replaces the mark that an earlier version of the code wrote beside the claim.
        for pk in (f"endpoint#{endpoint}", f"wish#{endpoint}"):
            items = self._query(
                KeyConditionExpression="pk = :pk AND begins_with(sk, :mark)",
                ExpressionAttributeValues={":pk": {"S": pk}, ":mark": {"S": "mark#"}},
                ConsistentRead=True,
            )
            for item in items:
                version = item["sk"]["S"].partition("#")[2]
                found[version] = _read_mark(endpoint, version, _text_of(item))
        return tuple(found[version] for version in sorted(found))

    def remove_mark(self, endpoint: str, version: str) -> None:
        """Remove a mark: the version may start again."""
        self._delete(endpoint, f"mark#{version}")

    def set_pin(self, pin: Pin) -> None:
        """Keep an endpoint on one version."""
        self._keep(pin.endpoint, "pin", pin.model_dump_json())

    def pin(self, endpoint: str) -> Pin | None:
        """The pin of an endpoint: the only version that it accepts. None without a pin."""
        body = self._find(endpoint, "pin")
        return (
            None
            if body is None
            else _read(Pin, body, Pin(endpoint=endpoint, version="", reason=_UNREADABLE, at=None))
        )

    def ask_adoption(self, wish: Adoption) -> None:
        """Record a wish to adopt the serving config as a version; the last wish counts."""
        self._put(
            f"wish#{wish.endpoint}",
            "adopt",
            body={"S": wish.model_dump_json()},
            endpoint={"S": _ADOPTS},
            started_at={"S": wish.endpoint},
        )

    def adoption(self, endpoint: str) -> Adoption | None:
        """The last wish to adopt; None if there is none, or it can't be read."""
        body = self._body(f"wish#{endpoint}", "adopt")
        try:
            return None if body is None else Adoption.model_validate_json(body, extra="ignore")
        except ValueError:
            return None

    def open_adoptions(self) -> tuple[str, ...]:
        """The endpoints with an open wish to adopt."""
        items = self._query(
            IndexName=BY_START,
            KeyConditionExpression="endpoint = :adopts",
            ExpressionAttributeValues={":adopts": {"S": _ADOPTS}},
        )
        return tuple(dict.fromkeys(item["pk"]["S"].partition("#")[2] for item in items))

    def settle_adoption(self, wish: Adoption) -> None:
        """Close a wish to adopt. It stays readable, and a newer wish stays open."""
        body = self._body(f"wish#{wish.endpoint}", "adopt")
        if body is not None and _read(Adoption, body, wish) == wish:
            self._put_if(
                "body = :body",
                {":body": {"S": body}},
                f"wish#{wish.endpoint}",
                "adopt",
                body={"S": body},
            )

    def remove_pin(self, endpoint: str) -> None:
        """Remove an endpoint's pin: it accepts every version again."""
        self._delete(endpoint, "pin")

    def _find(self, endpoint: str, sk: str) -> str | None:
        """Find a wish, here or where an earlier version of the code wrote it: beside the claim."""
        return self._body(f"wish#{endpoint}", sk) or self._body(f"endpoint#{endpoint}", sk)

    def _delete(self, endpoint: str, sk: str) -> None:
        self._dynamodb.delete_item(TableName=self._table, Key=key(f"wish#{endpoint}", sk))
        if self._body(f"endpoint#{endpoint}", sk) is not None:
            self._dynamodb.delete_item(TableName=self._table, Key=key(f"endpoint#{endpoint}", sk))

    def _keep(self, endpoint: str, sk: str, body: str, **condition: Any) -> None:
        self._dynamodb.put_item(
            TableName=self._table,
            Item={**key(f"wish#{endpoint}", sk), "body": {"S": body}},
            **condition,
        )

    def _body(self, pk: str, sk: str) -> str | None:
        item = self._get(pk, sk)
        return None if item is None else _text_of(item)


def _text_of(item: dict[str, Any]) -> str:
    text = str(item.get("body", {}).get("S", ""))
    return text if 0 < len(text) <= _LONGEST else _NO_JSON


def _read_mark(endpoint: str, version: str, body: str) -> Mark:
    unread = Mark(endpoint=endpoint, version=version, reason=_UNREADABLE, at=None)
    return _read(Mark, body, unread)


def _read(wish: type[_Wish], body: str, unread: _Wish) -> _Wish:
    """Read a person's record, or return a stand-in."""
    try:
        return wish.model_validate_json(body, extra="ignore")
    except ValueError:
        return unread


def heed(update: Update, ledger: Ledger, wishes: Wishes) -> Update:
    """Accept a person's request to stop an update, if the update can still be stopped.

    Raises:
        StaleUpdate: it was changed since it was read; read again and decide anew.
    """
    if object_to_abort(update) is not None:
        return update
    asked = wishes.find_abort(update)
    if asked is None:
        return update
    heeded = ledger.save(update.called_off(asked))
    ledger.add_moment(heeded, Moment(at=asked.at, state="Abort", text=asked.told))
    return heeded


def ring(events: EventBridgeClient, endpoint: str) -> None:
    """Send an event that makes the endpoint's update be observed now. Else the next observation finds it.

    Raises:
        ClientError: the caller may not put this event.
    """
    entry: PutEventsRequestEntryTypeDef = {
        "Source": _SOURCE,
        "DetailType": ABORT_REQUESTED,
        "Detail": json.dumps({"EndpointName": endpoint}),
    }
    events.put_events(Entries=[entry])
