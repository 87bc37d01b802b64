"""The ledger: claims, updates with their timeline, and what served last. One DynamoDB table.

| pk                | sk              | holds                                              |
|-------------------|-----------------|----------------------------------------------------|
| endpoint#<name>   | claim           | who may change the endpoint, and the newest so far;|
|                   |                 | while it is held, in the index under CLAIMED       |
| endpoint#<name>   | served#<time>   | a config that was confirmed to serve               |
| update#<id>       | update          | the update; index by_endpoint sorts by start       |
| update#<id>       | moment#<time>#n | its timeline                                       |

Beside these: the queue (queue.py), wishes (wishes.py), what an update is made of (manifests.py).
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from switchover.aws.ledger_items import (
    SCHEMA,
    body_of,
    read_claim,
    read_moment,
    read_served,
    read_update,
)
from switchover.domain.errors import StaleUpdate, UpdateUnknown, UpdateUnreadable
from switchover.domain.queueing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

    from switchover.domain.outcome import Outcome
    from switchover.domain.queueing import Claim
    from switchover.domain.served import Served
    from switchover.domain.update import Moment, Update

_BY_ENDPOINT = "by_endpoint"
_Result = TypeVar("_Result")


def try_anew(act: Callable[[], _Result], tries: int = 5) -> _Result:
    """What `act` returns, which reads an update and changes it; anew if others changed it meanwhile.

    Raises:
        StaleUpdate: they did so each time.
    """
    for _ in range(tries - 1):
        with suppress(StaleUpdate):
            return act()
    return act()


# No endpoint's name holds this sign, so that the index keeps claims apart from all updates.
_CLAIMED = "#claimed"


class Ledger:
    """What Switchover remembers. Every write is safe to repeat."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def take_claim(self, claim: Claim, order: str, *, instead_of: str | None = None) -> bool:
        """Take the endpoint's claim if it is free, ours, or held by the execution `instead_of`.

        Never if something newer than `order` ever held it: a release that is told of late must not go
        over what came after it. Both are one condition on one item, so that nothing comes between.
        """
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={
                    **_key(f"endpoint#{claim.endpoint}", "claim"),
                    "update_id": {"S": claim.update_id},
                    "execution_arn": {"S": claim.execution_arn},
                    "claimed_at": {"S": claim.claimed_at.isoformat()},
                    "newest": {"S": order},
                    "endpoint": {"S": _CLAIMED},
                    "started_at": {"S": claim.endpoint},
                },
                ConditionExpression=(
                    "(attribute_not_exists(execution_arn) OR execution_arn IN (:own, :other))"
                    " AND (attribute_not_exists(newest) OR newest <= :order)"
                ),
                ExpressionAttributeValues={
                    ":own": {"S": claim.execution_arn},
                    ":other": {"S": instead_of or claim.execution_arn},
                    ":order": {"S": order},
                },
            )
        except ClientError as error:
            if not _is_condition(error):
                raise
            return False
        return True

    def standing(self, endpoint: str) -> Standing:
        """Who may change the endpoint now, and what was the newest that ever might."""
        item = self._get(f"endpoint#{endpoint}", "claim") or {}
        newest = item.get("newest", {}).get("S", "")
        if "execution_arn" not in item:
            return Standing(newest=newest)
        return Standing(read_claim(endpoint, item), newest)

    def claim(self, endpoint: str) -> Claim | None:
        """Who may change the endpoint now."""
        return self.standing(endpoint).holder

    def claimed_endpoints(self) -> tuple[str, ...]:
        """The endpoints whose claim somebody holds, be it an execution that is gone."""
        items = self._query(
            IndexName=_BY_ENDPOINT,
            KeyConditionExpression="endpoint = :claimed",
            ExpressionAttributeValues={":claimed": {"S": _CLAIMED}},
        )
        return tuple(item["started_at"]["S"] for item in items)

    def claiming_update(self, endpoint: str) -> Update | None:
        """The update that holds an endpoint's claim, whatever it waits for."""
        claim = self.claim(endpoint)
        return self.find(claim.update_id) if claim else None

    def release_claim(self, endpoint: str, execution_arn: str) -> bool:
        """Give back the claim that an execution holds; another's stays."""
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(f"endpoint#{endpoint}", "claim"),
                UpdateExpression=(
                    "REMOVE update_id, execution_arn, claimed_at, endpoint, started_at"
                ),
                ConditionExpression="execution_arn = :own",
                ExpressionAttributeValues={":own": {"S": execution_arn}},
            )
        except ClientError as error:
            if not _is_condition(error):
                raise
            return False
        return True

    def open_update(self, update: Update) -> Update:
        """Record that an update began; a repeat returns what was recorded first."""
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item={
                    **_key(f"update#{update.update_id}", "update"),
                    "endpoint": {"S": update.endpoint},
                    "started_at": {"S": f"{update.started_at.isoformat()}#{update.update_id}"},
                    "revision": {"N": str(update.revision)},
                    "schema": {"N": str(SCHEMA)},
                    "body": body_of(update),
                },
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if not _is_condition(error):
                raise
            return self.update(update.update_id)
        return update

    def update(self, update_id: str) -> Update:
        """One update, as it stands, to be carried on.

        Raises:
            UpdateUnknown: the ledger holds none of that id.
            UpdateUnreadable: its record can't be read.
        """
        update = self.look_up(update_id)
        if update.is_unreadable:
            raise UpdateUnreadable(str(update.reasons[0]))
        return update

    def look_up(self, update_id: str) -> Update:
        """One update, to be looked at; what stands in for it if its record can't be read.

        Raises:
            UpdateUnknown: the ledger holds none of that id.
        """
        update = self.find(update_id)
        if update is None:
            raise UpdateUnknown(f"the ledger holds no update {update_id!r}")
        return update

    def find(self, update_id: str) -> Update | None:
        """Like `look_up`; None if the ledger holds none of that id."""
        item = self._get(f"update#{update_id}", "update")
        return None if item is None else read_update(item)

    def save(self, update: Update, **changes: object) -> Update:
        """Record changes to an update; returns it changed.

        Raises:
            StaleUpdate: it was changed since it was read; read again and decide anew.
            UpdateUnreadable: what stands in for it must not take its place.
        """
        if update.is_unreadable:
            raise UpdateUnreadable(str(update.reasons[0]))
        return self._write(update, changes, "SET body = :body, #schema = :schema, revision = :next")

    def settle_unreadable(self, update: Update, execution_arn: str) -> Update:
        """Put what stands in for an unreadable update in its place; the old record is kept beside it.

        Raises:
            StaleUpdate: it was changed since it was read; read again and decide anew.
        """
        changes = {"execution_arn": execution_arn, "is_unreadable": False}
        keep = (
            "SET unreadable = if_not_exists(body, :schema),"
            " body = :body, #schema = :schema, revision = :next"
        )
        return self._write(update, changes, keep)

    def _write(self, update: Update, changes: dict[str, Any], expression: str) -> Update:
        changed = update.model_copy(update={**changes, "revision": update.revision + 1})
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(f"update#{update.update_id}", "update"),
                UpdateExpression=expression,
                # A record without a revision is damaged, and nobody's to change but here.
                ConditionExpression="revision = :read OR NOT attribute_type(revision, :number)",
                ExpressionAttributeNames={"#schema": "schema"},
                ExpressionAttributeValues={
                    ":body": body_of(changed),
                    ":schema": {"N": str(SCHEMA)},
                    ":read": {"N": str(update.revision)},
                    ":next": {"N": str(changed.revision)},
                    ":number": {"S": "N"},
                },
            )
        except ClientError as error:
            if not _is_condition(error):
                raise
            raise StaleUpdate(f"{update.update_id} was changed meanwhile") from error
        return changed

    def park_token(self, update_id: str, token: str, awaited: str) -> None:
        """Keep the task token by which a waiting execution is woken, and what it waits for."""
        self._dynamodb.update_item(
            TableName=self._table,
            Key=_key(f"update#{update_id}", "update"),
            UpdateExpression="SET task_token = :token, awaited = :awaited",
            ConditionExpression="attribute_exists(pk)",
            ExpressionAttributeValues={":token": {"S": token}, ":awaited": {"S": awaited}},
        )

    def note_emitted(self, update_id: str, outcome: Outcome) -> None:
        """Remember that machines were told this outcome."""
        self._note(update_id, "emitted", outcome)

    def note_announced(self, update_id: str, outcome: Outcome) -> None:
        """Remember that people were told this outcome."""
        self._note(update_id, "announced", outcome)

    def _note(self, update_id: str, attribute: str, outcome: Outcome) -> None:
        for is_last in (False, True):
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=_key(f"update#{update_id}", "update"),
                    UpdateExpression=f"SET {attribute} = :outcome",
                    ConditionExpression="attribute_exists(pk)",
                    ExpressionAttributeValues={":outcome": {"S": outcome.value}},
                )
            except (ClientError, BotoCoreError):
                # Once more than the SDK tries by itself: what isn't noted is told again.
                if is_last:
                    raise
            else:
                return

    def add_moment(self, update: Update, moment: Moment) -> None:
        """Add to an update's timeline; the same moment twice is one.

        SageMaker's clock tells whole seconds; within one the update's revision keeps the order.
        """
        body = moment.model_dump_json()
        digest = hashlib.sha256(body.encode()).hexdigest()[:8]
        self._dynamodb.put_item(
            TableName=self._table,
            Item={
                **_key(
                    f"update#{update.update_id}",
                    f"moment#{moment.at.isoformat(timespec='milliseconds')}"
                    f"#{update.revision:06d}#{digest}",
                ),
                "body": {"S": body},
            },
        )

    def timeline(self, update_id: str) -> tuple[Moment, ...]:
        """An update's moments, oldest first."""
        items = self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :moment)",
            ExpressionAttributeValues={
                ":pk": {"S": f"update#{update_id}"},
                ":moment": {"S": "moment#"},
            },
        )
        return tuple(read_moment(item) for item in items)

    def history(self, endpoint: str, limit: int = 20) -> tuple[Update, ...]:
        """An endpoint's updates, newest first; for those that can't be read, what stands in."""
        items = self._query(
            IndexName=_BY_ENDPOINT,
            KeyConditionExpression="endpoint = :endpoint",
            ExpressionAttributeValues={":endpoint": {"S": endpoint}},
            ScanIndexForward=False,
            Limit=limit,
        )
        return tuple(read_update(item) for _, item in zip(range(limit), items, strict=False))

    def add_served(self, served: Served) -> None:
        """Record a config that was confirmed to serve: the last known good."""
        self._dynamodb.put_item(
            TableName=self._table,
            Item={
                **_key(f"endpoint#{served.endpoint}", f"served#{served.at.isoformat()}"),
                "body": {"S": served.model_dump_json()},
            },
        )

    def served(self, endpoint: str, *, must_read_all: bool = False) -> tuple[Served, ...]:
        """The configs that served an endpoint, newest first, passing over what can't be read.

        Raises:
            UpdateUnreadable: one can't be read, and `must_read_all`: for those who delete the others.
        """
        items = self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :served)",
            ExpressionAttributeValues={
                ":pk": {"S": f"endpoint#{endpoint}"},
                ":served": {"S": "served#"},
            },
            ScanIndexForward=False,
        )
        found = tuple(read_served(item) for item in items)
        if must_read_all and None in found:
            raise UpdateUnreadable(
                f"what served {endpoint} once can't all be read, so that what it needs is unknown"
            )
        return tuple(served for served in found if served is not None)

    def _get(self, pk: str, sk: str) -> dict[str, Any] | None:
        answer = self._dynamodb.get_item(
            TableName=self._table, Key=_key(pk, sk), ConsistentRead=True
        )
        return answer.get("Item")

    def _query(self, **query: Any) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(TableName=self._table, **query)
        for page in pages:
            yield from page["Items"]


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _is_condition(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"
