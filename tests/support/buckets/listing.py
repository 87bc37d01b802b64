"""Lists the content of a bucket in memory page by page, like S3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.buckets.bucket import Bucket, Version

    Asked = Mapping[str, Any]
    Answer = dict[str, Any]

# Source: S3 API Reference, ListObjectsV2 and ListObjectVersions, MaxKeys.
_MOST_KEYS = 1000
_STORED = {"StorageClass": "STANDARD"}


def list_objects_v2(bucket: Bucket, asked: Asked) -> Answer:
    """ListObjectsV2: keys in order, those below a Delimiter as one."""
    prefix, delimiter = asked.get("Prefix", ""), asked.get("Delimiter", "")
    entries = dict(_entries(bucket, prefix, delimiter))
    after = asked.get("ContinuationToken", "")
    names = [name for name in sorted(entries) if name > after]
    page = names[: asked.get("MaxKeys", _MOST_KEYS)]
    objects = [found for name in page if (found := entries[name]) is not None]
    folders = [{"Prefix": name} for name in page if entries[name] is None]
    return {
        "Name": bucket.name,
        "Prefix": prefix,
        "MaxKeys": asked.get("MaxKeys", _MOST_KEYS),
        "KeyCount": len(page),
        "IsTruncated": len(page) < len(names),
        **({"Delimiter": delimiter} if delimiter else {}),
        **({"Contents": objects} if objects else {}),
        **({"CommonPrefixes": folders} if folders else {}),
        **({"NextContinuationToken": page[-1]} if len(page) < len(names) else {}),
    }


def _entries(bucket: Bucket, prefix: str, delimiter: str) -> Iterator[tuple[str, Answer | None]]:
    """Each key with its object, and each folder with None."""
    for key in bucket.objects:
        version = bucket.newest(key)
        if version is None or not key.startswith(prefix):
            continue
        folder, found, _ = key.removeprefix(prefix).partition(delimiter or "\0")
        yield (f"{prefix}{folder}{found}", None) if found else (key, _listed_object(key, version))


def list_object_versions(bucket: Bucket, asked: Asked) -> Answer:
    """ListObjectVersions: by key, the newest first."""
    prefix = asked.get("Prefix", "")
    places = [
        (key, version)
        for key in sorted(bucket.objects)
        if key.startswith(prefix)
        for version in reversed(bucket.objects[key])
    ]
    marker = asked.get("KeyMarker", ""), asked.get("VersionIdMarker", "")
    named = [(key, version.id) for key, version in places]
    rest = places[named.index(marker) + 1 :] if marker in named else places
    page = rest[: asked.get("MaxKeys", _MOST_KEYS)]
    told = [(version, _listed_version(bucket, key, version)) for key, version in page]
    versions = [entry for version, entry in told if version.content is not None]
    markers = [entry for version, entry in told if version.content is None]
    answer: Answer = {
        "Name": bucket.name,
        "Prefix": prefix,
        "KeyMarker": marker[0],
        "VersionIdMarker": marker[1],
        "MaxKeys": asked.get("MaxKeys", _MOST_KEYS),
        "IsTruncated": len(page) < len(rest),
        **({"Versions": versions} if versions else {}),
        **({"DeleteMarkers": markers} if markers else {}),
    }
    if len(page) < len(rest):
        answer |= {"NextKeyMarker": page[-1][0], "NextVersionIdMarker": page[-1][1].id}
    return answer


def list_multipart_uploads(bucket: Bucket, asked: Asked) -> Answer:
    """ListMultipartUploads: as one page."""
    prefix = asked.get("Prefix", "")
    uploads = [
        {"Key": upload.key, "UploadId": upload_id, **_STORED, "Initiated": upload.at}
        for upload_id, upload in bucket.uploads.items()
        if upload.key.startswith(prefix)
    ]
    told = {"Bucket": bucket.name, "IsTruncated": False}
    return {**told, "Uploads": uploads} if uploads else told


def _listed_object(key: str, version: Version) -> Answer:
    algorithms = [name.removeprefix("Checksum") for name in version.checksums]
    told = {"ChecksumAlgorithm": algorithms} if algorithms else {}
    return {**_listed(key, version), **told}


def _listed(key: str, version: Version) -> Answer:
    return {
        "Key": key,
        "LastModified": version.at,
        "ETag": version.etag,
        "Size": len(version.content or b""),
        **_STORED,
    }


def _listed_version(bucket: Bucket, key: str, version: Version) -> Answer:
    told = {"VersionId": version.id, "IsLatest": version is bucket.objects[key][-1]}
    if version.content is None:
        return {"Key": key, "LastModified": version.at, **told}
    return {**_listed(key, version), **told}
