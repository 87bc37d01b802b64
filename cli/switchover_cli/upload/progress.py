"""How far the bytes of an upload have come, and the bodies that tell it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import IO, TYPE_CHECKING, cast

from s3transfer.utils import ReadFileChunk

if TYPE_CHECKING:
    from collections.abc import Callable


class Step(StrEnum):
    """What is happening to a file's bytes."""

    READ = "read"
    # Copied by S3 from another version: these bytes are not sent.
    COPIED = "copied"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Progress:
    """So many bytes more of one file; fewer than none, when a part has to be sent again."""

    path: str
    step: Step
    advanced_bytes: int
    file_bytes: int


def open_window(
    source: IO[bytes], start: int, length: int, on_read: Callable[[int], None]
) -> IO[bytes]:
    """Part of an open file as a request's body; closing it closes the file.

    `on_read` is told what was read, and taken back what has to be read again. Of a file that was
    cut off meanwhile less is sent, which S3 refuses by the part's checksum.
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
