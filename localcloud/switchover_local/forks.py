"""Starts Lambda workers as forks of a Python that has imported their libraries once.

An update starts twenty workers. Importing their libraries took most of a rehearsal's processor time:
0.8 s for each worker. A fork takes 0.25 s.

One difference remains: a module that reads the environment at its import doesn't see the function's.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORKER_SITE = Path(__file__).parent / "worker_site"
_LAYERS = "_LAMBDA_LAYERS_DIRS"  # MiniStack's variable for the folder of a function's layers
_POLL_SECONDS = 0.01
_SIZE = struct.Struct("!I")


class Forks:
    """One fork server for each set of code and layers; replaces `subprocess` for workers."""

    PIPE, DEVNULL, STDOUT = subprocess.PIPE, subprocess.DEVNULL, subprocess.STDOUT

    def __init__(self) -> None:
        self._servers: dict[tuple[str, ...], _ForkServer] = {}
        self._lock = threading.Lock()

    def Popen(  # noqa: N802 - as subprocess has it
        self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], **given: Any
    ) -> Any:
        """Start a Python worker as a fork; if that fails, and for other commands, use `subprocess`."""
        program, script = command[0], command[-1]
        if program == sys.executable and script.endswith(".py"):
            with suppress(OSError), self._lock:
                return self._find_server(Path(cwd), env).start(Path(script), cwd, env)
        return subprocess.Popen(command, cwd=cwd, env=env, **given)  # noqa: S603 - MiniStack's own

    def close(self) -> None:
        """End the fork servers; running workers continue."""
        for server in self._servers.values():
            server.close()

    def _find_server(self, code: Path, env: Mapping[str, str]) -> _ForkServer:
        # Links point to folders that are named by content, so changed code gets a new server.
        layers = [os.path.realpath(each) for each in env.get(_LAYERS, "").split(os.pathsep) if each]
        key = (str(code.resolve()), *layers)
        if key not in self._servers or not self._servers[key].is_alive:
            module = env.get("_HANDLER", "").rpartition(".")[0].replace("/", ".")
            path = [WORKER_SITE, code.resolve(), *(Path(each) / "python" for each in layers)]
            self._servers[key] = _ForkServer(module, path, code.parent)
        return self._servers[key]


class _ForkServer:
    def __init__(self, module: str, path: Sequence[Path], folder: Path) -> None:
        self._asked, other = socket.socketpair()
        program = WORKER_SITE / "fork_server.py"
        self._process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, str(program), str(other.fileno()), module, str(folder)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
            stdin=subprocess.DEVNULL,
            pass_fds=[other.fileno()],
        )
        other.close()

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._asked.close()
        self._process.wait()

    def start(self, script: Path, folder: str, env: Mapping[str, str]) -> ForkedProcess:
        """Ask the server for a worker; raises OSError if the server is gone."""
        inner, outer = _make_pipes()
        request = {"script": str(script), "folder": folder, "environment": dict(env)}
        content = json.dumps(request).encode()
        try:
            socket.send_fds(self._asked, [_SIZE.pack(len(content))], inner)
            self._asked.sendall(content)
            answer = self._asked.recv(_SIZE.size, socket.MSG_WAITALL)
            if len(answer) < _SIZE.size:
                raise ConnectionResetError("the fork server ended")
        except OSError:
            _close(outer)
            raise
        finally:
            _close(inner)
        return ForkedProcess(_SIZE.unpack(answer)[0], *outer)


def _make_pipes() -> tuple[list[int], list[int]]:
    """Pipes for stdin, stdout and stderr: the worker's ends and our ends."""
    (read_in, write_in), (read_out, write_out), (read_err, write_err) = (os.pipe() for _ in "ioe")
    return [read_in, write_out, write_err], [write_in, read_out, read_err]


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)


class ForkedProcess:
    """The part of `subprocess.Popen` that MiniStack uses, for a process that isn't our child."""

    def __init__(self, pid: int, stdin: int, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.stdin = os.fdopen(stdin, "w", buffering=1)
        self.stdout = os.fdopen(stdout)
        self.stderr = os.fdopen(stderr)
        self._is_over = False

    def poll(self) -> int | None:
        """None while the process lives; only the fork server knows the real exit code."""
        if not self._is_over:
            self._is_over = not self._send(0)
        return 0 if self._is_over else None

    def wait(self, timeout: float) -> int:
        """Wait for the end of the process.

        Raises:
        TimeoutExpired: the process still lives.
        """
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            time.sleep(_POLL_SECONDS)
        return 0

    def terminate(self) -> None:
        """Ask the process to end (SIGTERM)."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End the process (SIGKILL)."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> bool:
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            return False
        return True
