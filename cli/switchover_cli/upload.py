"""Uploads a release: checked here first, sent with checksums, `release.json` last."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from pydantic import ValidationError

from switchover.aws.models import Models, explain_refusal
from switchover.domain.checkpoint import find_unlisted, inspect_model
from switchover.domain.checkpoint_reading import read_evidence
from switchover.domain.reasons import Reason, reasons_from
from switchover.domain.release import FILE_NAME, Release, parse_release
from switchover_cli.upload_folder import Digest, Folder, LeftOut, digest_file, list_folder
from switchover_cli.upload_transfer import Progress, Step, resolve_part_bytes, send_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

__all__ = ["LeftOut", "Progress", "Step", "UploadOutcome", "UploadReport", "upload_release"]

_PARALLEL_DIGESTS = 4  # hashlib lets other threads run; more would only make the disk seek
# Stands for a digest that is not known yet, while the rest of the release is checked.
_NO_DIGEST = "0" * 64
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


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
    there and was checked again where it lies. Files that are there already, with the same content,
    are not sent again. `folder` may also be a single .tar.gz. `on_progress` is called from several
    threads.

    Raises:
        ClientError: S3 still throttles or fails after botocore's retries.
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
    reasons = (*inspection.reasons, *_check_place(models, bucket, draft, existing))
    if reasons:
        return replace(refused, reasons=reasons)

    part_bytes = resolve_part_bytes(max(file.bytes for file in listed.files))
    digests, reasons = _digest_all(listed, part_bytes, on_progress)
    release = _compose(offer, ((digest.path, digest.bytes, digest.sha256) for digest in digests))
    if reasons or not isinstance(release, Release):
        return replace(refused, reasons=reasons)
    if isinstance(existing, bytes):
        if parse_release(existing, refused.release_uri) == release:
            return replace(refused, outcome=UploadOutcome.UNCHANGED, release=release)
        return replace(refused, reasons=(_taken(refused.release_uri),))

    sending = send_files(s3, listed.root, digests, bucket, release.prefix, part_bytes, on_progress)
    reasons = sending.reasons or models.validate(
        release, bucket, allow_pickle=allow_pickle, allow_remote_code=allow_remote_code
    )
    reasons = reasons or _put_release(s3, release, bucket, offer.key)
    return replace(
        refused,
        outcome=UploadOutcome.REFUSED if reasons else UploadOutcome.SENT,
        reasons=reasons,
        release=release,
        sent=sending.sent,
        already_there=sending.already_there,
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
) -> tuple[Reason, ...]:
    """Say what keeps the bucket from taking this release: no access, or strangers in its prefix."""
    if isinstance(existing, tuple):
        faults = tuple(reason for reason in existing if reason.code != "model.file-missing")
        if faults:
            return faults
    stored = models.list_files(bucket, draft.prefix)
    if isinstance(stored, Reason):
        return (stored,)
    return find_unlisted(
        (file.path for file in draft.files),
        (file.path for file in stored),
        f"s3://{bucket}/{draft.prefix}",
    )


def _digest_all(
    folder: Folder, part_bytes: int, on_progress: Callable[[Progress], None]
) -> tuple[tuple[Digest, ...], tuple[Reason, ...]]:
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
            Body=release.model_dump_json(by_alias=True, indent=2).encode(),
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
