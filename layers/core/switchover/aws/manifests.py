"""Manifests in the ledger's table: the file versions that an update used.

Each manifest is a part of its update (parts.py), named by its subject and found by its digest.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from switchover.aws.parts import Parts, digest_of
from switchover.domain.manifest import Manifest, ModelFile

# The subjects of manifests.
FILES = "files"
GOLDEN = "golden"


class Manifests(Parts):
    """The file versions that updates read. Every write is safe to repeat."""

    def keep(self, update_id: str, subject: str, manifest: Manifest) -> None:
        """Keep a manifest; keeping it again writes the same items."""
        self._keep_part(update_id, f"manifest-{subject}", manifest.text.encode())

    def read(self, update_id: str, subject: str, digest: str) -> Manifest | None:
        """The manifest with this digest; None if it is incomplete or has another digest."""
        try:
            raw = self._read_part(update_id, f"manifest-{subject}", digest[: len(digest_of(b""))])
            rows = json.loads(raw)
        except (KeyError, ValueError):
            rows = self._read_rows_of_schema_1(update_id, subject)
            if rows is None:
                return None
        manifest = Manifest(tuple(ModelFile(*row) for row in rows))
        return manifest if manifest.digest == digest else None

    def _read_rows_of_schema_1(self, update_id: str, subject: str) -> list[Any] | None:
        """Older updates have no parts: their rows are in items <subject>#<n>, some rows in each."""
        rows: list[Any] = []
        number, count = 0, 1
        while number < count:
            item = self._get(f"update#{update_id}", f"{subject}#{number:04d}")
            if item is None:
                return None
            rows += json.loads(zlib.decompress(item["body"]["B"]))
            number, count = number + 1, int(item["parts"]["N"])
        return rows
