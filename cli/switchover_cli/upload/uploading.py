"""Uploads a release: checks it here first, sends it with checksums, writes `release.json` last."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.aws.files import Files
from switchover.aws.objects import explain_refusal
from switchover.aws.release_files import ReleaseFiles
from switchover.checkpoint.contents import STRICT
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import StoredFile, read_evidence
from switchover.domain.comparing import compare_with_release, find_unlisted
from switchover.domain.many_reasons import limit_per_code
from switchover.domain.reasons import Reason
from switchover.domain.release import Release, parse_release
from switchover_cli.upload.folder import Digest, LeftOut, list_folder
from switchover_cli.upload.memory import digest_folder, open_memory
from switchover_cli.upload.offer import (
    Offer,
    compose_release,
    draft_release,
    offered_meanwhile,
    offers_same_model,
    version_taken,
    write_release,
)
from switchover_cli.upload.parts import resolve_part_bytes
from switchover_cli.upload.place import Place, StoredObject, find_unfinished, list_stored
from switchover_cli.upload.progress import Progress, Step
from switchover_cli.upload.transfer import send_files

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from switchover.checkpoint.contents import Allowances
    from switchover_cli.upload.fast import FastLane

__all__ = ["LeftOut", "Progress", "Step", "UploadOutcome", "UploadReport", "upload_release"]

_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


class UploadOutcome(StrEnum):
    """How an upload ended."""

    SENT = "sent"
    # The files existed; only release.json is new.
    OFFERED = "offered"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class UploadReport:
    """The result of an upload: the reasons if it was refused, the files that were sent or left out."""

    outcome: UploadOutcome
    release_uri: str
    reasons: tuple[Reason, ...] = ()
    release: Release | None = None
    sent: tuple[str, ...] = ()
    copied: tuple[str, ...] = ()
    already_there: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unchecked: tuple[str, ...] = ()
    warnings: tuple[Reason, ...] = ()
    # The SHA-256 of release.json in S3, and the object version that was written.
    sha256: str = ""
    object_version: str = ""


def upload_release(
    folder: Path,
    *,
    endpoint: str,
    version: str,
    bucket: str,
    s3: S3Client,
    name: str | None = None,
    start: str = "now",
    policy: Mapping[str, object] | None = None,
    hotfix: bool = False,
    reason: str = "",
    allowed: Allowances = STRICT,
    against: Sequence[Reason] = (),
    exclude: Sequence[str] = (),
    memory_folder: Path | None = None,
    reread: bool = False,
    clock_ns: Callable[[], int] = time.time_ns,
    find_repeat: Callable[[str], Reason | None] = lambda _: None,
    vouch: Callable[[str], None] = lambda _: None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    open_fast: Callable[[], FastLane | None] = lambda: None,
) -> UploadReport:
    """Upload the model in a folder as a release for an endpoint, or report all of its faults.

    Everything is checked before anything is sent, and `release.json` is sent last. Files that S3 already
    has with the same content are not sent again. Nor are the parts of a large file that a killed run
    sent. S3 itself copies files that it has under another version of the endpoint. If the same files were
    offered before with another `release.json`, only `release.json` is sent.

    `folder` may also be a single .tar.gz. `against` are reasons against the release other than its files.
    `exclude` are patterns of files that aren't sent. `memory_folder` is where uploads remember what they
    read, so that unchanged files need not be read again; `reread` reads them anyway. `on_progress` is
    called from several threads. Before `release.json` is sent, `find_repeat` gets its SHA-256 and returns
    the reason if its arrival would start nothing; then `vouch` is called with the SHA-256. `open_fast`
    opens a faster sender for many small files.

    Raises:
    ClientError: S3 still throttles or fails after botocore's retries.
    CommandFailed: the same, while files were sent.
    """
    offer = Offer(
        endpoint=endpoint,
        version=version,
        name=name or folder.resolve().name,
        start=start,
        policy=policy or {},
        hotfix=hotfix,
        reason=reason,
    )
    refused = UploadReport(UploadOutcome.REFUSED, f"s3://{bucket}/{offer.key}")
    listed = list_folder(folder, exclude)
    if isinstance(listed, Reason):
        return replace(refused, reasons=(*against, listed))
    inspection = inspect_model(read_evidence(listed.files, listed), allowed)
    refused = replace(
        refused,
        left_out=listed.left_out,
        unchecked=inspection.unchecked,
        warnings=inspection.warnings,
    )
    draft = draft_release(offer, listed.files)
    if not isinstance(draft, Release):
        return replace(refused, reasons=(*against, *inspection.reasons, *draft))
    existing = ReleaseFiles(s3).read_release(bucket, offer.key)
    stored = _check_place(s3, bucket, draft, existing)
    refusals = stored if isinstance(stored, tuple) else ()
    if against or inspection.reasons or isinstance(stored, tuple):
        return replace(refused, reasons=(*against, *inspection.reasons, *refusals))

    part_bytes = resolve_part_bytes(max(file.bytes for file in listed.files))
    uri = f"s3://{bucket}/{draft.prefix}"
    memory = open_memory(memory_folder, listed, part_bytes, uri, clock_ns, reread=reread)
    try:
        if isinstance(existing, bytes):
            digested = digest_folder(listed, part_bytes, memory, on_progress)
            again = _compare_with_existing(refused, offer, existing, digested, stored)
            if again.outcome is not UploadOutcome.OFFERED:
                return again
            return _offer(s3, again, bucket, offer.key, existing, find_repeat, vouch)
        unfinished = find_unfinished(s3, bucket, draft.prefix)
        place = Place(bucket, draft.prefix, stored, unfinished)
        sending = send_files(s3, listed, place, part_bytes, on_progress, memory, open_fast)
    finally:
        memory.write()
    release = compose_release(offer, (each.digest for each in sending.deliveries))
    refused = replace(
        refused,
        sent=sending.sent,
        copied=sending.copied,
        already_there=sending.already_there,
    )
    if sending.reasons or not isinstance(release, Release):
        return replace(refused, reasons=limit_per_code(sending.reasons))
    reasons = _compare_with_bucket(s3, bucket, release)
    if reasons:
        return replace(refused, reasons=reasons, release=release)
    sent = replace(refused, outcome=UploadOutcome.SENT, release=release)
    return _offer(s3, sent, bucket, offer.key, existing, find_repeat, vouch)


def _check_place(
    s3: S3Client, bucket: str, draft: Release, existing: bytes | tuple[Reason, ...]
) -> dict[str, StoredObject] | tuple[Reason, ...]:
    """The objects that exist already, or the reasons why the bucket can't accept this release."""
    if isinstance(existing, tuple):
        faults = tuple(reason for reason in existing if reason.code != "model.file-missing")
        if faults:
            return faults
    stored = list_stored(s3, bucket, draft.prefix)
    if isinstance(stored, Reason):
        return (stored,)
    place = f"s3://{bucket}/{draft.prefix}"
    strangers = find_unlisted((file.path for file in draft.files), stored, place)
    return limit_per_code(strangers) or stored


def _compare_with_existing(
    report: UploadReport,
    offer: Offer,
    existing: bytes,
    digested: tuple[tuple[Digest, ...], tuple[Reason, ...]],
    stored: Mapping[str, StoredObject],
) -> UploadReport:
    digests, unread = digested
    if unread:
        return replace(report, reasons=limit_per_code(unread))
    release = compose_release(offer, digests)
    if not isinstance(release, Release):
        return replace(report, reasons=release)
    found = parse_release(existing, report.release_uri)
    if not offers_same_model(found, release):
        return replace(report, reasons=(version_taken(report.release_uri),))
    missing = _compare(release, stored, report.release_uri)
    if missing:
        return replace(report, reasons=missing)
    is_same = found == release
    return replace(
        report,
        outcome=UploadOutcome.UNCHANGED if is_same else UploadOutcome.OFFERED,
        release=release,
        already_there=tuple(file.path for file in release.files),
        sha256=hashlib.sha256(existing).hexdigest() if is_same else "",
    )


def _compare_with_bucket(s3: S3Client, bucket: str, release: Release) -> tuple[Reason, ...]:
    """Check that S3 has every file and no other; S3 verified their content on arrival."""
    stored = list_stored(s3, bucket, release.prefix)
    if isinstance(stored, Reason):
        return (stored,)
    return _compare(release, stored, f"s3://{bucket}/{release.prefix}")


def _compare(
    release: Release, stored: Mapping[str, StoredObject], place: str
) -> tuple[Reason, ...]:
    files = (StoredFile(path, found.bytes) for path, found in stored.items())
    return limit_per_code(compare_with_release(release, files, place))


def _offer(
    s3: S3Client,
    report: UploadReport,
    bucket: str,
    key: str,
    existing: bytes | tuple[Reason, ...],
    find_repeat: Callable[[str], Reason | None],
    vouch: Callable[[str], None],
) -> UploadReport:
    """Write `release.json`, unless its arrival starts nothing, or it was changed meanwhile."""
    if report.release is None:
        raise AssertionError("what is offered is a release")
    content = write_release(report.release)
    sha256 = hashlib.sha256(content).hexdigest()
    refused = replace(report, outcome=UploadOutcome.REFUSED)
    repeat = find_repeat(sha256)
    if repeat is not None:
        return replace(refused, reasons=(repeat,))
    vouch(sha256)
    written = _put_release(s3, content, bucket, key, existing)
    if isinstance(written, Reason):
        return replace(refused, reasons=(written,))
    return replace(report, sha256=sha256, object_version=written)


def _put_release(
    s3: S3Client, content: bytes, bucket: str, key: str, existing: bytes | tuple[Reason, ...]
) -> str | Reason:
    """Write `release.json`, only over the version that was read; returns its version in S3."""
    uri = f"s3://{bucket}/{key}"
    seen = existing if isinstance(existing, bytes) else None
    try:
        condition = {"IfNoneMatch": "*"} if seen is None else _still(s3, bucket, key, seen)
        if condition is None:
            return offered_meanwhile(uri)
        put = s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=content,
            ContentType="application/json",
            ChecksumAlgorithm="SHA256",
            **condition,  # type: ignore[arg-type]
        )
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _TAKEN:
            return version_taken(uri) if seen is None else offered_meanwhile(uri)
        return explain_refusal(error, uri, bucket)
    return put.get("VersionId", "")


def _still(s3: S3Client, bucket: str, key: str, seen: bytes) -> dict[str, str] | None:
    """The condition that the object is still the one that was read; None if it already isn't."""
    files = Files(s3)
    version = files.find_version(bucket, key)
    is_still = files.read_version(bucket, key, version, len(seen) + 1) == seen
    return {"IfMatch": version.condition} if is_still else None
