"""A stand-in for S3 with minimal cost, so that a benchmark measures only the sender.

It stores each object's length, metadata and checksums as sent, and the content of small objects. It
verifies nothing, and has fixed answers to the few other calls of `switchover upload`.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Mapping

_PAGE = 1000
_ENDPOINT = {
    "EndpointName": "chat",
    "EndpointArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/chat",
    "EndpointStatus": "InService",
    "EndpointConfigName": "chat-6",
    "ProductionVariants": [{"VariantName": "v", "CurrentInstanceCount": 4}],
    "CreationTime": 1.0,
    "LastModifiedTime": 1.0,
}
_STACK = {
    "VouchUrl": "https://vouch.lambda-url.us-east-1.on.aws/",
    "BucketName": "models",
    "TableName": "ledger",
    "StateMachineArn": "arn:aws:states:us-east-1:000000000000:stateMachine:s-update",
}
# The calls of `switchover upload` to other services, by X-Amz-Target.
_ANSWERS: dict[str, object] = {
    "SageMaker.DescribeEndpoint": _ENDPOINT,
    "AWSStepFunctions.DescribeExecution": {"status": "RUNNING"},
    "DynamoDB_20120810.GetItem": {},
    "DynamoDB_20120810.Query": {"Items": [], "Count": 0, "ScannedCount": 0},
}


@dataclass(slots=True)
class Object:
    """The stored facts of an object; `metadata` by its headers, checksums in base64."""

    bytes: int
    etag: str
    content: bytes = b""
    metadata: dict[str, str] = field(default_factory=dict)
    checksum: str = ""
    changed: str = ""
    parts: tuple[str, ...] = ()


class Sink:
    """One bucket; threads may use it, as each act is one operation on a dictionary."""

    def __init__(self) -> None:
        self.objects: dict[str, Object] = {}
        self.uploads: dict[str, tuple[str, dict[str, str], dict[int, Object]]] = {}
        self._numbers = itertools.count(1)

    def answer(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, length: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Answer one request; `body` is kept only if it is small, `length` is its full length."""
        address = urlsplit(target)
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        key = unquote(address.path).removeprefix("/").partition("/")[2]
        if address.path == "/" and method == "POST":
            return 200, {}, self._answer_service(headers, body)
        if not key:
            return self._answer_bucket(method, query)
        match method:
            case "PUT":
                return self._put(key, query, headers, body, length)
            case "POST":
                return self._post(key, query, headers)
            case "DELETE":
                self.objects.pop(key, None)
                return 204, {}, b""
            case _ if "uploadId" in query:
                return 200, {}, b"<R></R>"
            case _:
                return self._get(method, key)

    def _answer_service(self, headers: Mapping[str, str], body: bytes) -> bytes:
        target = headers.get("x-amz-target", "")
        if body.startswith(b'{"subject"'):
            return b'{"verdict": "kept"}'
        if target:
            return json.dumps(_ANSWERS.get(target, {})).encode()
        outputs = "".join(
            f"<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue></member>"
            for name, value in _STACK.items()
        )
        return (
            "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
            f"<StackName>s</StackName><Outputs>{outputs}</Outputs></member></Stacks>"
            "</DescribeStacksResult></DescribeStacksResponse>"
        ).encode()

    def _answer_bucket(
        self, method: str, query: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        if method == "POST" and "delete" in query:
            self.objects.clear()
            self.uploads.clear()
            return 200, {}, b"<DeleteResult></DeleteResult>"
        if method != "GET":
            return 200, {}, b""
        if "uploads" in query:
            return 200, {}, b"<R></R>"
        return 200, {}, self._list(query)

    def _list(self, query: Mapping[str, str]) -> bytes:
        prefix = query.get("prefix", "")
        after = query.get("continuation-token") or query.get("key-marker") or ""
        names = sorted(
            name for name in list(self.objects) if name.startswith(prefix) and name > after
        )
        shown = names[:_PAGE]
        is_versions = "versions" in query
        entries = "".join(self._describe(name, is_version=is_versions) for name in shown)
        last = escape(shown[-1]) if len(names) > _PAGE else ""
        more = (
            f"<IsTruncated>true</IsTruncated><NextContinuationToken>{last}</NextContinuationToken>"
            f"<NextKeyMarker>{last}</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>"
            if last
            else "<IsTruncated>false</IsTruncated>"
        )
        return f"<ListResult><Name>models</Name>{more}{entries}</ListResult>".encode()

    def _describe(self, name: str, *, is_version: bool) -> str:
        found = self.objects[name]
        told = (
            f"<Key>{escape(name)}</Key><LastModified>{found.changed}</LastModified>"
            f"<ETag>&quot;{found.etag}&quot;</ETag><Size>{found.bytes}</Size>"
            "<ChecksumAlgorithm>SHA256</ChecksumAlgorithm><StorageClass>STANDARD</StorageClass>"
        )
        if not is_version:
            return f"<Contents>{told}</Contents>"
        owner = "<Owner><ID>0123456789abcdef</ID></Owner>"
        version = f"<VersionId>v{found.etag}</VersionId><IsLatest>true</IsLatest>"
        return f"<Version>{told}{version}{owner}</Version>"

    def _put(
        self,
        key: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
        length: int,
    ) -> tuple[int, Mapping[str, str], bytes]:
        put = self._make(headers, body, length)
        if "x-amz-copy-source" in headers:
            self._copy(put, query, headers)
        if "uploadId" in query:
            self.uploads[query["uploadId"]][2][int(query["partNumber"])] = put
        elif headers.get("if-none-match") == "*" and key in self.objects:
            return 412, {}, b"<Error><Code>PreconditionFailed</Code></Error>"
        else:
            self.objects[key] = put
        told = f"<ETag>&quot;{put.etag}&quot;</ETag><ChecksumSHA256>{put.checksum}</ChecksumSHA256>"
        return 200, {"ETag": f'"{put.etag}"'}, f"<R>{told}</R>".encode()

    def _copy(self, put: Object, query: Mapping[str, str], headers: Mapping[str, str]) -> None:
        source = urlsplit(headers["x-amz-copy-source"])
        found = self.objects[unquote(source.path).removeprefix("/").partition("/")[2]]
        put.bytes, put.checksum, put.content = found.bytes, found.checksum, found.content
        if "partNumber" in query:
            first, last = headers["x-amz-copy-source-range"].removeprefix("bytes=").split("-")
            put.bytes = int(last) - int(first) + 1
            # Copies have the parts that the source had.
            put.checksum = found.parts[int(query["partNumber"]) - 1]

    def _make(self, headers: Mapping[str, str], body: bytes, length: int) -> Object:
        metadata = {name: value for name, value in headers.items() if name.startswith("x-amz-meta")}
        checksum = headers.get("x-amz-checksum-sha256", "")
        etag = f"{next(self._numbers):032x}"
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
        return Object(length, etag, body, metadata, checksum, now)

    def _post(
        self, key: str, query: Mapping[str, str], headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        if "uploads" in query:
            name = f"u{next(self._numbers)}"
            self.uploads[name] = (key, self._make(headers, b"", 0).metadata, {})
            return 200, {}, f"<R><UploadId>{name}</UploadId></R>".encode()
        _, metadata, parts = self.uploads.pop(query["uploadId"])
        ended = self._make({}, b"", sum(part.bytes for part in parts.values()))
        ended.metadata = metadata
        ended.parts = tuple(part.checksum for _, part in sorted(parts.items()))
        ended.etag += f"-{len(parts)}"
        self.objects[key] = ended
        return 200, {}, f"<R><ETag>&quot;{ended.etag}&quot;</ETag></R>".encode()

    def _get(self, method: str, key: str) -> tuple[int, Mapping[str, str], bytes]:
        found = self.objects.get(key)
        if found is None:
            return 404, {}, b"<Error><Code>NoSuchKey</Code></Error>" if method == "GET" else b""
        told = {"ETag": f'"{found.etag}"', "Content-Length": str(found.bytes), **found.metadata}
        if found.checksum:
            told["x-amz-checksum-sha256"] = found.checksum
            told["x-amz-checksum-type"] = "FULL_OBJECT"
        told["x-amz-version-id"] = f"v{found.etag}"
        return 200, told, found.content if method == "GET" else b""
