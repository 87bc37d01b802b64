"""Starts the host of a local cloud as a process that outlives its starter, and ends it reliably."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from switchover_local.processes import end_workers
from switchover_local.record import is_running, log_path, temporary_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from switchover_local.twin.scenario import Scenario

STOP_SECONDS = 5
_POLL_SECONDS = 0.05


def start_host(folder: Path, speed: float, scenario: Scenario | None, code: Path, lock: int) -> int:
    """Start a folder's host, and pass the held lock to it; returns the process."""
    command = [sys.executable, "-m", "switchover_local.host", "--folder", str(folder)]
    command += ["--speed", str(speed), "--lock", str(lock), "--code", str(code.resolve())]
    if scenario is not None:
        path = folder / "scenario.json"
        path.write_text(scenario.model_dump_json(indent=2))
        command += ["--scenario", str(path)]
    fcntl.fcntl(lock, fcntl.F_SETFD, 0)  # so the host holds the lock from its start
    # Not Popen: the host outlives this process, and a Popen object would warn about this.
    return os.posix_spawn(
        sys.executable,
        command,
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (
                os.POSIX_SPAWN_OPEN,
                1,
                log_path(folder),
                os.O_WRONLY | os.O_CREAT | os.O_TRUNC,
                0o600,
            ),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,  # a new process group for the host and its workers, which Ctrl-C doesn't reach
    )


def end_host(folder: Path, pid: int, tell: Callable[[str], object] = lambda _: None) -> None:
    """End a host, by force if it hangs, and every Lambda worker; calls `tell` before each step."""
    tell("Ending the local cloud's processes…")
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    _wait_while_running(folder)
    if is_running(folder):
        tell("The local cloud doesn't react: ending it by force…")
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _wait_while_running(folder)
    with suppress(ChildProcessError):  # if the host is our child, it must not stay as a zombie
        os.waitpid(pid, 0)
    end_workers(temporary_path(folder))
    tell("Deleting its temporary files…")
    for left in folder.glob(f"{temporary_path(folder).name}*"):
        shutil.rmtree(left, ignore_errors=True)


def _wait_while_running(folder: Path) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    while is_running(folder) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
