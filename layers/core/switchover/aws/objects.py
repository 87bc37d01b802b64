"""Reads objects in S3 for the validation of a release, and explains S3's refusals."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.domain.reasons import Reason
from switchover.domain.release import MOST_FILES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GetObjectOutputTypeDef, HeadObjectOutputTypeDef

    from switchover.checkpoint.reading import StoredFile
    from switchover.domain.manifest import ObjectVersion

SHA256_METADATA = "sha256"
KEYS_LIMIT = MOST_FILES

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
_DENIED = frozenset({"403", "AccessDenied", "AllAccessDisabled", "Forbidden"})
# Errors that no retry solves: archived in Glacier, shorter than a moment ago, a disabled KMS key.
_UNREADABLE = frozenset({"InvalidObjectState", "InvalidRange", "KMS.DisabledException"})
# The object was overwritten after it was listed.
_CHANGED = frozenset({"412", "PreconditionFailed"})


class PrefixReader:
    """Reads a release's files in a bucket; safe to use from several threads.

    A file with a pinned version is read in that version, even if it was overwritten since.
    """

    def __init__(
        self,
        s3: S3Client,
        bucket: str,
        prefix: str,
        pinned: Mapping[str, ObjectVersion] | None = None,
    ) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix
        self._pinned = pinned or {}

    def read(self, path: str, start: int, length: int) -> bytes | Reason:
        if length == 0:  # HTTP has no empty range
            return b""
        try:
            answer = self._get(path, f"bytes={start}-{start + length - 1}")
        except ClientError as error:
            return explain_refusal(error, path, self._bucket)
        with answer["Body"] as body:
            return body.read()

    def _get(self, path: str, wanted: str) -> GetObjectOutputTypeDef:
        key = f"{self._prefix}{path}"
        pinned = self._pinned.get(path)
        if pinned is None:
            return self._s3.get_object(Bucket=self._bucket, Key=key, Range=wanted)
        if not pinned.version_id:
            return self._s3.get_object(
                Bucket=self._bucket, Key=key, Range=wanted, IfMatch=pinned.condition
            )
        return self._s3.get_object(
            Bucket=self._bucket, Key=key, Range=wanted, VersionId=pinned.version_id
        )

    def add_sha256(self, file: StoredFile) -> tuple[StoredFile, Reason | None, str]:
        """Add the SHA-256 that S3 knows of a file's content, and S3's own checksum in S3's format."""
        try:
            head = self._head(file.path)
        except ClientError as error:
            return file, explain_refusal(error, file.path, self._bucket), ""
        return replace(file, sha256=find_sha256(head)), None, head.get("ChecksumSHA256", "")

    def _head(self, path: str) -> HeadObjectOutputTypeDef:
        key = f"{self._prefix}{path}"
        pinned = self._pinned.get(path)
        if pinned is None:
            return self._s3.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
        if not pinned.version_id:
            return self._s3.head_object(
                Bucket=self._bucket, Key=key, ChecksumMode="ENABLED", IfMatch=pinned.condition
            )
        return self._s3.head_object(
            Bucket=self._bucket, Key=key, ChecksumMode="ENABLED", VersionId=pinned.version_id
        )


def find_sha256(head: HeadObjectOutputTypeDef) -> str | None:
    """The SHA-256 of an object's whole content in lower-case hex, if it is proven or recorded.

    If an object was uploaded in one part, S3 computed the SHA-256 itself. If it was uploaded in
    parts, S3 keeps only a digest of the parts' digests ("composite"), and the ETag ends in the number
    of parts. SHA-256 has no whole-object form there (S3 User Guide, "Checking object integrity").
    Then the SHA-256 is taken from the object's metadata, where `switchover upload` wrote it: it
    proves the content that the uploader meant to store. It is stronger than a claim, because upload
    lets S3 verify each part on arrival and compares the composite with its own.
    """
    checksum = head.get("ChecksumSHA256")
    is_composite = head.get("ChecksumType") == "COMPOSITE" or "-" in head["ETag"]
    if checksum is not None and not is_composite:
        try:
            return base64.b64decode(checksum, validate=True).hex()
        except binascii.Error:
            return None
    return head.get("Metadata", {}).get(SHA256_METADATA)


def explain_refusal(error: ClientError, subject: str, bucket: str) -> Reason:
    """Turn S3's refusal into a reason; raise an error that may pass by itself."""
    code = error.response.get("Error", {}).get("Code", "")
    if code == "NoSuchBucket":
        return Reason(
            code="model.bucket-missing",
            subject=f"s3://{bucket}",
            message="there is no such bucket.",
            remedy="Correct the bucket's name, or create it.",
        )
    if code in _MISSING:
        return Reason(
            code="model.file-missing",
            subject=subject,
            message=f"is not in bucket {bucket}.",
            remedy="Upload it, or correct its name.",
        )
    if code in _DENIED:
        # Without s3:ListBucket, S3 answers 403 instead of 404 for a missing key.
        return Reason(
            code="model.access-denied",
            subject=subject,
            message=f"S3 denies access to it in bucket {bucket}.",
            remedy="Allow s3:GetObject, s3:ListBucket and kms:Decrypt on the bucket's key.",
        )
    if code in _CHANGED:
        return Reason(
            code="model.file-changed",
            subject=subject,
            message=f"was overwritten in bucket {bucket} during the check.",
            remedy="Wait until the upload is finished, then start the release again.",
        )
    if code in _UNREADABLE:
        return Reason(
            code="model.unreadable",
            subject=subject,
            message=f"can't be read from bucket {bucket}: {code}.",
            remedy="Restore it from its archive or enable its key, or upload it again.",
        )
    raise error


def too_many_keys(place: str) -> Reason:
    """The reason for a prefix with more keys than a release may have."""
    return Reason(
        code="model.unexpected-file",
        subject=place,
        message=f"holds more than {KEYS_LIMIT} keys; SageMaker would download them all.",
        remedy="Give the release a prefix of its own.",
    )
