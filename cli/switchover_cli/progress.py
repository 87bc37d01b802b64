"""One bar for long work, on the error output of a terminal; elsewhere nothing."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from switchover.domain.counts import count_nothing
from switchover.domain.units import say_bytes, say_roughly
from switchover_cli.output import open_console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.progress import Task

    from switchover.domain.counts import Count, OnCount


@contextmanager
def counting(*, is_silent: bool = False, console: Console | None = None) -> Iterator[OnCount]:
    """Show the counts that the block reports; the bar disappears at the block's end, also after an error.

    Threads may report. The count never goes back while `what` and the total stay.
    """
    console = console or open_console(stderr=True)
    if is_silent or not console.is_terminal:
        yield count_nothing
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20, complete_style="cyan", finished_style="green"),
        TextColumn("{task.fields[told]}", markup=False),
        console=console,
        transient=True,
        # Standard output may be a pipe: rich would move its text to this console.
        redirect_stdout=False,
        redirect_stderr=False,
    )
    lock = Lock()
    last: list[Count] = []

    def show(count: Count) -> None:
        with lock:
            if not last or count.done < last[0].done or count.total != last[0].total:
                # A task of its own: rich can't take a total away from a task.
                for old in bar.task_ids:
                    bar.remove_task(old)
                bar.add_task(count.what, total=count.total or None, told="")
            last[:] = [count]
            (task,) = bar.tasks
            bar.update(task.id, description=count.what, completed=count.done)
            bar.update(task.id, told=say_count_done(count, task))

    with bar:
        yield show


def say_count_done(count: Count, task: Task | None = None) -> str:
    """`3 of 12`, `1.2 GB of 3.4 GB, 310.0 MB/s, 7 s left`; the speed only after it was measured."""
    if not count.is_bytes:
        return f"{count.done:,} of {count.total:,}" if count.total else f"{count.done:,}"
    told = f"{say_bytes(count.done)} of {say_bytes(count.total)}"
    if task is None or not task.speed or not task.time_remaining:
        return told
    left = say_roughly(task.time_remaining)
    return f"{told}, {say_bytes(task.speed)}/s, {left} left"
