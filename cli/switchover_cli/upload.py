"""Uploads a release: checked here first, sent with checksums, `release.json` last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import ValidationError

from switchover.aws.models import Models, explain_refusal
from switchover.domain.checkpoint import (
    compare_with_release,
    find_unlisted,
    inspect_model,
    limit_per_code,
)
from switchover.domain.checkpoint_reading import read_evidence
from switchover.domain.reasons import Reason, reasons_from
from switchover.domain.release import FILE_NAME, Release, parse_release
from switchover_cli.upload_folder import Digest, Folder, LeftOut, digest_file, list_folder
from switchover_cli.upload_transfer import (
    Place,
    Progress,
    Step,
    find_unfinished,
    resolve_part_bytes,
    send_files,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

__all__ = ["LeftOut", "Progress", "Step", "UploadOutcome", "UploadReport", "upload_release"]

_PARALLEL_DIGESTS = 4  # hashlib lets other threads run; more would only make the disk seek
# Stands for a digest that is not known yet, while the rest of the release is checked.
_NO_DIGEST = "0" * 64
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
_Digested = tuple[tuple[Digest, ...], tuple[Reason, ...]]


class UploadOutcome(StrEnum):
    """How an upload ended."""

    SENT = "sent"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class UploadReport:
    """What became of an upload: every reason if it was refused, and what was done and left out."""

    outcome: UploadOutcome
    release_uri: str
    reasons: tuple[Reason, ...] = ()
    release: Release | None = None
    sent: tuple[str, ...] = ()
    already_there: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unchecked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offer:
    """What a release says beside its files; `start` and `policy` as in release.json."""

    endpoint: str
    version: str
    name: str
    prefix: str
    start: str = "now"
    policy: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Where the release itself goes."""
        return f"releases/{self.endpoint}/{self.version}/{FILE_NAME}"


def upload_release(
    folder: Path,
    *,
    endpoint: str,
    version: str,
    bucket: str,
    s3: S3Client,
    name: str | None = None,
    prefix: str | None = None,
    start: str = "now",
    policy: Mapping[str, object] | None = None,
    allow_pickle: bool = False,
    allow_remote_code: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> UploadReport:
    """Offer the model in a folder for an endpoint, or say everything that is wrong with it.

    Nothing is sent before everything was checked, and `release.json` is sent when all else is
    there. Files that are there already, with the same content, are not sent again, nor are the
    parts of a large file that an earlier run sent before it was killed. `folder` may also be a
    single .tar.gz. `on_progress` is called from several threads.

    Raises:
        ClientError: S3 still throttles or fails after botocore's retries.
        CommandFailed: so did it while files were sent.
    """
    offer = Offer(
        endpoint=endpoint,
        version=version,
        name=name or folder.resolve().name,
        prefix=prefix or f"models/{endpoint}/{version}/",
        start=start,
        policy=policy or {},
    )
    refused = UploadReport(UploadOutcome.REFUSED, f"s3://{bucket}/{offer.key}")
    listed = list_folder(folder)
    if isinstance(listed, Reason):
        return replace(refused, reasons=(listed,))
    inspection = inspect_model(
        read_evidence(listed.files, listed),
        allow_pickle=allow_pickle,
        allow_remote_code=allow_remote_code,
    )
    refused = replace(refused, left_out=listed.left_out, unchecked=inspection.unchecked)
    draft = _compose(offer, ((file.path, file.bytes, _NO_DIGEST) for file in listed.files))
    if not isinstance(draft, Release):
        return replace(refused, reasons=(*inspection.reasons, *draft))
    models = Models(s3)
    existing = models.read_release(bucket, offer.key)
    stored = _check_place(models, bucket, draft, existing)
    refusals = stored if isinstance(stored, tuple) else ()
    if inspection.reasons or isinstance(stored, tuple):
        return replace(refused, reasons=(*inspection.reasons, *refusals))

    part_bytes = resolve_part_bytes(max(file.bytes for file in listed.files))
    if isinstance(existing, bytes):
        return _compare_with_existing(
            refused, offer, existing, _digest_all(listed, part_bytes, on_progress)
        )
    unfinished = find_unfinished(s3, bucket, draft.prefix)
    place = Place(bucket, draft.prefix, stored, unfinished)
    sending = send_files(s3, listed, place, part_bytes, on_progress)
    release = _compose(offer, ((d.path, d.bytes, d.sha256) for d in sending.digests))
    refused = replace(refused, sent=sending.sent, already_there=sending.already_there)
    if sending.reasons or not isinstance(release, Release):
        return replace(refused, reasons=limit_per_code(sending.reasons))
    reasons = _compare_with_bucket(models, bucket, release)
    reasons = reasons or _put_release(s3, release, bucket, offer.key)
    return replace(
        refused,
        outcome=UploadOutcome.REFUSED if reasons else UploadOutcome.SENT,
        reasons=reasons,
        release=release,
    )


def _compose(offer: Offer, files: Iterable[tuple[str, int, str]]) -> Release | tuple[Reason, ...]:
    try:
        return Release.model_validate(
            {
                "schema": 1,
                "endpoint": offer.endpoint,
                "model": {"name": offer.name, "version": offer.version},
                "prefix": offer.prefix,
                "files": tuple(
                    {"path": path, "bytes": size, "sha256": sha256} for path, size, sha256 in files
                ),
                "start": offer.start,
                "policy": dict(offer.policy),
            }
        )
    except ValidationError as error:
        return reasons_from(
            error, code="release.invalid", subjects={}, source=FILE_NAME, model=Release
        )


def _check_place(
    models: Models, bucket: str, draft: Release, existing: bytes | tuple[Reason, ...]
) -> dict[str, int] | tuple[Reason, ...]:
    """The sizes of what lies there already, or what keeps the bucket from taking this release."""
    if isinstance(existing, tuple):
        faults = tuple(reason for reason in existing if reason.code != "model.file-missing")
        if faults:
            return faults
    stored = models.list_files(bucket, draft.prefix)
    if isinstance(stored, Reason):
        return (stored,)
    unlisted = find_unlisted(
        (file.path for file in draft.files),
        (file.path for file in stored),
        f"s3://{bucket}/{draft.prefix}",
    )
    return unlisted or {file.path: file.bytes for file in stored}


def _compare_with_existing(
    report: UploadReport, offer: Offer, existing: bytes, digested: _Digested
) -> UploadReport:
    digests, reasons = digested
    release = _compose(offer, ((digest.path, digest.bytes, digest.sha256) for digest in digests))
    if reasons or not isinstance(release, Release):
        return replace(report, reasons=reasons)
    if parse_release(existing, report.release_uri) == release:
        return replace(report, outcome=UploadOutcome.UNCHANGED, release=release)
    return replace(report, reasons=(_taken(report.release_uri),))


def _compare_with_bucket(models: Models, bucket: str, release: Release) -> tuple[Reason, ...]:
    """Every file is there, and none came in between; S3 vouched for their content on arrival."""
    stored = models.list_files(bucket, release.prefix)
    if isinstance(stored, Reason):
        return (stored,)
    return compare_with_release(release, stored, f"s3://{bucket}/{release.prefix}")


def _digest_all(
    folder: Folder, part_bytes: int, on_progress: Callable[[Progress], None]
) -> _Digested:
    with ThreadPoolExecutor(_PARALLEL_DIGESTS) as pool:
        answers = tuple(
            pool.map(
                lambda file: digest_file(
                    folder,
                    file,
                    part_bytes,
                    lambda got: on_progress(Progress(file.path, Step.READ, got)),
                ),
                folder.files,
            )
        )
    return (
        tuple(answer for answer in answers if isinstance(answer, Digest)),
        tuple(answer for answer in answers if isinstance(answer, Reason)),
    )


def _put_release(s3: S3Client, release: Release, bucket: str, key: str) -> tuple[Reason, ...]:
    """Write `release.json`, unless another upload of this version came first."""
    uri = f"s3://{bucket}/{key}"
    try:
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=release.model_dump_json(by_alias=True, exclude_none=True, indent=2).encode(),
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",
            IfNoneMatch="*",
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _TAKEN:
            return (_taken(uri),)
        return (explain_refusal(error, uri, bucket),)
    return ()


def _taken(uri: str) -> Reason:
    return Reason(
        code="release.version-taken",
        subject=uri,
        message="is there already, with other content; a version never changes.",
        remedy="Upload under a new version.",
    )
