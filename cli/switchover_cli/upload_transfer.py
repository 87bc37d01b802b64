"""Sends files to S3 in parallel parts, each with its SHA-256, and checks what S3 then holds."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from boto3.s3.transfer import ProgressCallbackInvoker
from botocore.exceptions import ClientError
from s3transfer.manager import TransferConfig, TransferManager

from switchover.aws.models import SHA256_METADATA, explain_refusal
from switchover.domain.reasons import Reason
from switchover_cli.upload_folder import explain_unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from s3transfer.subscribers import BaseSubscriber

    from switchover_cli.upload_folder import Digest

_MEBIBYTE = 1024**2
PART_BYTES = 64 * _MEBIBYTE
# Source: S3 User Guide, "Amazon S3 multipart upload limits".
_PARTS_LIMIT = 10_000
_PARALLEL_REQUESTS = 10


class Step(StrEnum):
    """What is happening to a file's bytes."""

    READ = "read"
    SENT = "sent"


@dataclass(frozen=True, slots=True)
class Progress:
    """So many bytes more of one file; fewer than none, when a part has to be sent again."""

    path: str
    step: Step
    advanced_bytes: int


@dataclass(frozen=True, slots=True)
class Sending:
    """Which files were sent, which were there already, and what went wrong."""

    sent: tuple[str, ...]
    already_there: tuple[str, ...]
    reasons: tuple[Reason, ...]


def resolve_part_bytes(largest_file_bytes: int) -> int:
    """The size of a part that S3's 10 000 parts suffice with: 64 MiB up to files of 640 GB."""
    needed = -(-largest_file_bytes // _PARTS_LIMIT)
    return max(PART_BYTES, -(-needed // _MEBIBYTE) * _MEBIBYTE)


def send_files(
    s3: S3Client,
    root: Path,
    digests: Iterable[Digest],
    bucket: str,
    prefix: str,
    part_bytes: int,
    on_progress: Callable[[Progress], None],
) -> Sending:
    """Send the files that S3 doesn't hold with this content yet.

    S3 verifies each part on arrival; that the whole is what the digest was made of is checked
    afterwards against S3's checksum, so that a file that changed in between is found.
    """
    digests = tuple(digests)
    with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
        held = tuple(pool.map(lambda digest: _holds(s3, bucket, prefix, digest), digests))
    refusals = tuple(answer for answer in held if isinstance(answer, Reason))
    there = tuple(d.path for d, is_held in zip(digests, held, strict=True) if is_held is True)
    missing = tuple(digest for digest in digests if digest.path not in there)
    if refusals:
        return Sending((), there, refusals)

    # TransferManager itself, not boto3's choice between it and the CRT: the same on every machine.
    config = TransferConfig(
        multipart_threshold=part_bytes + 1,
        multipart_chunksize=part_bytes,
        max_request_concurrency=_PARALLEL_REQUESTS,
    )
    reasons: list[Reason] = []
    with TransferManager(s3, config) as transfers:
        futures = [
            (
                digest,
                transfers.upload(
                    str(root / digest.path),
                    bucket,
                    f"{prefix}{digest.path}",
                    extra_args={
                        "ChecksumAlgorithm": "SHA256",
                        "Metadata": {SHA256_METADATA: digest.sha256},
                    },
                    subscribers=[_meter(digest.path, on_progress)],
                ),
            )
            for digest in missing
        ]
        for digest, future in futures:
            try:
                future.result()
            except ClientError as error:
                reasons.append(explain_refusal(error, digest.path, bucket))
            except OSError as error:
                reasons.append(explain_unreadable(digest.path, error))
    if not reasons:
        with ThreadPoolExecutor(_PARALLEL_REQUESTS) as pool:
            arrived = pool.map(lambda digest: _holds(s3, bucket, prefix, digest), missing)
            reasons = [
                is_held if isinstance(is_held, Reason) else _changed(digest)
                for digest, is_held in zip(missing, arrived, strict=True)
                if is_held is not True
            ]
    return Sending(tuple(digest.path for digest in missing), there, tuple(reasons))


def _meter(path: str, on_progress: Callable[[Progress], None]) -> BaseSubscriber:
    return ProgressCallbackInvoker(
        lambda advanced_bytes: on_progress(Progress(path, Step.SENT, advanced_bytes))
    )


def _holds(s3: S3Client, bucket: str, prefix: str, digest: Digest) -> bool | Reason:
    """Whether S3 holds this very content, by the checksum that it computed itself."""
    try:
        head = s3.head_object(Bucket=bucket, Key=f"{prefix}{digest.path}", ChecksumMode="ENABLED")
    except ClientError as error:
        refusal = explain_refusal(error, digest.path, bucket)
        return False if refusal.code == "model.file-missing" else refusal
    # A composite checksum ends in the number of parts.
    checksum = head.get("ChecksumSHA256", "").partition("-")[0]
    return checksum == digest.s3_checksum


def _changed(digest: Digest) -> Reason:
    return Reason(
        code="model.file-changed",
        subject=digest.path,
        message="S3 holds other content than was read here: the file changed while it was sent.",
        remedy="Wait until whatever writes it is done, then upload again.",
    )
