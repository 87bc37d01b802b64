"""Progress bars of an upload: its totals, and the files that are being sent now."""

from __future__ import annotations

from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from switchover_cli.upload.progress import Step

if TYPE_CHECKING:
    from types import TracebackType

    from rich.console import Console, RenderableType
    from rich.progress import TaskID

    from switchover_cli.upload.progress import Progress as Advance

_STEP_WORDS = {Step.READ: "reading", Step.COPIED: "copying", Step.SENT: "sending"}
_NAME_WIDTH = 34
_FILES_SHOWN = 8
_DRAWN_PER_SECOND = 8


class UploadScreen:
    """Shows an upload during a `with` block; only the totals stay on the screen.

    Each of the thousands of advances is only counted; the counts are drawn a few times a second.
    """

    def __init__(self, console: Console, *, is_silent: bool = False) -> None:
        self._is_shown = console.is_terminal and not is_silent
        self._live = Live(self, console=console, refresh_per_second=_DRAWN_PER_SECOND)
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20, complete_style="cyan", finished_style="green"),
            DownloadColumn(),
            TransferSpeedColumn(),
        )
        self._total_bars = {
            step: self._progress.add_task(_STEP_WORDS[step], visible=False) for step in Step
        }
        self._file_bars: dict[tuple[Step, str], TaskID] = {}
        self._lock = Lock()
        self._done: dict[tuple[Step, str], int] = {}
        # The file's length, in the order in which the files began to move.
        self._moving: dict[tuple[Step, str], int] = {}
        self._totals = dict.fromkeys(Step, (0, 0))

    def __enter__(self) -> Self:
        if self._is_shown:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._lock:
            self._moving.clear()
        if self._is_shown:
            self._live.stop()

    def advance(self, advance: Advance) -> None:
        """Count bytes; may be called from many threads."""
        file = (advance.step, advance.path)
        with self._lock:
            before = self._done.get(file)
            self._done[file] = (before or 0) + advance.advanced_bytes
            done, total = self._totals[advance.step]
            # The total grows as files begin: the number of files to send is unknown before.
            total += advance.file_bytes if before is None else 0
            self._totals[advance.step] = (done + advance.advanced_bytes, total)
            if self._done[file] < advance.file_bytes:
                self._moving[file] = advance.file_bytes
            else:
                self._moving.pop(file, None)

    def __rich__(self) -> RenderableType:
        with self._lock:
            totals = dict(self._totals)
            shown = {
                file: (self._done[file], size)
                for file, size in islice(self._moving.items(), _FILES_SHOWN)
            }
        for step, (done, total) in totals.items():
            self._progress.update(
                self._total_bars[step], completed=done, total=total, visible=total > 0
            )
        for file in self._file_bars.keys() - shown.keys():
            self._progress.remove_task(self._file_bars.pop(file))
        for file, (done, size) in shown.items():
            if file not in self._file_bars:
                self._file_bars[file] = self._progress.add_task(f"  {_shorten(file[1])}")
            self._progress.update(self._file_bars[file], completed=done, total=size)
        return self._progress.get_renderable()


def _shorten(path: str) -> str:
    return path if len(path) <= _NAME_WIDTH else f"…{path[-_NAME_WIDTH + 1 :]}"
