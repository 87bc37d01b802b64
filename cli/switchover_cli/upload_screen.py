"""Bars of an upload: its total, and each file that moves just now."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from switchover_cli.upload_transfer import Step

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from rich.console import Console

    from switchover_cli.upload_transfer import Progress as Advance

_STEP_WORDS = {Step.READ: "reading", Step.SENT: "sending"}
_NAME_WIDTH = 34


class UploadScreen:
    """Shows an upload while a `with` block lasts; only totals stay on the screen."""

    def __init__(self, folder: Path, console: Console, *, is_silent: bool = False) -> None:
        self._folder = folder
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20, complete_style="cyan", finished_style="green"),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            disable=is_silent or not console.is_terminal,
        )
        self._lock = Lock()
        self._totals: dict[Step, TaskID] = {}
        self._files: dict[tuple[Step, str], TaskID] = {}
        self._bytes: dict[TaskID, int] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def advance(self, advance: Advance) -> None:
        """Move the bars on; may be called from many threads."""
        with self._lock:
            file = self._file_row(advance.step, advance.path)
            self._bytes[file] += advance.advanced_bytes
            self._progress.update(
                file,
                completed=self._bytes[file],
                visible=self._bytes[file] < self._size(advance.path),
            )
            self._progress.advance(self._totals[advance.step], advance.advanced_bytes)

    def _file_row(self, step: Step, path: str) -> TaskID:
        if (step, path) not in self._files:
            size = self._size(path)
            if step not in self._totals:
                total = self._progress.add_task(_STEP_WORDS[step], total=0)
                self._totals[step], self._bytes[total] = total, 0
            total = self._totals[step]
            # The total grows as files begin: how many will be sent isn't known before.
            self._bytes[total] += size
            self._progress.update(total, total=self._bytes[total])
            row = self._progress.add_task(f"  {_shorten(path)}", total=size)
            self._files[step, path], self._bytes[row] = row, 0
        return self._files[step, path]

    def _size(self, path: str) -> int:
        file = self._folder if self._folder.is_file() else self._folder / path
        return file.stat().st_size


def _shorten(path: str) -> str:
    return path if len(path) <= _NAME_WIDTH else f"…{path[-_NAME_WIDTH + 1 :]}"
