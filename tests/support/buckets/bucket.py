"""The content of an S3 bucket in memory: versions, multipart uploads; ETags, checksums, refusals."""

from __future__ import annotations

import base64
import hashlib
import zlib
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.support.definition import NotModelled
from tests.support.template import ACCOUNT, REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

# Source: S3 API Reference, "Error responses", "List of error codes".
_REFUSALS = {
    "AccessDenied": (403, "Access Denied"),
    "NoSuchBucketPolicy": (404, "The bucket policy does not exist"),
    "NoSuchPublicAccessBlockConfiguration": (
        404,
        "The public access block configuration was not found",
    ),
    "ServerSideEncryptionConfigurationNotFoundError": (
        404,
        "The server side encryption configuration was not found",
    ),
    "BadDigest": (400, "The SHA256 you specified did not match the calculated checksum."),
    "InvalidPart": (400, "One or more of the specified parts could not be found."),
    "InvalidRange": (416, "The requested range is not satisfiable"),
    "MethodNotAllowed": (405, "The specified method is not allowed against this resource."),
    "NoSuchBucket": (404, "The specified bucket does not exist"),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchUpload": (404, "The specified upload does not exist."),
    "NoSuchVersion": (404, "The specified version does not exist."),
    "PreconditionFailed": (
        412,
        "At least one of the pre-conditions you specified did not hold",
    ),
}


class Refused(Exception):
    """S3 refuses a request."""

    def __init__(self, code: str, **details: str) -> None:
        super().__init__(code)
        self.status, message = _REFUSALS[code]
        self.error = {"Code": code, "Message": message, **details}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object; a deletion marker has no content."""

    id: str
    at: datetime
    content: bytes | None = None
    etag: str = ""
    content_type: str = "binary/octet-stream"
    metadata: Mapping[str, str] = field(default_factory=dict)
    checksums: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Upload:
    """An unfinished multipart upload, with the settings of its object."""

    key: str
    at: datetime
    asked: Mapping[str, Any]
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass(slots=True)
class Bucket:
    """The content of one bucket: the versions of each key, the newest last."""

    name: str
    now: Callable[[], datetime]
    is_versioned: bool = False
    owner: str = ACCOUNT
    region: str = REGION
    settings: dict[str, Any] = field(default_factory=dict)
    objects: dict[str, list[Version]] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def newest(self, key: str) -> Version | None:
        """The object for a request without a version; None if the key doesn't exist or was deleted."""
        versions = self.objects.get(key)
        return versions[-1] if versions and versions[-1].content is not None else None

    def find(self, key: str, version_id: str | None) -> Version:
        """The version that a request names, or the newest."""
        if version_id is None:
            found = self.newest(key)
            if found is None:
                raise Refused("NoSuchKey", Key=key)
            return found
        named = [one for one in self.objects.get(key, ()) if one.id == version_id]
        if not named:
            raise Refused("NoSuchVersion")
        if named[0].content is None:
            raise Refused("MethodNotAllowed")
        return named[0]

    def keep(self, key: str, version: Version) -> None:
        """Add a version; in a bucket without versions it replaces the existing object."""
        versions = self.objects.setdefault(key, [])
        if not self.is_versioned:
            versions.clear()
        versions.append(version)

    def next_version_id(self) -> str:
        """The id of the next version."""
        return f"version-{next(self.ids):06}" if self.is_versioned else "null"

    def told_version(self, version: Version) -> dict[str, Any]:
        """The version id in answers; empty in a bucket without versions."""
        return {"VersionId": version.id} if self.is_versioned else {}

    def check_conditions(self, key: str, asked: Mapping[str, Any]) -> None:
        """Refuse a write whose conditions don't hold."""
        there = self.newest(key)
        if "IfNoneMatch" in asked and there is not None:
            raise Refused("PreconditionFailed", Condition="If-None-Match")
        if "IfMatch" in asked:
            if there is None:
                raise Refused("NoSuchKey")
            check_etag(there.etag, asked["IfMatch"])


def check_etag(etag: str, wanted: str) -> None:
    """Refuse a request whose If-Match names another ETag; the quotes may be left out."""
    if etag.strip('"') != wanted.strip('"'):
        raise Refused("PreconditionFailed", Condition="If-Match")


def etag_of(content: bytes) -> str:
    """The ETag of an object from one request: its MD5, quoted."""
    return f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'


def etag_of_parts(parts: Iterable[bytes]) -> str:
    """The ETag of an object from parts: the MD5 of their MD5s, and their number."""
    digests = [hashlib.md5(part, usedforsecurity=False).digest() for part in parts]
    joined = hashlib.md5(b"".join(digests), usedforsecurity=False).hexdigest()
    return f'"{joined}-{len(digests)}"'


def sent_checksums(content: bytes, asked: Mapping[str, Any]) -> dict[str, str]:
    """The checksum that a client sends by default: CRC32.

    Source: botocore, `request_checksum_calculation`: "when_supported".
    """
    checksums = compute_checksum(content, asked.get("ChecksumAlgorithm", "CRC32"))
    for name, checksum in checksums.items():
        if asked.get(name, checksum) != checksum:
            raise Refused("BadDigest")
    return checksums


def compute_checksum(content: bytes, algorithm: str) -> dict[str, str]:
    """The checksum that a client or S3 itself computes, under its name in requests and answers."""
    match algorithm:
        case "SHA256":
            digest = hashlib.sha256(content).digest()
        case "CRC32":
            digest = zlib.crc32(content).to_bytes(4, "big")
        case other:
            raise NotModelled(f"the checksum {other}")
    return {f"Checksum{algorithm}": base64.b64encode(digest).decode()}
