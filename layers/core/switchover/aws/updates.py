"""Updates: one item each, guarded by a condition on its revision; long fields are parts.

DynamoDB may refuse every change of an update's item. Then the outcome is kept beside its endpoint's
claim, so that people are notified once and the endpoint becomes free.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic_core import to_json

from switchover.aws.ledger_items import (
    SCHEMA,
    body_of,
    pack,
    pack_parts,
    read_kept_end,
    read_listed,
    read_update,
)
from switchover.aws.parts import Parts, digest_of
from switchover.aws.table import BY_START, key
from switchover.domain.ended import add_end, end_of
from switchover.domain.errors import LedgerRefused, StaleUpdate, UpdateUnknown, UpdateUnreadable
from switchover.domain.listing import Listed, list_update
from switchover.log import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    from switchover.domain.outcome import Outcome
    from switchover.domain.plans.experience import PastUpdate
    from switchover.domain.update.update import Update

_NEWEST = 20


class Updates(Parts):
    """The record of each update. Every write is safe to repeat."""

    def open_update(self, update: Update) -> Update:
        """Record that an update began; a repeat returns the first record."""
        opened, attributes = self._write_parts(update, update.record.revision)
        is_new = self._put_if(
            "attribute_not_exists(pk)",
            {},
            *_place(update.update_id),
            endpoint={"S": update.endpoint},
            started_at={"S": f"{update.started_at.isoformat()}#{update.update_id}"},
            revision={"N": str(update.record.revision)},
            **attributes,
        )
        return opened if is_new else self.update(update.update_id)

    def update(self, update_id: str) -> Update:
        """One update as recorded, for a caller that continues it.

        Raises:
            UpdateUnknown: the ledger holds no update with that id.
            UpdateUnreadable: its record can't be read.
        """
        update = self._find(update_id)
        if update is None:
            raise UpdateUnknown(f"the ledger holds no update {update_id!r}")
        return _readable(update)

    def look_up(self, update_id: str) -> Update:
        """One update, for a caller that only reads; a stand-in if its record can't be read.

        Raises:
            UpdateUnknown: the ledger holds no update with that id.
        """
        update = self.find(update_id)
        if update is None:
            raise UpdateUnknown(f"the ledger holds no update {update_id!r}")
        return update

    def find(self, update_id: str) -> Update | None:
        """Like `look_up`; None if the ledger holds no update with that id."""
        update = self._find(update_id)
        if update is None or (update.outcome and update.told.announced is update.outcome):
            return update
        # The outcome isn't announced yet; or it is, and the update's own item could not record that.
        return add_end(update, read_kept_end(self._get(*_place_of_end(update))))

    def _find(self, update_id: str) -> Update | None:
        item = self._get(*_place(update_id))
        return None if item is None else read_update(item, self._read_part)

    def save(self, update: Update) -> Update:
        """Record a changed update; returns it with its new revision.

        Raises:
            StaleUpdate: it was changed since it was read; read again and decide anew.
            UpdateUnreadable: this is a stand-in, which must not replace the record.
            LedgerRefused: DynamoDB refuses it for good.
        """
        return self._write(_readable(update))

    def settle(self, update: Update) -> Update:
        """Record an update that ended, beside its endpoint's claim if necessary; returns the update.

        Raises:
            StaleUpdate: it was changed since it was read; read again and decide anew.
            LedgerRefused: DynamoDB refuses it in both places.
        """
        try:
            return self.save(update)
        except LedgerRefused as refusal:
            logger().error("kept beside the claim", extra={"refusal": str(refusal)})
            self._put(*_place_of_end(update), body={"S": to_json(end_of(update)).decode()})
            return update

    def settle_unreadable(self, update: Update, execution_arn: str) -> Update:
        """Replace an unreadable update by its stand-in; the old record is kept in the same item.

        Raises:
            StaleUpdate: it was changed since it was read; read again and decide anew.
        """
        record = replace(update.record, is_unreadable=False)
        readable = replace(update.carried_by(execution_arn), record=record)
        return self._write(readable, ", unreadable = if_not_exists(body, :schema)")

    def _write(self, update: Update, also: str = "") -> Update:
        """Write the long fields first, then the item that points at them, under one condition."""
        changed, attributes = self._write_parts(update, update.record.revision + 1)
        is_written = self._change(
            *_place(update.update_id),
            "SET body = :body, parts = :parts, listed = :listed, #schema = :schema,"
            f" revision = :next{also}",
            # A record without a revision is damaged; only this call may change it.
            "revision = :read OR NOT attribute_type(revision, :number)",
            {
                **{f":{name}": value for name, value in attributes.items()},
                ":read": {"N": str(update.record.revision)},
                ":next": {"N": str(changed.record.revision)},
                ":number": {"S": "N"},
            },
            {"#schema": "schema"},
        )
        if not is_written:
            raise StaleUpdate(f"{update.update_id} was changed meanwhile")
        return changed

    def _write_parts(
        self, update: Update, revision: int
    ) -> tuple[Update, dict[str, AttributeValueTypeDef]]:
        """Write the changed long fields; returns the update with their digests, and its attributes."""
        body = body_of(update)
        parts = {name: digest_of(raw) for name, raw in body.long.items()}
        for name, digest in parts.items():
            if update.record.parts.get(name) != digest:
                self._keep_part(update.update_id, name, body.long[name])
        return update.kept(revision, parts), {
            "body": pack(body.short),
            "parts": pack_parts(parts),
            "listed": {"S": list_update(update).model_dump_json(exclude_defaults=True)},
            "schema": {"N": str(SCHEMA)},
        }

    def park_token(self, update_id: str, token: str, awaited: str) -> Update:
        """Record the task token that wakes a waiting execution, and what the execution awaits.

        Returns the updated record, so that no further read is needed.

        Raises:
            UpdateUnknown: the ledger holds no update of that id.
            UpdateUnreadable: its record can't be read.
        """
        item = self._change_and_read(
            *_place(update_id),
            "SET task_token = :token, awaited = :awaited",
            "attribute_exists(pk)",
            {":token": {"S": token}, ":awaited": {"S": awaited}},
            returned="ALL_NEW",
        )
        if item is None:
            raise UpdateUnknown(f"the ledger holds no update {update_id!r}")
        return _readable(read_update(item, self._read_part))

    def note_emitted(self, update: Update, outcome: Outcome) -> None:
        """Record that machines were notified of this outcome."""
        self._note(update, "emitted", outcome)

    def note_announced(self, update: Update, outcome: Outcome) -> None:
        """Record that people were notified of this outcome."""
        self._note(update, "announced", outcome)

    def _note(self, update: Update, attribute: str, outcome: Outcome) -> None:
        """Record it in the update's item, or beside the claim. Never fails: the notification is sent."""
        places = (_place(update.update_id), "attribute_exists(pk)"), (_place_of_end(update), "")
        for place, condition in places:
            conditions = {"ConditionExpression": condition} if condition else {}
            try:
                self._dynamodb.update_item(
                    TableName=self._table,
                    Key=key(*place),
                    UpdateExpression=f"SET {attribute} = :outcome",
                    ExpressionAttributeValues={":outcome": {"S": outcome.value}},
                    **conditions,  # type: ignore[arg-type]
                )
            except (ClientError, BotoCoreError) as error:
                extra = {"update_id": update.update_id, "refusal": str(error)}
                logger().warning(f"not noted as {attribute}", extra=extra)
            else:
                return

    def history(self, endpoint: str, limit: int = _NEWEST) -> tuple[Update, ...]:
        """An endpoint's updates, newest first; a stand-in for each unreadable one."""
        found = (self.find(_id_in(item)) for item in self._newest(endpoint, limit))
        return tuple(update for update in found if update is not None)

    def listed(self, endpoint: str, limit: int = _NEWEST) -> tuple[Listed, ...]:
        """An endpoint's updates, newest first, in the short form of lists. Needs one query."""
        return tuple(self._list(item) for item in self._newest(endpoint, limit))

    def newest(self, endpoint: str) -> tuple[str, str] | None:
        """The start of an endpoint's newest update, as text that sorts by time, and the update's id.

        None if no update ever began. Reads one item of the index, and no update.
        """
        items = self._newest(endpoint, 1)
        return (items[0]["started_at"]["S"], _id_in(items[0])) if items else None

    def past(self, endpoint: str) -> tuple[PastUpdate, ...]:
        """The measured pace of the endpoint's last updates."""
        return tuple(each.taught for each in self.listed(endpoint) if each.taught is not None)

    def _newest(self, endpoint: str, limit: int) -> list[dict[str, Any]]:
        return list(
            self._query_last(
                limit,
                IndexName=BY_START,
                KeyConditionExpression="endpoint = :endpoint",
                ExpressionAttributeValues={":endpoint": {"S": endpoint}},
            )
        )

    def _list(self, item: dict[str, Any]) -> Listed:
        listed = read_listed(item)
        if listed is not None:
            return listed
        update = self.find(_id_in(item))
        return list_update(update) if update else Listed(update_id=_id_in(item), version="")


def _readable(update: Update) -> Update:
    if update.record.is_unreadable:
        raise UpdateUnreadable(str(update.reasons[0]))
    return update


def _id_in(item: dict[str, Any]) -> str:
    return str(item["pk"]["S"].partition("#")[2])


def _place(update_id: str) -> tuple[str, str]:
    return f"update#{update_id}", "update"


def _place_of_end(update: Update) -> tuple[str, str]:
    return f"endpoint#{update.endpoint}", f"ended#{update.update_id}"
