"""The processes of a local cloud, told from everybody else's by what the system says of them."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKER_FOLDERS = "ministack-lambda-"  # how MiniStack names the folder of each of its workers


def identify(process: int) -> str | None:
    """What no other process has, though it get the same number: its start. None if it is gone."""
    with suppress(OSError):
        # proc(5): starttime is the 22nd field; the second is in parentheses and may hold anything.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    if Path("/proc/self/stat").exists():
        return None
    return next((start for _, start in _list("lstart=", "-p", str(process))), None)


def end_workers(temporary: Path) -> None:
    """End every worker that runs from this folder, as its command line says: its host is gone."""
    for process, command in _list("command=", "-ax"):
        if f"{temporary}{os.sep}{WORKER_FOLDERS}" in command:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)


def _list(column: str, *which: str) -> Iterator[tuple[int, str]]:
    """The number of each process, and what a column of `ps` says of it."""
    try:
        listed = subprocess.run(  # noqa: S603 - ps, with arguments made here
            ["ps", "-ww", *which, "-o", "pid=", "-o", column],  # noqa: S607 - wherever it is
            capture_output=True,
            text=True,
            check=False,
        )
    except (
        FileNotFoundError
    ):  # a system without it: workers end by themselves when their input does
        return
    for row in listed.stdout.splitlines():
        number, _, said = row.strip().partition(" ")
        yield int(number), said.strip()
