"""Reads a release from S3 and checks its model files without downloading the weights."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.aws.clients import S3_CONNECTIONS
from switchover.aws.objects import KEYS_LIMIT, PrefixReader, explain_refusal, too_many_keys
from switchover.checkpoint.contents import STRICT
from switchover.checkpoint.counting import CountingReader
from switchover.checkpoint.findings import Inspection
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import StoredFile, read_evidence
from switchover.domain.comparing import compare_with_release, find_unlisted
from switchover.domain.counts import Count, count_nothing
from switchover.domain.many_reasons import limit_per_code
from switchover.domain.reasons import Reason
from switchover.domain.release import FILE_NAME, LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from mypy_boto3_s3 import S3Client

    from switchover.checkpoint.contents import Allowances
    from switchover.checkpoint.reading import Evidence
    from switchover.domain.counts import OnCount
    from switchover.domain.manifest import ModelFile
    from switchover.domain.release import Release

# One thread reads a whole archive; ValidateModel has 290 s in all.
ARCHIVE_SECONDS = 200


class ReleaseFiles:
    """Reads the releases in the model bucket for their validation."""

    def __init__(self, s3: S3Client, now_seconds: Callable[[], float] = time.monotonic) -> None:
        self._s3 = s3
        self._now_seconds = now_seconds

    def read_release(
        self, bucket: str, key: str, version_id: str | None = None
    ) -> bytes | tuple[Reason, ...]:
        """Read `release.json`, or say why it can't be read."""
        uri = f"s3://{bucket}/{key}"
        try:
            if version_id is None:
                answer = self._s3.get_object(Bucket=bucket, Key=key)
            else:
                answer = self._s3.get_object(Bucket=bucket, Key=key, VersionId=version_id)
        except ClientError as error:
            return (explain_refusal(error, uri, bucket),)
        with answer["Body"] as body:
            raw = body.read(LIMITS.bytes + 1)
        if len(raw) <= LIMITS.bytes:
            return raw
        return (
            Reason(
                code="release.too-large",
                subject=uri,
                message=f"is longer than {LIMITS.bytes} bytes.",
                remedy="Write it with `switchover upload`.",
            ),
        )

    def validate(
        self,
        release: Release,
        bucket: str,
        allowed: Allowances = STRICT,
    ) -> tuple[Reason, ...]:
        """List every reason why the release's files aren't the model that the release declares."""
        return self.inspect(release, bucket, allowed).reasons

    def inspect(
        self,
        release: Release,
        bucket: str,
        allowed: Allowances = STRICT,
        *,
        versions: tuple[ModelFile, ...] | None = None,
        on_count: OnCount = count_nothing,
    ) -> Inspection:
        """Like `validate`, and also list the files that could not be checked.

        `versions` are the files to check, each in exactly this version; by default the current
        versions.

        Raises:
            ClientError: S3 still throttles or fails after botocore's retries.
        """
        listed: tuple[StoredFile, ...] | Reason
        if versions is None:
            listed = self.list_files(bucket, release.prefix)
        else:
            listed = tuple(StoredFile(file.path, file.bytes) for file in versions)
        if isinstance(listed, Reason):
            return Inspection((listed,))
        wanted = {file.path for file in release.files}
        pinned = {file.path: file.version for file in versions or ()}
        reader = PrefixReader(self._s3, bucket, release.prefix, pinned)
        with ThreadPoolExecutor(S3_CONNECTIONS) as pool:
            heads: list[tuple[StoredFile, Reason | None, str]] = []
            asked = [file for file in listed if file.path in wanted]
            for head in pool.map(reader.add_sha256, asked):
                heads.append(head)
                on_count(Count("Reading checksums", len(heads), len(asked)))
            there = [file for file, _, _ in heads]
            absent = wanted - {file.path for file in there}
            evidence = self._read_evidence(there, reader, pool, absent, on_count)
        found = inspect_model(evidence, allowed)
        unlisted = [file for file in listed if file.path not in wanted]
        reasons = (
            *(reason for _, reason, _ in heads if reason is not None),
            *compare_with_release(release, (*there, *unlisted), f"s3://{bucket}/{release.prefix}"),
            *found.reasons,
        )
        unvouched = tuple(
            f"{file.path}: S3 holds no SHA-256 of this file, so none was compared."
            for file in there
            if file.sha256 is None
        )
        return Inspection(
            limit_per_code(dict.fromkeys(reasons)),
            (*found.unchecked, *unvouched),
            (
                f"Names, sizes and SHA-256 of {len(there)} files against release.json.",
                *found.checked,
            ),
            found.warnings,
            {file.path: checksum for file, _, checksum in heads},
        )

    def inspect_prefix(
        self,
        bucket: str,
        prefix: str,
        allowed: Allowances = STRICT,
        *,
        on_count: OnCount = count_nothing,
    ) -> Inspection:
        """Like `inspect`, for files that no release lists: all files under a prefix, or a single file.

        Raises:
            ClientError: S3 still throttles or fails after botocore's retries.
        """
        folder = prefix[: prefix.rfind("/") + 1]
        listed = self.list_files(bucket, prefix, folder)
        if isinstance(listed, Reason):
            return Inspection((listed,))
        place = f"s3://{bucket}/{folder}"
        keys = {file.path for file in listed if not file.path or file.path.endswith("/")}
        files = [file for file in listed if file.path not in {*keys, FILE_NAME}]
        if not files:
            return Inspection((_nothing_under(f"s3://{bucket}/{prefix}"),))
        reader = PrefixReader(self._s3, bucket, folder)
        with ThreadPoolExecutor(S3_CONNECTIONS) as pool:
            evidence = self._read_evidence(files, reader, pool, set(), on_count)
        found = inspect_model(evidence, allowed)
        reasons = (*find_unlisted((), keys, place), *found.reasons)
        return replace(found, reasons=limit_per_code(reasons))

    def _read_evidence(
        self,
        files: Collection[StoredFile],
        reader: PrefixReader,
        pool: ThreadPoolExecutor,
        absent: set[str],
        on_count: OnCount,
    ) -> Evidence:
        deadline_seconds = self._now_seconds() + ARCHIVE_SECONDS
        counting = CountingReader(reader, files, on_count)
        evidence = read_evidence(
            files,
            counting,
            pool.map,
            absent=absent,
            may_go_on=lambda: self._now_seconds() < deadline_seconds,
        )
        counting.finish()
        return evidence

    def list_files(
        self, bucket: str, prefix: str, root: str | None = None
    ) -> tuple[StoredFile, ...] | Reason:
        """List the files under a prefix, or say why they can't be listed.

        Paths are relative to `root`, by default the prefix itself.
        """
        root = prefix if root is None else root
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": KEYS_LIMIT + 1}
        )
        place = f"s3://{bucket}/{prefix}"
        try:
            files = tuple(
                StoredFile(path=item["Key"].removeprefix(root), bytes=item["Size"])
                for page in pages
                for item in page.get("Contents", ())
            )
        except ClientError as error:
            return explain_refusal(error, place, bucket)
        return too_many_keys(place) if len(files) > KEYS_LIMIT else files


def _nothing_under(place: str) -> Reason:
    return Reason(
        code="model.file-missing",
        subject=place,
        message="contains no file.",
        remedy="Name the prefix that contains config.json and the weights, or the archive's own key.",
    )
