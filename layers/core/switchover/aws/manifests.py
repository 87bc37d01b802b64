"""Manifests in the ledger's table: which versions of which files an update was made of.

| pk          | sk              | holds                                                        |
|-------------|-----------------|--------------------------------------------------------------|
| update#<id> | <subject>#<n>   | the n-th part of a manifest, compressed; part 0 has the count |
"""

from __future__ import annotations

import json
import zlib
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from switchover.domain.manifest import Manifest, ModelFile

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# An item holds 400 KB (DynamoDB Developer Guide, "Quotas"). A row is at most 1,024 bytes of key and
# some 150 of the rest, so that even incompressible rows fit.
_ROWS = 250
# What a manifest is of.
FILES = "files"
GOLDEN = "golden"


class Manifests:
    """What was read of an update's files. Every write is safe to repeat."""

    def __init__(self, dynamodb: DynamoDBClient, table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def keep(self, update_id: str, subject: str, manifest: Manifest) -> None:
        """Keep a manifest; the same again is the same items. Part 0 is written last."""
        rows = [astuple(file) for file in sorted(manifest.files)]
        parts = [rows[start : start + _ROWS] for start in range(0, len(rows), _ROWS)] or [[]]
        for number, part in reversed(list(enumerate(parts))):
            self._dynamodb.put_item(
                TableName=self._table,
                Item={
                    **_key(update_id, subject, number),
                    "parts": {"N": str(len(parts))},
                    "body": {"B": zlib.compress(json.dumps(part).encode())},
                },
            )

    def read(self, update_id: str, subject: str, digest: str) -> Manifest | None:
        """The manifest that has this digest; None if it isn't there whole, or is another."""
        first = self._part(update_id, subject, 0)
        if first is None:
            return None
        later = (self._part(update_id, subject, n) for n in range(1, int(first["parts"]["N"])))
        rows = [row for item in (first, *later) if item is not None for row in _rows(item)]
        manifest = Manifest(tuple(ModelFile(*row) for row in rows))
        return manifest if manifest.digest == digest else None

    def _part(self, update_id: str, subject: str, number: int) -> dict[str, Any] | None:
        answer = self._dynamodb.get_item(
            TableName=self._table, Key=_key(update_id, subject, number), ConsistentRead=True
        )
        return answer.get("Item")


def _rows(item: dict[str, Any]) -> list[list[Any]]:
    rows: list[list[Any]] = json.loads(zlib.decompress(item["body"]["B"]))
    return rows


def _key(update_id: str, subject: str, number: int) -> dict[str, Any]:
    return {"pk": {"S": f"update#{update_id}"}, "sk": {"S": f"{subject}#{number:04d}"}}
