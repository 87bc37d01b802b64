"""Lists and compares the versions of a release's files without reading their content."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.aws.clients import S3_CONNECTIONS
from switchover.aws.manifests import FILES, Manifests
from switchover.aws.objects import KEYS_LIMIT, explain_refusal, too_many_keys
from switchover.domain.manifest import (
    UNVERSIONED,
    ModelFile,
    compare,
    find_plan_change,
    judge_changes,
    record_lost,
)
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from switchover.domain.update.update import Update

# Old versions are listed among the current ones. A prefix with more versions isn't a release's prefix.
_LISTED_LIMIT = 10 * KEYS_LIMIT


class ModelFiles:
    """The files under a release's prefix, as versions."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    def list_versions(self, bucket: str, prefix: str) -> tuple[ModelFile, ...] | Reason:
        """The current version of every key under a prefix, or why the prefix can't be listed."""
        place = f"s3://{bucket}/{prefix}"
        found: list[ModelFile] = []
        listed = 0
        pages = self._s3.get_paginator("list_object_versions").paginate(
            Bucket=bucket, Prefix=prefix
        )
        try:
            for page in pages:
                versions = page.get("Versions", ())
                listed += len(versions) + len(page.get("DeleteMarkers", ()))
                found += (
                    ModelFile(
                        path=item["Key"].removeprefix(prefix),
                        bytes=item["Size"],
                        etag=item["ETag"].strip('"'),
                        version_id="" if item["VersionId"] == UNVERSIONED else item["VersionId"],
                    )
                    for item in versions
                    if item["IsLatest"]
                )
                if len(found) > KEYS_LIMIT or listed > _LISTED_LIMIT:
                    return too_many_keys(place)
        except ClientError as error:
            return explain_refusal(error, place, bucket)
        return tuple(found)

    def with_checksums(
        self, bucket: str, prefix: str, files: tuple[ModelFile, ...]
    ) -> tuple[ModelFile, ...]:
        """The same files, each with its SHA-256 if S3 computed one.

        Raises:
            ClientError: S3 still throttles or fails after botocore's retries.
        """

        def look_at(file: ModelFile) -> ModelFile:
            try:
                head = self._s3.head_object(
                    Bucket=bucket,
                    Key=f"{prefix}{file.path}",
                    IfMatch=file.version.condition,
                    ChecksumMode="ENABLED",
                )
            except ClientError as error:
                explain_refusal(error, file.path, bucket)
                return file
            if head.get("VersionId", "") not in {"", UNVERSIONED, file.version_id}:
                return file
            return replace(file, checksum=head.get("ChecksumSHA256", ""))

        with ThreadPoolExecutor(S3_CONNECTIONS) as pool:
            return tuple(pool.map(look_at, files))


def find_changes(
    update: Update, plan: Plan, plan_digest: str, manifests: Manifests, model_files: ModelFiles
) -> tuple[Reason, ...]:
    """Find every difference from the checked plan and the checked model files.

    The model of a rollback isn't compared, because nothing may block a rollback.
    """
    changed = tuple(find_plan_change(plan, plan_digest))
    if (
        changed
        or plan.kind is Kind.ROLLBACK
        or update.release is None
        or not plan.material.files_digest
    ):
        return changed
    prefix = update.release.prefix
    place = f"s3://{update.bucket}/{prefix}"
    checked = manifests.read(update.update_id, FILES, plan.material.files_digest)
    if checked is None:
        return (record_lost(place),)
    found = model_files.list_versions(update.bucket, prefix)
    if isinstance(found, Reason):
        return (found,)
    changes = compare(checked, found)
    rewritten = model_files.with_checksums(update.bucket, prefix, changes.rewritten)
    return tuple(judge_changes(replace(changes, rewritten=rewritten), checked, place))
