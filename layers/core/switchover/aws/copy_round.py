"""One round of copying a release: small files whole, large ones by parts, many in parallel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from switchover.aws.objects import SHA256_METADATA, explain_refusal
from switchover.domain.copying import ObjectReading, lay_out_parts, source_changed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.literals import ChecksumAlgorithmType
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, CopySourceTypeDef, PartTypeDef

    from switchover.domain.copying import Part, ReleaseCopy
    from switchover.domain.reasons import Reason

COPIED_FROM_METADATA = "copied-from"
# Whether S3 throttles ten at a time isn't known (docs/limits.md).
_PARALLEL_COPIES = 10
# With these algorithms S3 knows the checksum of the whole object even if it was uploaded in parts (S3
# User Guide, "Checking object integrity"). The copy uses the source's algorithm, so that both sides
# are comparable.
_WHOLE_CHECKSUMS: dict[str, ChecksumAlgorithmType] = {
    "CRC64NVME": "CRC64NVME",
    "CRC32C": "CRC32C",
    "CRC32": "CRC32",
}
_REMEDIES = {
    "copy.file-missing": "Put it there, or correct `source` in release.json.",
    "copy.access-denied": (
        "Let the stack's SourceBucketPattern match the source's bucket. A bucket of another"
        " account also needs a policy that allows the reads, and a file under a KMS key needs"
        " kms:Decrypt."
    ),
}


@dataclass(frozen=True, slots=True)
class _Missing:
    """A file that has to be copied."""

    source: ObjectReading
    key: str


@dataclass(frozen=True, slots=True)
class _Upload:
    """A large file that is being copied, and its parts that still have to be copied."""

    file: _Missing
    upload_id: str
    parts: tuple[Part, ...]
    missing: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class _Act:
    """One request that copies, or that prepares or ends copying a file."""

    file: _Missing
    do: Callable[[], None]


class CopyRound:
    """Copies the missing files until the round is over; holds what was done and what failed.

    `done` are the acts that copied something. `reasons` are final; `troubles` may pass by themselves.
    The first reason ends the round: a refused release isn't copied further.
    """

    def __init__(
        self,
        s3: S3Client,
        standing: ReleaseCopy,
        may_go_on: Callable[[], bool],
        *,
        whole_bytes: int,
        part_bytes: int,
    ) -> None:
        self._s3 = s3
        self._bucket = standing.bucket
        self._prefix = standing.release.prefix
        self._files = [
            _Missing(copy.source, f"{standing.release.prefix}{copy.file.path}")
            for copy in standing.missing
            if isinstance(copy.source, ObjectReading)
        ]
        self._may_go_on = may_go_on
        self._whole_bytes = whole_bytes
        self._part_bytes = part_bytes
        self._uploads: list[_Upload] = []
        self.done: list[str] = []
        self.reasons: list[Reason] = []
        self.troubles: list[ClientError | BotoCoreError] = []

    def run(self) -> None:
        """Begin copies until no file is missing or the round is over, then wait for those in progress."""
        small = [file for file in self._files if file.source.bytes <= self._whole_bytes]
        large = [file for file in self._files if file.source.bytes > self._whole_bytes]
        begun = self._find_begun() if large else {}
        with ThreadPoolExecutor(_PARALLEL_COPIES) as pool:
            opening = [_Act(file, partial(self._open, file, begun.get(file.key))) for file in large]
            list(pool.map(self._attempt, opening))
            copying = [_Act(file, partial(self._copy_whole, file)) for file in small]
            list(pool.map(self._attempt, [*copying, *self._part_acts()]))
            ending = [_Act(up.file, partial(self._complete, up)) for up in self._uploads]
            list(pool.map(self._attempt, ending))

    def _part_acts(self) -> Iterator[_Act]:
        for upload in self._uploads:
            for part in upload.missing:
                yield _Act(upload.file, partial(self._copy_part, upload, part))

    def _attempt(self, act: _Act) -> None:
        if self.reasons or not self._may_go_on():
            return
        try:
            act.do()
        except ClientError as error:
            if _is_there(error):
                # Written by another writer, or by a call whose answer was lost. The next look judges
                # the file.
                self.done.append(act.file.key)
                return
            try:
                self.reasons.append(explain_copy_refusal(error, act.file.source.uri, self._bucket))
            except ClientError as passing:
                self.troubles.append(passing)
        except BotoCoreError as error:
            self.troubles.append(error)

    def _find_begun(self) -> dict[str, str]:
        pages = self._s3.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=self._prefix
        )
        return {
            upload["Key"]: upload["UploadId"]
            for page in pages
            for upload in page.get("Uploads", ())
        }

    def _copy_whole(self, file: _Missing) -> None:
        # S3 itself computes the SHA-256 of the content that arrived. Tags aren't copied: that would
        # need additional permissions.
        self._s3.copy_object(
            Bucket=self._bucket,
            Key=file.key,
            CopySource=_place(file.source),
            CopySourceIfMatch=file.source.etag,
            ChecksumAlgorithm="SHA256",
            MetadataDirective="REPLACE",
            Metadata={COPIED_FROM_METADATA: file.source.etag},
            TaggingDirective="REPLACE",
            IfNoneMatch="*",
        )
        self.done.append(file.key)

    def _open(self, file: _Missing, upload_id: str | None) -> None:
        parts = lay_out_parts(file.source.bytes, self._part_bytes)
        if upload_id is None:
            self._uploads.append(_Upload(file, self._create(file), parts, parts))
            return
        sizes = {part["PartNumber"]: part["Size"] for part in self._list_parts(file, upload_id)}
        missing = tuple(part for part in parts if sizes.get(part.number) != part.bytes)
        self._uploads.append(_Upload(file, upload_id, parts, missing))

    def _create(self, file: _Missing) -> str:
        # S3 has no SHA-256 of a whole object that is written in parts. A proven SHA-256 of the source
        # is copied along; a SHA-256 that only release.json claims isn't.
        vouched = {SHA256_METADATA: file.source.sha256} if file.source.sha256 else {}
        known = file.source.checksum.algorithm if file.source.checksum else "CRC64NVME"
        return self._s3.create_multipart_upload(
            Bucket=self._bucket,
            Key=file.key,
            ChecksumAlgorithm=_WHOLE_CHECKSUMS[known],
            ChecksumType="FULL_OBJECT",
            Metadata={COPIED_FROM_METADATA: file.source.etag, **vouched},
        )["UploadId"]

    def _copy_part(self, upload: _Upload, part: Part) -> None:
        self._s3.upload_part_copy(
            Bucket=self._bucket,
            Key=upload.file.key,
            UploadId=upload.upload_id,
            PartNumber=part.number,
            CopySource=_place(upload.file.source),
            CopySourceIfMatch=upload.file.source.etag,
            CopySourceRange=f"bytes={part.first}-{part.last}",
        )
        self.done.append(f"{upload.file.key}#{part.number}")

    def _complete(self, upload: _Upload) -> None:
        # S3's own list, because it includes the parts of earlier rounds.
        listed = {
            part["PartNumber"]: part for part in self._list_parts(upload.file, upload.upload_id)
        }
        if any(part.number not in listed for part in upload.parts):
            return
        self._s3.complete_multipart_upload(
            Bucket=self._bucket,
            Key=upload.file.key,
            UploadId=upload.upload_id,
            MultipartUpload={"Parts": [_completed(listed[part.number]) for part in upload.parts]},
            IfNoneMatch="*",
        )
        self.done.append(upload.file.key)

    def _list_parts(self, file: _Missing, upload_id: str) -> list[PartTypeDef]:
        pages = self._s3.get_paginator("list_parts").paginate(
            Bucket=self._bucket, Key=file.key, UploadId=upload_id
        )
        return [part for page in pages for part in page.get("Parts", ())]


def _is_there(error: ClientError) -> bool:
    """Whether S3 wrote nothing because the destination exists, and not because the source changed."""
    told = cast("Mapping[str, str]", error.response.get("Error", {}))
    if told.get("Code") != "PreconditionFailed":
        return False
    # The end of an upload in parts has only this condition; a copy also has one on its source.
    is_end = error.operation_name == "CompleteMultipartUpload"
    return is_end or told.get("Condition", "").lower() == "if-none-match"


def explain_copy_refusal(error: ClientError, uri: str, bucket: str) -> Reason:
    """Turn S3's refusal into a reason; raise an error that may pass by itself."""
    if error.response.get("Error", {}).get("Code") == "PreconditionFailed":
        return source_changed(uri)
    known = explain_refusal(error, uri, bucket)
    code = known.code.replace("model.", "copy.", 1)
    return known.model_copy(update={"code": code, "remedy": _REMEDIES.get(code, known.remedy)})


def _place(source: ObjectReading) -> CopySourceTypeDef:
    bucket, _, key = source.uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}


def _completed(part: PartTypeDef) -> CompletedPartTypeDef:
    completed: CompletedPartTypeDef = {"PartNumber": part["PartNumber"], "ETag": part["ETag"]}
    if "ChecksumCRC64NVME" in part:
        completed["ChecksumCRC64NVME"] = part["ChecksumCRC64NVME"]
    if "ChecksumCRC32C" in part:
        completed["ChecksumCRC32C"] = part["ChecksumCRC32C"]
    if "ChecksumCRC32" in part:
        completed["ChecksumCRC32"] = part["ChecksumCRC32"]
    return completed
