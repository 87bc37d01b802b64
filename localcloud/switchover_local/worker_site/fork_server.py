"""A Python process that has imported the functions' libraries, and forks a Lambda worker on request.

Importing boto3 and pydantic takes most of a cold start, and is the same for each function of a stack.

    python fork_server.py SOCKET MODULE FOLDER

`switchover_local.forks` sends a length, a JSON request and three descriptors (stdin, stdout, stderr) over
a socket. The server starts one worker, and answers its process number. FOLDER isn't read: in the command
line it identifies the processes of a local cloud.
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
    with suppress(
        Exception
    ):  # the worker will fail at the same import, and report this to its caller
        importlib.import_module(sys.argv[2])
    signal.signal(
        signal.SIGCHLD, signal.SIG_IGN
    )  # no one waits for the workers, so none may stay as a zombie
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
    """Become a worker like a separately started process; never returns."""
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
