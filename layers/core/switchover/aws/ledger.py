"""The ledger: claims, updates with their timeline, and what served last. One DynamoDB table.

| pk                | sk              | holds                                              |
|-------------------|-----------------|----------------------------------------------------|
| endpoint#<name>   | claim           | the one update that may change the endpoint        |
| endpoint#<name>   | served#<time>   | a config that was confirmed to serve               |
| update#<id>       | update          | the update; index by_endpoint sorts by start       |
| update#<id>       | moment#<time>#n | its timeline                                       |
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from switchover.domain.errors import StaleUpdate, UpdateUnknown
from switchover.domain.served import Served
from switchover.domain.update import Moment, Update

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb import DynamoDBClient

_BY_ENDPOINT = "by_endpoint"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to update an endpoint; one holder at a time."""

    endpoint: str
    update_id: str
    execution_arn: str
    claimed_at: datetime


class Ledger:
    """What Switchover remembers. Every write is safe to repeat."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def take_claim(self, claim: Claim, *, instead_of: str | None = None) -> Claim:
        """Take the endpoint's claim if it is free, ours already, or held by `instead_of`.

        Returns whoever holds it now: the given claim, or the other holder's.
        """
        item = {
            "pk": {"S": f"endpoint#{claim.endpoint}"},
            "sk": {"S": "claim"},
            "update_id": {"S": claim.update_id},
            "execution_arn": {"S": claim.execution_arn},
            "claimed_at": {"S": claim.claimed_at.isoformat()},
        }
        try:
            self._dynamodb.put_item(
                TableName=self._table,
                Item=item,
                ConditionExpression="attribute_not_exists(pk) OR update_id IN (:own, :other)",
                ExpressionAttributeValues={
                    ":own": {"S": claim.update_id},
                    ":other": {"S": instead_of or claim.update_id},
                },
            )
        except ClientError as error:
            if not _is_condition(error):
                raise
            holder = self.claim(claim.endpoint)
            # Released between the two calls: the next try takes it.
            return holder if holder is not None else self.take_claim(claim, instead_of=instead_of)
        return claim

    def claim(self, endpoint: str) -> Claim | None:
        """Who may change the endpoint now."""
        item = self._get(f"endpoint#{endpoint}", "claim")
        if item is None:
            return None
        return Claim(
            endpoint=endpoint,
            update_id=item["update_id"]["S"],
            execution_arn=item["execution_arn"]["S"],
            claimed_at=datetime.fromisoformat(item["claimed_at"]["S"]),
        )

    def release_claim(self, endpoint: str, update_id: str) -> None:
        """Give the claim back; someone else's stays."""
        try:
            self._dynamodb.delete_item(
                TableName=self._table,
                Key=_key(f"endpoint#{endpoint}", "claim"),
                ConditionExpression="attribute_not_exists(pk) OR update_id = :own",
                ExpressionAttributeValues={":own": {"S": update_id}},
            )
        except ClientError as error:
            if not _is_condition(error):
                raise

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
                    "body": {"S": update.model_dump_json(exclude=_OWN_ATTRIBUTES)},
                },
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if not _is_condition(error):
                raise
            return self.update(update.update_id)
        return update

    def update(self, update_id: str) -> Update:
        """One update, as it stands.

        Raises:
            UpdateUnknown: the ledger holds none of that id.
        """
        update = self.find(update_id)
        if update is None:
            raise UpdateUnknown(f"the ledger holds no update {update_id!r}")
        return update

    def find(self, update_id: str) -> Update | None:
        """One update, as it stands, if there is one of that id."""
        item = self._get(f"update#{update_id}", "update")
        return None if item is None else _update_of(item)

    def save(self, update: Update, **changes: object) -> Update:
        """Record changes to an update; returns it changed.

        Raises:
            StaleUpdate: it was changed since it was read; read again and decide anew.
        """
        changed = update.model_copy(update={**changes, "revision": update.revision + 1})
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=_key(f"update#{update.update_id}", "update"),
                UpdateExpression="SET body = :body, revision = :next",
                ConditionExpression="revision = :read",
                ExpressionAttributeValues={
                    ":body": {"S": changed.model_dump_json(exclude=_OWN_ATTRIBUTES)},
                    ":read": {"N": str(update.revision)},
                    ":next": {"N": str(changed.revision)},
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
        return tuple(Moment.model_validate_json(item["body"]["S"]) for item in items)

    def history(self, endpoint: str, limit: int = 20) -> tuple[Update, ...]:
        """An endpoint's updates, newest first."""
        items = self._query(
            IndexName=_BY_ENDPOINT,
            KeyConditionExpression="endpoint = :endpoint",
            ExpressionAttributeValues={":endpoint": {"S": endpoint}},
            ScanIndexForward=False,
            Limit=limit,
        )
        return tuple(_update_of(item) for _, item in zip(range(limit), items, strict=False))

    def add_served(self, served: Served) -> None:
        """Record a config that was confirmed to serve: the last known good."""
        self._dynamodb.put_item(
            TableName=self._table,
            Item={
                **_key(f"endpoint#{served.endpoint}", f"served#{served.at.isoformat()}"),
                "body": {"S": served.model_dump_json()},
            },
        )

    def served(self, endpoint: str) -> tuple[Served, ...]:
        """The configs that served an endpoint, newest first."""
        items = self._query(
            KeyConditionExpression="pk = :pk AND begins_with(sk, :served)",
            ExpressionAttributeValues={
                ":pk": {"S": f"endpoint#{endpoint}"},
                ":served": {"S": "served#"},
            },
            ScanIndexForward=False,
        )
        return tuple(Served.model_validate_json(item["body"]["S"]) for item in items)

    def _get(self, pk: str, sk: str) -> dict[str, Any] | None:
        answer = self._dynamodb.get_item(
            TableName=self._table, Key=_key(pk, sk), ConsistentRead=True
        )
        return answer.get("Item")

    def _query(self, **query: Any) -> Iterator[dict[str, Any]]:
        pages = self._dynamodb.get_paginator("query").paginate(TableName=self._table, **query)
        for page in pages:
            yield from page["Items"]


# These live in attributes of their own: they change beside the body, or are looked up by.
_OWN_ATTRIBUTES = {"task_token", "awaited", "revision"}


def _update_of(item: dict[str, Any]) -> Update:
    update = Update.model_validate_json(item["body"]["S"])
    return update.model_copy(
        update={
            "task_token": item.get("task_token", {}).get("S"),
            "awaited": item.get("awaited", {}).get("S"),
            "revision": int(item["revision"]["N"]),
        }
    )


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _is_condition(error: ClientError) -> bool:
    return error.response["Error"]["Code"] == "ConditionalCheckFailedException"
