"""Parts: long texts that don't fit into an item, stored in items of their own.

| pk          | sk                       | holds                                                  |
|-------------|--------------------------|--------------------------------------------------------|
| update#<id> | part#<name>#<digest>#<n> | piece n of a text, compressed; and how many there are  |

A part is named by its content, so it never changes. It is written before the item that points at it,
so every reader of that item finds the part. Writing a part again writes the same items.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import Any

from switchover.aws.table import Table

# An item takes 400 KB (DynamoDB Developer Guide, "Quotas"), its keys included.
_PIECE_BYTES = 256 * 1024


def digest_of(raw: bytes) -> str:
    """The digest that names a part with this content."""
    return hashlib.sha256(raw).hexdigest()[:32]


class Parts(Table):
    """Long texts of updates."""

    def _keep_part(self, update_id: str, name: str, raw: bytes) -> str:
        """Keep a text; returns the digest by which it is found. Piece 0 is written last."""
        digest, packed = digest_of(raw), zlib.compress(raw)
        starts = range(0, len(packed), _PIECE_BYTES)
        for start in reversed(starts):
            self._put(
                *_place(update_id, name, digest, start // _PIECE_BYTES),
                pieces={"N": str(len(starts))},
                body={"B": packed[start : start + _PIECE_BYTES]},
            )
        return digest

    def _read_part(self, update_id: str, name: str, digest: str) -> bytes:
        """Read a text that was kept.

        Raises:
            KeyError: a piece of the text is missing.
            ValueError: the text differs from the one that was kept.
        """
        first = self._piece(update_id, name, digest, 0)
        numbers = range(1, int(first["pieces"]["N"]))
        pieces = [first, *(self._piece(update_id, name, digest, number) for number in numbers)]
        try:
            raw = zlib.decompress(b"".join(piece["body"]["B"] for piece in pieces))
        except zlib.error as error:
            raise ValueError(str(error)) from error
        if digest_of(raw) != digest:
            raise ValueError(f"its part {name} isn't the text that was kept")
        return raw

    def _piece(self, update_id: str, name: str, digest: str, number: int) -> dict[str, Any]:
        piece = self._get(*_place(update_id, name, digest, number))
        if piece is None:
            raise KeyError(f"its part {name} is missing")
        return piece


def _place(update_id: str, name: str, digest: str, number: int) -> tuple[str, str]:
    return f"update#{update_id}", f"part#{name}#{digest}#{number:04d}"
