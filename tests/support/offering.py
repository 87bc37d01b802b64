"""Releases as people offer them: a small checkpoint of the real layout, and its release.json."""

from __future__ import annotations

import hashlib
import json
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from switchover_local.checkpoint import Sizes, write_checkpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

_SMALL = Sizes(layers=1, vision_depth=1, hidden=64, intermediate=96)


@cache
def checkpoint(seed: int = 1) -> Mapping[str, bytes]:
    """The files of a valid checkpoint, by path."""
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(Path(folder), seed=seed, shards=2, sizes=_SMALL)
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def describe_release(
    version: str, files: Mapping[str, bytes], endpoint: str, **changes: Any
) -> dict[str, Any]:
    """What release.json says of these files."""
    return {
        "schema": 1,
        "endpoint": endpoint,
        "model": {"name": "qwen2.5-vl-small", "version": version},
        "prefix": f"models/{endpoint}/{version}/",
        "files": [
            {
                "path": path,
                "bytes": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
            }
            for path, content in sorted(files.items())
        ],
        **changes,
    }


def upload(s3: Any, bucket: str, prefix: str, files: Mapping[str, bytes]) -> None:
    """Put files under a prefix, so that S3 vouches for their SHA-256."""
    for path, content in files.items():
        s3.put_object(
            Bucket=bucket, Key=f"{prefix}{path}", Body=content, ChecksumAlgorithm="SHA256"
        )


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder."""
    for path, content in files.items():
        (folder / path).write_bytes(content)


def object_created(bucket: str, key: str, put: Mapping[str, Any], at: str) -> dict[str, Any]:
    """The event that S3 sends for an object (tests/events/s3_object_created.json)."""
    return {
        "version": "0",
        "id": f"s3-{key}-{put['ETag']}",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "000000000000",
        "time": at,
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {
                "key": key,
                "size": 1,
                "etag": put["ETag"].strip('"'),
                # S3 leaves out the version if the bucket keeps none.
                **({"version-id": put["VersionId"]} if "VersionId" in put else {}),
                "sequencer": "617f08299329d189",
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "000000000000",
            "source-ip-address": "192.0.2.1",
            "reason": "PutObject",
        },
    }


def release_text(release: Mapping[str, Any]) -> bytes:
    """The bytes of a release.json."""
    return json.dumps(release, indent=2).encode()
