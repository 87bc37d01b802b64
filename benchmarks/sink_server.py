"""Serves the stand-in for S3 over HTTP or TLS, with a thread for each connection.

python -m benchmarks.sink_server PORT [CERTIFICATE KEY]
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from benchmarks.sink import Sink
from switchover_local.engine import clear_of_aws

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_KEPT_BYTES = 1024**2
_BUFFER_BYTES = 1024**2
_DATE = "Tue, 01 Jan 2030 00:00:00 GMT"


@contextmanager
def run_sink(root: Path) -> Iterator[dict[str, str]]:
    """The sink on a free port, with a certificate; yields the environment that points clients to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    certificate, key = root / "sink.pem", root / "sink.key"
    make_certificate(certificate, key)
    environment = clear_of_aws(os.environ) | {
        "AWS_ENDPOINT_URL": f"https://127.0.0.1:{port}",
        "AWS_CA_BUNDLE": str(certificate),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "XDG_CACHE_HOME": str(root / "cache"),
    }
    command = [
        sys.executable,
        "-m",
        "benchmarks.sink_server",
        str(port),
        str(certificate),
        str(key),
    ]
    server = subprocess.Popen(command)  # noqa: S603 - our own command line
    try:
        yield environment
    finally:
        server.terminate()
        server.wait()


def make_certificate(certificate: Path, key: Path) -> None:
    """A certificate of this machine's own address, for a day."""
    subprocess.run(  # noqa: S603 - our own command line
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key)),
            *("-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )


class _Connection:
    def __init__(self, sink: Sink, connection: socket.socket) -> None:
        self._sink = sink
        self._connection = connection
        self._buffer = bytearray()
        self._scratch = bytearray(_BUFFER_BYTES)

    def serve(self) -> None:
        with self._connection:
            while (head := self._read_head()) is not None:
                first, _, rest = head.partition("\r\n")
                method, target, _ = first.split(" ", 2)
                pairs = (line.partition(":") for line in rest.split("\r\n"))
                headers = {name.lower(): value.strip() for name, _, value in pairs}
                length = int(headers.get("content-length", 0))
                if headers.get("expect"):
                    self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                body, length = self._read_body(length, headers)
                status, told, content = self._sink.answer(method, target, headers, body, length)
                told = {"Content-Length": str(len(content)), **told}
                lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
                self._connection.sendall(
                    f"HTTP/1.1 {status} x\r\nDate: {_DATE}\r\n{lines}\r\n".encode() + content
                )

    def _read_head(self) -> str | None:
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            got = self._connection.recv(65_536)
            if not got:
                return None
            self._buffer += got
        head = self._buffer[:end].decode("latin-1")
        del self._buffer[: end + 4]
        return head

    def _read_body(self, length: int, headers: Mapping[str, str]) -> tuple[bytes, int]:
        """The body (empty if it is large), and its length without the framing of chunks."""
        if headers.get("transfer-encoding") == "chunked":
            body = _unpack(b"".join(self._read_chunks()))
            return body, int(headers["x-amz-decoded-content-length"])
        decoded = int(headers.get("x-amz-decoded-content-length", length))
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        is_kept = length <= _KEPT_BYTES
        pieces = [taken]
        missing = length - len(taken)
        view = memoryview(self._scratch)
        while missing:
            got = self._connection.recv_into(view[: min(missing, _BUFFER_BYTES)])
            if not got:
                raise ConnectionError
            missing -= got
            if is_kept:
                pieces.append(bytes(view[:got]))
        return b"".join(pieces) if is_kept else b"", decoded

    def _read_chunks(self) -> Iterator[bytes]:
        while size := int(self._read_line().partition(b";")[0], 16):
            yield self._read_body(size, {})[0]
            self._read_line()
        while self._read_line():
            pass

    def _read_line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            self._buffer += self._connection.recv(65_536)
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line


def _unpack(content: bytes) -> bytes:
    """Small content out of `aws-chunked`, whose first chunk has all of it."""
    size, _, rest = content.partition(b"\r\n")
    return rest[: int(size or b"0", 16)]


def serve(port: int, certificate: str = "", key: str = "", sink: Sink | None = None) -> None:
    """Serve a bucket until the process is ended."""
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    sink = sink or Sink()
    with socket.create_server(("127.0.0.1", port), backlog=128) as server:
        while True:
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_talk, args=(sink, connection, context), daemon=True).start()


def _talk(sink: Sink, connection: socket.socket, context: ssl.SSLContext | None) -> None:
    try:
        if context is not None:
            connection = context.wrap_socket(connection, server_side=True)
        _Connection(sink, connection).serve()
    except OSError:
        return


if __name__ == "__main__":
    serve(int(sys.argv[1]), *sys.argv[2:])
