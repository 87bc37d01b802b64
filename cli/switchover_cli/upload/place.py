"""The prefix of a release's files, and what earlier uploads left there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.aws.objects import KEYS_LIMIT, explain_refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client

    from switchover.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in a listing."""

    bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class Place:
    """The prefix of a release's files, and the objects under it, by path.

    `unfinished` are the multipart uploads that were begun but not completed, newest last.
    """

    bucket: str
    prefix: str
    stored: Mapping[str, StoredObject] = field(default_factory=dict)
    unfinished: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def key(self, path: str) -> str:
        """The key of a file."""
        return f"{self.prefix}{path}"


def list_stored(s3: S3Client, bucket: str, prefix: str) -> dict[str, StoredObject] | Reason:
    """List the objects under a prefix, or say why they can't be listed.

    The list stops one key above a release's limit: more keys can't all belong to one release.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": KEYS_LIMIT + 1}
    )
    try:
        return {
            item["Key"].removeprefix(prefix): StoredObject(item["Size"], item.get("ETag", ""))
            for page in pages
            for item in page.get("Contents", ())
        }
    except ClientError as error:
        return explain_refusal(error, f"s3://{bucket}/{prefix}", bucket)


def find_unfinished(s3: S3Client, bucket: str, prefix: str) -> dict[str, tuple[str, ...]]:
    """List the unfinished multipart uploads of earlier runs, by path; empty if listing is denied."""
    begun: dict[str, list[tuple[float, str]]] = {}
    try:
        for page in s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=bucket, Prefix=prefix
        ):
            for upload in page.get("Uploads", ()):
                path = upload["Key"].removeprefix(prefix)
                entry = (upload["Initiated"].timestamp(), upload["UploadId"])
                begun.setdefault(path, []).append(entry)
    except ClientError:
        # Without s3:ListBucketMultipartUploads every file is sent from its beginning.
        return {}
    return {path: tuple(name for _, name in sorted(entries)) for path, entries in begun.items()}
