"""The S3 requests that Switchover makes, answered by a bucket in memory."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.response import StreamingBody
from tests.support.buckets.bucket import (
    Bucket,
    Refused,
    Upload,
    Version,
    check_etag,
    compute_checksum,
    etag_of,
    etag_of_parts,
    sent_checksums,
)
from tests.support.definition import NotModelled

if TYPE_CHECKING:
    from collections.abc import Mapping

    Buckets = Mapping[str, Bucket]
    Asked = Mapping[str, Any]
    Answer = dict[str, Any]

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


def put_object(bucket: Bucket, asked: Asked) -> Answer:
    """PutObject."""
    content = _read_body(asked["Body"])
    checksums = sent_checksums(content, asked)
    bucket.check_conditions(asked["Key"], asked)
    version = _version(bucket, asked, content, etag_of(content), checksums)
    bucket.keep(asked["Key"], version)
    return {**checksums, "ETag": version.etag, **bucket.told_version(version)}


def get_object(bucket: Bucket, asked: Asked) -> Answer:
    """GetObject."""
    version = _found(bucket, asked)
    content, told = _range(version.content or b"", asked.get("Range"))
    # The checksum is of the whole object, not of the requested part.
    checksums = {} if told else version.checksums
    body = StreamingBody(BytesIO(content), len(content))
    return {**_described(bucket, version, len(content)), **checksums, **told, "Body": body}


def head_object(bucket: Bucket, asked: Asked) -> Answer:
    """HeadObject."""
    version = _found(bucket, asked)
    checksums = version.checksums if asked.get("ChecksumMode") == "ENABLED" else {}
    return {**_described(bucket, version, len(version.content or b"")), **checksums}


def delete_object(bucket: Bucket, asked: Asked) -> Answer:
    """DeleteObject: a version for good, or an object by a deletion marker above its versions."""
    key, version_id = asked["Key"], asked.get("VersionId")
    if version_id is not None:
        there = bucket.objects.get(key, [])
        there[:] = [one for one in there if one.id != version_id]
        return {"VersionId": version_id}
    if not bucket.is_versioned:
        bucket.objects.pop(key, None)
        return {}
    marker = Version(bucket.next_version_id(), bucket.now())
    bucket.keep(key, marker)
    return {"DeleteMarker": True, "VersionId": marker.id}


def copy_object(bucket: Bucket, buckets: Buckets, asked: Asked) -> Answer:
    """CopyObject: with the source's checksum, or the one that is asked for."""
    source_bucket, source = _source(buckets, asked)
    bucket.check_conditions(asked["Key"], asked)
    content, checksums = source.content or b"", source.checksums
    if "ChecksumAlgorithm" in asked:
        checksums = compute_checksum(content, asked["ChecksumAlgorithm"])
    version = _version(bucket, asked, content, etag_of(content), checksums)
    if asked.get("MetadataDirective") != "REPLACE":
        kept = {"content_type": source.content_type, "metadata": source.metadata}
        version = replace(version, **kept)
    bucket.keep(asked["Key"], version)
    result = {"ETag": version.etag, "LastModified": version.at, **checksums}
    answer = {"CopyObjectResult": result, **bucket.told_version(version)}
    return {**answer, "CopySourceVersionId": source.id} if source_bucket.is_versioned else answer


def create_multipart_upload(bucket: Bucket, asked: Asked) -> Answer:
    """CreateMultipartUpload, without a checksum."""
    upload_id = f"upload-{next(bucket.ids):06}"
    bucket.uploads[upload_id] = Upload(asked["Key"], bucket.now(), asked)
    return {"Bucket": bucket.name, "Key": asked["Key"], "UploadId": upload_id}


def upload_part(bucket: Bucket, asked: Asked) -> Answer:
    """UploadPart."""
    content = _read_body(asked["Body"])
    _upload(bucket, asked).parts[asked["PartNumber"]] = content
    return {"ETag": etag_of(content), **sent_checksums(content, asked)}


def complete_multipart_upload(bucket: Bucket, asked: Asked) -> Answer:
    """CompleteMultipartUpload: of the parts that the request names."""
    upload = _upload(bucket, asked)
    bucket.check_conditions(upload.key, asked)
    parts = [_named_part(upload, named) for named in asked["MultipartUpload"]["Parts"]]
    version = _version(bucket, upload.asked, b"".join(parts), etag_of_parts(parts), {})
    bucket.keep(upload.key, version)
    del bucket.uploads[asked["UploadId"]]
    told = {"Bucket": bucket.name, "Key": upload.key, "ETag": version.etag}
    return {**told, **bucket.told_version(version)}


def _found(bucket: Bucket, asked: Asked) -> Version:
    version = bucket.find(asked["Key"], asked.get("VersionId"))
    if "IfMatch" in asked:
        check_etag(version.etag, asked["IfMatch"])
    return version


def _described(bucket: Bucket, version: Version, length: int) -> Answer:
    return {
        "AcceptRanges": "bytes",
        "ContentLength": length,
        "ContentType": version.content_type,
        "ETag": version.etag,
        "LastModified": version.at,
        "Metadata": dict(version.metadata),
        **bucket.told_version(version),
    }


def _range(content: bytes, asked: str | None) -> tuple[bytes, Answer]:
    """The requested byte range, and its description in the answer."""
    if asked is None:
        return content, {}
    match = _RANGE.fullmatch(asked)
    if match is None:
        raise NotModelled(f"the range {asked}")
    first, last = int(match[1]), min(int(match[2] or len(content)), len(content) - 1)
    if first > last:
        raise Refused("InvalidRange", ActualObjectSize=str(len(content)), RangeRequested=asked)
    told = f"bytes {first}-{last}/{len(content)}"
    return content[first : last + 1], {"ContentRange": told}


def _source(buckets: Buckets, asked: Asked) -> tuple[Bucket, Version]:
    """The source of a copy; botocore has turned CopySource into one text."""
    name, _, key = unquote(asked["CopySource"]).partition("/")
    if name not in buckets:
        raise Refused("NoSuchBucket", BucketName=name)
    source = buckets[name].find(key, None)
    if "CopySourceIfMatch" in asked and source.etag.strip('"') != asked["CopySourceIfMatch"].strip(
        '"'
    ):
        raise Refused("PreconditionFailed", Condition="x-amz-copy-source-If-Match")
    return buckets[name], source


def _version(
    bucket: Bucket, asked: Asked, content: bytes, etag: str, checksums: Mapping[str, str]
) -> Version:
    return Version(
        bucket.next_version_id(),
        bucket.now(),
        content,
        etag,
        asked.get("ContentType", "binary/octet-stream"),
        asked.get("Metadata", {}),
        checksums,
    )


def _upload(bucket: Bucket, asked: Asked) -> Upload:
    upload = bucket.uploads.get(asked["UploadId"])
    if upload is None or upload.key != asked["Key"]:
        raise Refused("NoSuchUpload", UploadId=asked["UploadId"])
    return upload


def _named_part(upload: Upload, named: Mapping[str, Any]) -> bytes:
    part = upload.parts.get(named["PartNumber"])
    if part is None or etag_of(part) != named["ETag"]:
        raise Refused("InvalidPart")
    return part


def _read_body(body: Any) -> bytes:
    content = body.read() if hasattr(body, "read") else body
    return content.encode() if isinstance(content, str) else bytes(content)
