"""Reads the header of a GGUF file, and checks each value before use.

The file: "GGUF", version, the numbers of tensors and of metadata pairs, the pairs, each tensor's
name, dimensions, type and offset, padding, then the tensors' bytes. All numbers are little-endian.
Source: github.com/ggml-org/ggml, docs/gguf.md; the types' sizes: llama.cpp, gguf-py/constants.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.checkpoint.text import quote
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

# A vocabulary of 250 000 tokens with its merges takes some 15 MB, before the tensors.
HEADER_LIMIT_BYTES = 32 * 1024**2
_MAGIC = b"GGUF"
_VERSIONS = (2, 3)  # llama.cpp no longer reads version 1
_COUNT_LIMIT = 2**20
_DIMENSIONS_LIMIT = 4
_ALIGNMENT_BYTES = 32

_STRING, _ARRAY, _UINT32 = 8, 9, 4
_VALUE_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
# ggml type -> (values in a block, bytes of a block)
_BLOCKS: Mapping[int, tuple[int, int]] = {
    0: (1, 4), 1: (1, 2), 24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 30: (1, 2),
    2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36), 20: (32, 18),
    39: (32, 17), 10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
    15: (256, 292), 16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 21: (256, 110),
    22: (256, 82), 23: (256, 136), 29: (256, 56), 34: (256, 54), 35: (256, 66),
}  # fmt: skip
_UPLOAD_AGAIN = "Get the file again from where it was converted or published, and upload it again."


@dataclass(frozen=True, slots=True)
class GgufFile:
    """One GGUF file: the number of its tensors, and its faults."""

    path: str
    tensors: int = 0
    reasons: tuple[Reason, ...] = ()
    unchecked: tuple[str, ...] = ()


class _Ended(Exception):
    """The header is longer than the bytes read so far."""


class _Wrong(Exception):
    """The header is invalid; the message ends the sentence "it …"."""


class _Cursor:
    """Reads the values of the file's first bytes in order."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def take(self, length: int) -> bytes:
        if length > HEADER_LIMIT_BYTES:
            raise _Wrong(f"holds a text of {length} bytes at byte {self.at}")
        if self.at + length > len(self._content):
            raise _Ended
        self.at += length
        return self._content[self.at - length : self.at]

    def skip(self, length: int) -> None:
        if self.at + length > len(self._content):
            raise _Ended
        self.at += length

    def integer(self, length: int) -> int:
        return int.from_bytes(self.take(length), "little")

    def text(self) -> bytes:
        return self.take(self.integer(8))


def parse_gguf(path: str, head: bytes, file_bytes: int) -> GgufFile | None:
    """Compare a file's header with its size; None if that needs more bytes than `head`.

    Invalid bytes give reasons, never an error.
    """
    try:
        return _parse(path, head, file_bytes)
    except _Wrong as error:
        return GgufFile(path, reasons=(_reason("model.header-invalid", path, f"it {error}."),))
    except _Ended:
        if len(head) < min(file_bytes, HEADER_LIMIT_BYTES):
            return None
        if len(head) < file_bytes:
            note = f"{path}: its header is longer than {HEADER_LIMIT_BYTES} bytes."
            return GgufFile(path, unchecked=(note,))
        message = f"it ends after {file_bytes} bytes, within its header."
        return GgufFile(path, reasons=(_reason("model.shard-truncated", path, message),))


def _parse(path: str, head: bytes, file_bytes: int) -> GgufFile:
    cursor = _Cursor(head)
    magic = cursor.take(4)
    if magic != _MAGIC:
        raise _Wrong(f"begins with {quote(magic)}, not with 'GGUF'")
    version = cursor.integer(4)
    if version not in _VERSIONS:
        raise _Wrong(f"has the version {version}; versions 2 and 3 are known")
    count, pairs = cursor.integer(8), cursor.integer(8)
    if max(count, pairs) > _COUNT_LIMIT:
        raise _Wrong(f"promises {count} tensors and {pairs} metadata pairs")
    alignment = _ALIGNMENT_BYTES
    for _ in range(pairs):
        key, kind = cursor.text(), cursor.integer(4)
        if key == b"general.alignment" and kind == _UINT32:
            alignment = cursor.integer(4) or _ALIGNMENT_BYTES
        else:
            _skip_value(cursor, kind)
    ends = [_read_end(cursor) for _ in range(count)]
    data = -(-cursor.at // alignment) * alignment
    end = data + max((end for end in ends if end is not None), default=-data)
    unchecked = (f"{path}: tensors of unknown types.",) if None in ends else ()
    reasons: tuple[Reason, ...] = ()
    if end > file_bytes:
        message = (
            f"its header describes tensors up to byte {end}, but it ends after {file_bytes}: "
            f"{end - file_bytes} bytes are missing."
        )
        reasons = (_reason("model.shard-truncated", path, message),)
    return GgufFile(path, count, reasons, unchecked)


def _skip_value(cursor: _Cursor, kind: int, depth: int = 0) -> None:
    if kind in _VALUE_BYTES:
        cursor.skip(_VALUE_BYTES[kind])
    elif kind == _STRING:
        cursor.skip(cursor.integer(8))
    elif kind == _ARRAY and depth < _DIMENSIONS_LIMIT:
        inner, length = cursor.integer(4), cursor.integer(8)
        if inner in _VALUE_BYTES:
            cursor.skip(length * _VALUE_BYTES[inner])
        else:
            for _ in range(length):
                _skip_value(cursor, inner, depth + 1)
    else:
        raise _Wrong(f"has a metadata value of type {kind} at byte {cursor.at}")


def _read_end(cursor: _Cursor) -> int | None:
    """The end of a tensor's bytes, counted from the start of the first tensor; None for unknown types."""
    name, dimensions = cursor.text(), cursor.integer(4)
    if dimensions > _DIMENSIONS_LIMIT:
        raise _Wrong(f"gives tensor {quote(name)} {dimensions} dimensions")
    values = 1
    for _ in range(dimensions):
        values *= cursor.integer(8)
    kind, offset = cursor.integer(4), cursor.integer(8)
    if kind not in _BLOCKS:
        return None
    in_block, block_bytes = _BLOCKS[kind]
    return offset + -(-values // in_block) * block_bytes


def _reason(code: str, path: str, message: str) -> Reason:
    return Reason(code=code, subject=path, message=message, remedy=_UPLOAD_AGAIN)
