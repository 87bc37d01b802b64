"""Files that commands write for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover_cli.errors import Misused

if TYPE_CHECKING:
    from pathlib import Path


def write_file(path: Path, text: str) -> None:
    """Write a text file in UTF-8; what stood there is replaced.

    Raises:
        Misused: the file can't be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Misused(f"{path}: {error.strerror}.", "Name a file that can be written.") from error
