"""A few requests of S3 over a real socket, for what no fake client does: to break in the middle."""

from __future__ import annotations

import base64
import hashlib
import socket
import struct
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import boto3

from switchover_cli.upload.client import UPLOADING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mypy_boto3_s3 import S3Client

RESET = "reset"
"""Instead of an error code: read some of the body, then cut the connection."""


@dataclass
class Upload:
    """An upload in parts that was begun, with the metadata that its object will have."""

    key: str
    metadata: str
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Bucket:
    """What the server holds, what it was asked, and how it answers instead of doing it.

    `trouble` gets the method and the path with its query; it returns an error code, RESET or None.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    trouble: Callable[[str], str | None] = lambda _: None
    lock: Lock = field(default_factory=Lock)

    def count(self, beginning: str) -> int:
        """How many requests began so."""
        return sum(request.startswith(beginning) for request in self.requests)


_METADATA = "x-amz-meta-sha256"
_STATUS = {"NoSuchBucket": 404, "AccessDenied": 403, "SlowDown": 503, "BadDigest": 400}


def _checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def _join_checksums(parts: Iterable[bytes]) -> str:
    """Of an object that came in parts: a digest of their digests, and their number."""
    digests = [hashlib.sha256(part).digest() for part in parts]
    return f"{_checksum(b''.join(digests))}-{len(digests)}"


def etag_of(content: bytes) -> str:
    """What tells one content of an object from another; in S3 it is no MD5 either, always."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def fail_times(times: int, code: str, beginning: str) -> Callable[[str], str | None]:
    """Trouble for the first few requests that begin so."""
    left = iter(range(times))

    def trouble(request: str) -> str | None:
        return code if request.startswith(beginning) and next(left, None) is not None else None

    return trouble


class _Server(ThreadingHTTPServer):
    """A server that holds a bucket."""

    def __init__(self, bucket: Bucket) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bucket = bucket


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        bucket, length = self.server.bucket, int(self.headers.get("Content-Length", 0))
        request = f"{self.command} {unquote(self.path)}"
        with bucket.lock:
            bucket.requests.append(request)
            trouble = bucket.trouble(request)
        if trouble == RESET:
            self._cut(length)
            return
        body = self._find_copied() or self.rfile.read(length)
        said = self.headers.get("x-amz-checksum-sha256", "")
        if said and said != _checksum(body):
            trouble = "BadDigest"
        if trouble:
            self._send(_STATUS[trouble], f"<Error><Code>{trouble}</Code></Error>")
            return
        address = urlsplit(self.path)
        key = unquote(address.path).removeprefix("/").partition("/")[2]
        query = {
            name: values[0]
            for name, values in parse_qs(address.query, keep_blank_values=True).items()
        }
        with bucket.lock:
            answer = self._write(key, query, body) if self.command[0] == "P" else None
            answer = answer or self._list(key, query)
        if answer is None:
            self._send(404, "<Error><Code>NoSuchKey</Code></Error>")
        else:
            self._send(200, answer, self._describe(key, body))

    do_HEAD = do_PUT = do_POST = do_GET  # noqa: N815 - the names that BaseHTTPRequestHandler calls

    def _find_copied(self) -> bytes | None:
        """What a copy takes from its source, if it is one."""
        source = self.headers.get("x-amz-copy-source")
        if source is None:
            return None
        content = self.server.bucket.objects[unquote(source).partition("/")[2]]
        wanted = self.headers.get("x-amz-copy-source-range")
        if wanted is None:
            return content
        first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        return content[first : last + 1]

    def _cut(self, length: int) -> None:
        self.rfile.read(length // 2)
        # Zero seconds to linger: the peer sees a reset, not an end.
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.close_connection = True

    def _write(self, key: str, query: dict[str, str], body: bytes) -> str | None:
        bucket = self.server.bucket
        match self.command:
            case "PUT" if "uploadId" in query:
                bucket.uploads[query["uploadId"]].parts[int(query["partNumber"])] = body
            case "PUT":
                bucket.objects[key] = body
                bucket.metadata[key] = self.headers.get(_METADATA, "")
                bucket.checksums[key] = _checksum(body)
            case "POST" if "uploads" in query:
                name = f"u{len(bucket.requests)}"
                bucket.uploads[name] = Upload(key, self.headers.get(_METADATA, ""))
                return f"<R><UploadId>{name}</UploadId></R>"
            case "POST":
                ended = bucket.uploads.pop(query["uploadId"])
                parts = [ended.parts[number] for number in sorted(ended.parts)]
                bucket.objects[key] = b"".join(parts)
                bucket.metadata[key] = ended.metadata
                bucket.checksums[key] = _join_checksums(parts)
                return f"<R><ETag>{etag_of(bucket.objects[key])}</ETag></R>"
            case _:
                return None
        told = f"<ChecksumSHA256>{_checksum(body)}</ChecksumSHA256>"
        return f"<R><ETag>{etag_of(body)}</ETag>{told}</R>"

    def _list(self, key: str, query: dict[str, str]) -> str | None:
        bucket = self.server.bucket
        if "uploads" in query:
            entries = (
                f"<Upload><Key>{upload.key}</Key><UploadId>{name}</UploadId>"
                "<Initiated>2030-01-01T00:00:00Z</Initiated></Upload>"
                for name, upload in bucket.uploads.items()
            )
        elif "uploadId" in query:
            entries = (
                f"<Part><PartNumber>{number}</PartNumber><ETag>e</ETag>"
                f"<ChecksumSHA256>{_checksum(part)}</ChecksumSHA256></Part>"
                for number, part in bucket.uploads[query["uploadId"]].parts.items()
            )
        elif "list-type" in query:
            entries = (
                f"<Contents><Key>{escape(name)}</Key><Size>{len(content)}</Size>"
                f"<ETag>{etag_of(content)}</ETag>"
                "<LastModified>2030-01-01T00:00:00Z</LastModified></Contents>"
                for name, content in bucket.objects.items()
                if name.startswith(query["prefix"])
            )
        elif self.command == "GET" and key in bucket.objects:
            return bucket.objects[key].decode()
        else:
            # No key at all: the bucket itself is asked for.
            is_there = not key or key in bucket.objects
            return "" if is_there and self.command == "HEAD" else None
        return f"<R>{''.join(entries)}</R>"

    def _describe(self, key: str, body: bytes) -> dict[str, str]:
        bucket = self.server.bucket
        described = {"ETag": etag_of(bucket.objects.get(key, body))}
        if key in bucket.metadata:
            described[_METADATA] = bucket.metadata[key]
        if key in bucket.checksums and self.command == "HEAD":
            described["x-amz-checksum-sha256"] = bucket.checksums[key]
            is_composite = "-" in bucket.checksums[key]
            described["x-amz-checksum-type"] = "COMPOSITE" if is_composite else "FULL_OBJECT"
        return described

    def _send(self, status: int, text: str, described: dict[str, str] | None = None) -> None:
        content = text.encode()
        self.send_response(status)
        for name, value in (described or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve_s3(bucket: Bucket) -> Iterator[S3Client]:
    """Serve a bucket on a free port; gives the client for it."""
    server = _Server(bucket)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the server takes any
        config=UPLOADING,
    )
    try:
        yield client
    finally:
        client.close()
        server.shutdown()
        server.server_close()
        thread.join()
