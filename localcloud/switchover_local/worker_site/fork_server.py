"""A Python that has imported what functions import, and becomes a Lambda worker each time it is asked.

Importing boto3 and pydantic takes most of a cold start, and is the same for each function of a stack.

    python fork_server.py SOCKET MODULE FOLDER

`switchover_local.forks` speaks to it over a socket: a length, a JSON request and three descriptors
(stdin, stdout, stderr) make one worker, whose process number is answered. FOLDER isn't read: by it
the command line tells whose process this and its workers are.
"""

import importlib
import json
import os
import runpy
import signal
import socket
import struct
import sys
from contextlib import suppress
from typing import Any, NoReturn

SIZE = struct.Struct("!I")


def main() -> None:
    """Import the module, then make workers until the other side closes."""
    asked = socket.socket(fileno=int(sys.argv[1]))
    with suppress(Exception):  # the worker will fail on it too, and say so to whoever called
        importlib.import_module(sys.argv[2])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the workers: let none linger
    while True:
        head, descriptors, _, _ = socket.recv_fds(asked, SIZE.size, 3)
        if not head:
            return
        request = _read(asked, SIZE.unpack(head)[0])
        process = os.fork()
        if process == 0:
            asked.close()
            _work(json.loads(request), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        asked.sendall(SIZE.pack(process))


def _read(asked: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        piece = asked.recv(size - len(content))
        if not piece:
            sys.exit()
        content += piece
    return content


def _work(request: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Be a process as it would have been started by itself, and never come back."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", 1)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = [request["script"]]
    code = 1
    try:
        runpy.run_path(request["script"], run_name="__main__")
        code = 0
    finally:
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
