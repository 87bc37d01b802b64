"""Files that the bucket already has under another version: S3 copies them, so they aren't sent.

An equal name proves nothing. A small file is copied if S3's own SHA-256 of the object equals the file's.
For a large file, the object's metadata only suggests the source: S3 computes the SHA-256 of each part
that it copies, and a part that differs from the file's part is sent instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.aws.objects import SHA256_METADATA, find_sha256
from switchover_cli.upload.folder import encode_checksum

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef, HeadObjectOutputTypeDef

    from switchover_cli.upload.folder import Digest
    from switchover_cli.upload.place import Place

# Finding and making a copy takes two requests; sending a file below this size is as fast.
LEAST_BYTES = 1024**2
# Shards of fine-tuned versions may differ in content at equal size, so only the newest are tried.
MOST_LOOKS = 16
_MOST_KEYS = 200_000


@dataclass(frozen=True, slots=True)
class Original:
    """An object to copy from, in the version that was read."""

    bucket: str
    key: str
    etag: str
    version_id: str = ""

    @property
    def source(self) -> CopySourceTypeDef:
        """The copy's source; without an object version, only the ETag condition protects the copy."""
        if not self.version_id:
            return {"Bucket": self.bucket, "Key": self.key}
        return {"Bucket": self.bucket, "Key": self.key, "VersionId": self.version_id}


@dataclass(frozen=True, slots=True)
class _Listed:
    key: str
    path: str
    age: float


class Originals:
    """Finds objects under the endpoint's other versions; may be asked from several threads.

    The versions are listed when the first file is looked up. If these credentials may not list or read
    the versions, none is found and the file is sent.
    """

    def __init__(self, s3: S3Client, place: Place) -> None:
        self._s3 = s3
        self._place = place
        self._lock = Lock()
        self._by_bytes: dict[int, list[_Listed]] | None = None
        self._heads: dict[str, HeadObjectOutputTypeDef | None] = {}

    def find(self, digest: Digest) -> Original | None:
        """The object to copy a file from; None if the file is small or the bucket doesn't have it."""
        if digest.bytes < LEAST_BYTES:
            return None
        with self._lock:
            if self._by_bytes is None:
                self._by_bytes = self._list()
        listed = self._by_bytes.get(digest.bytes, ())
        nearest = sorted(listed, key=lambda each: (each.path != digest.path, each.age))
        for each in nearest[:MOST_LOOKS]:
            head = self._head(each.key)
            if head is not None and _may_hold(head, digest):
                version_id = head.get("VersionId", "")
                return Original(self._place.bucket, each.key, head["ETag"], version_id)
        return None

    def _list(self) -> dict[int, list[_Listed]]:
        endpoint = self._place.prefix.rstrip("/").rpartition("/")[0] + "/"
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._place.bucket, Prefix=endpoint, PaginationConfig={"MaxItems": _MOST_KEYS}
        )
        found: dict[int, list[_Listed]] = {}
        try:
            for page in pages:
                for item in page.get("Contents", ()):
                    key, size = item["Key"], item["Size"]
                    if size >= LEAST_BYTES and not key.startswith(self._place.prefix):
                        path = key.removeprefix(endpoint).partition("/")[2]
                        age = -item["LastModified"].timestamp()
                        found.setdefault(size, []).append(_Listed(key, path, age))
        except ClientError:
            return {}
        return found

    def _head(self, key: str) -> HeadObjectOutputTypeDef | None:
        if key not in self._heads:
            try:
                self._heads[key] = self._s3.head_object(
                    Bucket=self._place.bucket, Key=key, ChecksumMode="ENABLED"
                )
            except ClientError:
                self._heads[key] = None
        return self._heads[key]


def _may_hold(head: HeadObjectOutputTypeDef, digest: Digest) -> bool:
    if digest.parts:
        return find_sha256(head) == digest.sha256
    # A composite checksum ends in the number of parts, and isn't the digest of the whole file.
    return head.get("ChecksumSHA256") == digest.s3_checksum


def copy_whole(s3: S3Client, place: Place, digest: Digest, original: Original) -> bool:
    """Copy a file of one part, unless the key exists; False if S3 refuses.

    S3 computes the SHA-256 of the copy that it wrote; the caller compares it.
    """
    try:
        s3.copy_object(
            Bucket=place.bucket,
            Key=place.key(digest.path),
            CopySource=original.source,
            CopySourceIfMatch=original.etag,
            ChecksumAlgorithm="SHA256",
            MetadataDirective="REPLACE",
            Metadata={SHA256_METADATA: digest.sha256},
            TaggingDirective="REPLACE",
            IfNoneMatch="*",
        )
    except ClientError:
        return False
    return True


@dataclass(slots=True)
class PartCopier:
    """Copies the parts of one file from an original, until S3 refuses one.

    `is_refused` is then true, and the rest of the file has to be sent.
    """

    s3: S3Client
    place: Place
    digest: Digest
    original: Original
    is_refused: bool = field(default=False, init=False)

    def copy(self, upload_id: str, number: int, first: int, length: int) -> str | None:
        """Copy one part; returns its ETag, or None if S3's SHA-256 differs from the file's."""
        if self.is_refused:
            return None
        try:
            copied = self.s3.upload_part_copy(
                Bucket=self.place.bucket,
                Key=self.place.key(self.digest.path),
                UploadId=upload_id,
                PartNumber=number,
                CopySource=self.original.source,
                CopySourceIfMatch=self.original.etag,
                CopySourceRange=f"bytes={first}-{first + length - 1}",
            )["CopyPartResult"]
        except ClientError:
            self.is_refused = True
            return None
        if copied.get("ChecksumSHA256") == encode_checksum(self.digest.parts[number - 1]):
            return copied["ETag"]
        self.is_refused = True
        return None
