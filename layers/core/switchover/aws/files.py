"""Reads the small files in the model bucket that people write: policies and golden requests."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from switchover.domain.bounded_yaml import FILE_LIMITS
from switchover.domain.golden.questions import (
    BODY_LIMIT_BYTES,
    TOTAL_LIMIT_BYTES,
    GoldenQuestion,
    parse_golden,
    too_large_together,
)
from switchover.domain.manifest import UNVERSIONED, Manifest, ModelFile, ObjectVersion
from switchover.domain.policies.layers import (
    EffectivePolicy,
    Layer,
    layer_of_input,
    layer_of_release,
    merge_policy,
    parse_policy,
)
from switchover.domain.reasons import Reason
from switchover.domain.release import is_endpoint_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_s3 import S3Client

    from switchover.domain.update.update import Update

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})
_GONE = _MISSING | {"NoSuchVersion", "412", "PreconditionFailed", "MethodNotAllowed", "405"}

_POLICIES, _SUFFIX = "policies/", ".yaml"


def policy_key(endpoint: str) -> str:
    """The key of an endpoint's policy in the model bucket."""
    return f"{_POLICIES}{endpoint}{_SUFFIX}"


class Files:
    """One bucket's policies and golden requests."""

    def __init__(self, s3: S3Client, releases_may: tuple[str, ...] = ()) -> None:
        """`releases_may` are the settings that the stack lets releases override."""
        self._s3 = s3
        self._releases_may = releases_may

    def read(self, bucket: str, key: str, at_most_bytes: int) -> bytes | None:
        """At most the first `limit` bytes of a file; None if the file doesn't exist."""
        try:
            answer = self._s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            return None
        with answer["Body"] as body:
            return body.read(at_most_bytes)

    def find_version(self, bucket: str, key: str) -> ObjectVersion:
        """The current version of an object; a version without ETag if the object doesn't exist."""
        try:
            head = self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            return ObjectVersion()
        return _version_of(head)

    def read_version(
        self, bucket: str, key: str, version: ObjectVersion, at_most_bytes: int
    ) -> bytes | None:
        """Like `read`, in exactly this version; None if the version is deleted."""
        if not version.etag:
            return None
        try:
            if version.version_id:
                answer = self._s3.get_object(Bucket=bucket, Key=key, VersionId=version.version_id)
            else:
                answer = self._s3.get_object(Bucket=bucket, Key=key, IfMatch=version.condition)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            return None
        with answer["Body"] as body:
            return body.read(at_most_bytes)

    def effective_policy(self, update: Update) -> EffectivePolicy | tuple[Reason, ...]:
        """The policy of an update, from defaults < file < release < input; or all their faults.

        A release overrides only the settings that the file and the stack allow. If the update has
        pinned a version of the file, that version is read.
        """
        file = self.policy_file(update.bucket, update.endpoint, update.pins.policy_version)
        request = update.request
        asked = layer_of_input(
            request.policy if request else {},
            is_hotfix=request is not None and request.hotfix,
            skips_window=request is not None and request.now,
        )
        offered = (layer_of_release(update.release), asked)
        layers = offered if file is None else (file, *offered)
        return merge_policy(layers, self._releases_may)

    def policies(self, bucket: str) -> tuple[str, ...]:
        """The endpoints that have a policy file. Names that no endpoint can have are left out."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=_POLICIES)
        keys = (found["Key"] for page in pages for found in page.get("Contents", []))
        names = (
            key.removeprefix(_POLICIES).removesuffix(_SUFFIX)
            for key in keys
            if key.endswith(_SUFFIX)
        )
        return tuple(name for name in names if is_endpoint_name(name))

    def policy_file(
        self, bucket: str, endpoint: str, version: ObjectVersion | None = None
    ) -> Layer | None:
        """Read an endpoint's policy file; None if there is no file, or none in that version."""
        key = policy_key(endpoint)
        source = f"s3://{bucket}/{key}"
        if version is None:
            raw = self.read(bucket, key, FILE_LIMITS.bytes + 1)
            return None if raw is None else parse_policy(raw, source)
        if not version.etag:
            return None
        raw = self.read_version(bucket, key, version, FILE_LIMITS.bytes + 1)
        if raw is None:
            return Layer(source, {}, faults=(_version_gone(source, version),))
        return parse_policy(raw, source)

    def golden_requests(
        self, bucket: str, key: str
    ) -> tuple[GoldenQuestion, ...] | tuple[Reason, ...]:
        """Read a golden file and the files that it names, or say why they can't be used."""
        return self.find_golden(bucket, key)[0]

    def find_golden(
        self, bucket: str, key: str
    ) -> tuple[tuple[GoldenQuestion, ...] | tuple[Reason, ...], Manifest]:
        """Like `golden_requests`, with the version of each file that was read for them."""
        seen: dict[str, ModelFile] = {}

        def read(path: str, at_most_bytes: int) -> bytes | None:
            found = self._read_and_version(bucket, path, at_most_bytes)
            if found is None:
                return None
            raw, version = found
            seen[path] = ModelFile(path, len(raw), version.etag, version.version_id)
            return raw

        questions = _read_golden(bucket, key, read)
        return questions, Manifest(tuple(seen.values()))

    def pinned_golden(
        self, bucket: str, key: str, manifest: Manifest | None
    ) -> tuple[GoldenQuestion, ...] | tuple[Reason, ...]:
        """Read the golden requests in exactly the manifest's versions, or say why they can't be used."""
        pinned = {file.path: file.version for file in manifest.files} if manifest else {}
        gone = [] if pinned else [key]

        def read(path: str, at_most_bytes: int) -> bytes | None:
            version = pinned.get(path, ObjectVersion())
            raw = self.read_version(bucket, path, version, at_most_bytes)
            if raw is None:
                gone.append(path)
            return raw

        questions = _read_golden(bucket, key, read)
        return tuple(_golden_gone(f"s3://{bucket}/{path}") for path in gone[:1]) or questions

    def _read_and_version(
        self, bucket: str, key: str, at_most_bytes: int
    ) -> tuple[bytes, ObjectVersion] | None:
        try:
            answer = self._s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            return None
        with answer["Body"] as body:
            return body.read(at_most_bytes), _version_of(answer)


def _read_golden(
    bucket: str, key: str, read: Callable[[str, int], bytes | None]
) -> tuple[GoldenQuestion, ...] | tuple[Reason, ...]:
    source = f"s3://{bucket}/{key}"
    raw = read(key, TOTAL_LIMIT_BYTES + 1)
    if raw is None:
        return (
            Reason(
                code="golden.missing",
                subject="policy: tests.golden",
                message=f"{source} does not exist.",
                remedy="Upload it, or take `tests.golden` out of the policy.",
            ),
        )
    if len(raw) > TOTAL_LIMIT_BYTES:
        return (too_large_together(source),)
    folder = key.rpartition("/")[0]

    @cache
    def read_beside(name: str) -> bytes | None:
        return read(f"{folder}/{name}" if folder else name, BODY_LIMIT_BYTES + 1)

    return parse_golden(raw, source, read_beside)


def _version_of(answer: Mapping[str, Any]) -> ObjectVersion:
    version_id = answer.get("VersionId", "")
    return ObjectVersion(
        etag=answer["ETag"].strip('"'), version_id="" if version_id == UNVERSIONED else version_id
    )


def _version_gone(source: str, version: ObjectVersion) -> Reason:
    return Reason(
        code="policy.version-gone",
        subject=source,
        message=f"no longer has the version {version.told}, with which this update began.",
        remedy="Start the release again. It then uses the policy file that exists now.",
    )


def _golden_gone(source: str) -> Reason:
    return Reason(
        code="golden.version-gone",
        subject=source,
        message="no longer exists in the version of the plan, so no golden request was sent.",
        remedy="Decide by hand, or start the release again and leave its golden files unchanged.",
    )
