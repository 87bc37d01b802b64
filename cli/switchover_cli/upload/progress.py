"""The progress of an upload, and request bodies that report it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, TYPE_CHECKING, cast

from s3transfer.utils import ReadFileChunk

if TYPE_CHECKING:
    from collections.abc import Callable


class Step(StrEnum):
    """The kind of work on a file's bytes."""

    READ = "read"
    # S3 copies these bytes from another version; they aren't sent.
    COPIED = "copied"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Progress:
    """Further bytes of one file; negative when a part has to be sent again."""

    path: str
    step: Step
    advanced_bytes: int
    file_bytes: int


def open_window(
    source: IO[bytes], start: int, length: int, on_read: Callable[[int], None]
) -> IO[bytes]:
    """Part of an open file as a request's body; closing it closes the file.

    `on_read` is called with the bytes that were read, and with a negative number before they are read
    again. If the file was truncated meanwhile, less is sent; S3 refuses it by the part's checksum.
    """
    there = source.seek(0, os.SEEK_END)
    source.seek(start)
    window = ReadFileChunk(
        source,
        length,
        max(there, start),
        callbacks=[lambda bytes_transferred: on_read(bytes_transferred)],
    )
    return cast("IO[bytes]", window)
