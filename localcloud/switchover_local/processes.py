"""The processes of a local cloud, recognised by their start times and command lines."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKER_FOLDERS = "ministack-lambda-"  # MiniStack's name for the folder of a worker


def identify(process: int) -> str | None:
    """A process's start time, which tells it from a later one of the same number. None if it is gone."""
    with suppress(OSError):
        # proc(5): starttime is the 22nd field; the second is in parentheses and may hold anything.
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    if Path("/proc/self/stat").exists():
        return None
    return next((start for _, start in _list("lstart=", "-p", str(process))), None)


def end_workers(temporary: Path) -> None:
    """End every worker whose command line has this folder; their host is gone."""
    for process, command in _list("command=", "-ax"):
        if f"{temporary}{os.sep}{WORKER_FOLDERS}" in command:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)


def _list(column: str, *which: str) -> Iterator[tuple[int, str]]:
    """One column of `ps` for each process, by process number."""
    try:
        listed = subprocess.run(  # noqa: S603 - ps, with arguments made here
            ["ps", "-ww", *which, "-o", "pid=", "-o", column],  # noqa: S607 - wherever it is
            capture_output=True,
            text=True,
            check=False,
        )
    except (
        FileNotFoundError
    ):  # a system without `ps`: workers end by themselves when their input closes
        return
    for row in listed.stdout.splitlines():
        number, _, said = row.strip().partition(" ")
        yield int(number), said.strip()
