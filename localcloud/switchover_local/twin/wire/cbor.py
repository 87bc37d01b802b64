"""The part of CBOR (RFC 8949) that AWS's rpc-v2-cbor uses: both ways, whole messages only."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

_BREAK = object()
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: (">e", 2), 26: (">f", 4), 27: (">d", 8)}
_EPOCH_TAG = 1


def encode(value: object) -> bytes:
    """Encode a value of dicts, lists, strings, numbers, bytes and datetimes (as epoch seconds)."""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case bytes():
            return _head(2, len(value)) + value
        case str():
            raw = value.encode()
            return _head(3, len(raw)) + raw
        case datetime():
            return _head(6, _EPOCH_TAG) + encode(round(value.timestamp(), 3))
        case list() | tuple():
            return _head(4, len(value)) + b"".join(encode(item) for item in value)
        case dict():
            members = {key: item for key, item in value.items() if item is not None}
            pairs = (encode(key) + encode(item) for key, item in members.items())
            return _head(5, len(members)) + b"".join(pairs)
        case _:
            msg = f"CBOR has no form here for {type(value).__name__}"
            raise TypeError(msg)


def _head(major: int, argument: int) -> bytes:
    if argument < 24:
        return bytes([major << 5 | argument])
    for code, letter, limit in ((24, "B", 1 << 8), (25, "H", 1 << 16), (26, "I", 1 << 32)):
        if argument < limit:
            return bytes([major << 5 | code]) + struct.pack(f">{letter}", argument)
    return bytes([major << 5 | 27]) + struct.pack(">Q", argument)


def decode(message: bytes) -> object:
    """Decode one message.

    Raises:
        ValueError: what isn't CBOR, nests too deeply, or has a tag other than the epoch time.
    """
    try:
        return _Reader(message).read()
    except RecursionError:
        raise ValueError("the CBOR message nests too deeply") from None


class _Reader:
    def __init__(self, message: bytes) -> None:
        self._message = message
        self._position = 0

    def read(self) -> object:
        item = self._read_item()
        if item is _BREAK:
            raise ValueError("a CBOR break outside an indefinite item")
        return item

    def _read_item(self) -> object:
        first = self._take(1)[0]
        major, detail = first >> 5, first & 0x1F
        if major == 7:
            return self._read_simple(detail)
        length = None if detail == 31 else self._read_argument(detail)
        match major:
            case 0 | 1 if length is not None:
                return length if major == 0 else -1 - length
            case 2:
                return self._read_bytes(length)
            case 3:
                return self._read_bytes(length).decode()
            case 4:
                return self._read_items(length)
            case 5:
                return self._read_map(length)
            case 6 if length == _EPOCH_TAG:
                return self._read_epoch()
            case _:
                msg = f"unexpected CBOR item: major type {major}, detail {detail}"
                raise ValueError(msg)

    def _read_simple(self, detail: int) -> object:
        if detail == 31:
            return _BREAK
        if detail in _FLOATS:
            layout, size = _FLOATS[detail]
            number: float = struct.unpack(layout, self._take(size))[0]
            return number
        if detail not in _SIMPLE:
            msg = f"unexpected CBOR simple value {detail}"
            raise ValueError(msg)
        return _SIMPLE[detail]

    def _read_argument(self, detail: int) -> int:
        return detail if detail < 24 else int.from_bytes(self._take(1 << (detail - 24)), "big")

    def _read_items(self, length: int | None) -> list[object]:
        if length is not None:
            return [self.read() for _ in range(length)]
        items: list[object] = []
        while (item := self._read_item()) is not _BREAK:
            items.append(item)
        return items

    def _read_map(self, length: int | None) -> dict[str, object]:
        items = self._read_items(None if length is None else 2 * length)
        keys = [key for key in items[::2] if isinstance(key, str)]
        if len(items) != 2 * len(keys):
            raise ValueError("a CBOR map here has text as keys, and a value for each")
        return dict(zip(keys, items[1::2], strict=True))

    def _read_bytes(self, length: int | None) -> bytes:
        if length is not None:
            return self._take(length)
        chunks = [
            chunk.encode() if isinstance(chunk, str) else chunk for chunk in self._read_items(None)
        ]
        whole = [chunk for chunk in chunks if isinstance(chunk, bytes)]
        if len(whole) != len(chunks):
            raise ValueError("a CBOR text or byte string is made of its like only")
        return b"".join(whole)

    def _read_epoch(self) -> datetime:
        seconds = self.read()
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise ValueError("a CBOR epoch time must be a number")  # noqa: TRY004 - bad input
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, OSError) as error:
            raise ValueError("a CBOR epoch time that no calendar has") from error

    def _take(self, size: int) -> bytes:
        taken = self._message[self._position : self._position + size]
        if len(taken) != size:
            raise ValueError("the CBOR message ends too early")
        self._position += size
        return taken
