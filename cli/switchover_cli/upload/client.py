"""The S3 client that uploads: botocore's own HTTP, signing and retries, with room for many PUTs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.config import Config

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_s3 import S3Client

PARALLEL_FILES = 8
PARALLEL_PARTS = 8

# Every PUT has its content's SHA-256 in a signed header, and S3 refuses other content. A second digest
# for the signature, or a CRC32, would prove nothing more. botocore omits the signature's digest only
# if this setting says so, even with a checksum (botocore's auth.py, S3SigV4Auth).
UPLOADING = Config(
    connect_timeout=5,
    read_timeout=60,
    retries={"mode": "standard", "total_max_attempts": 5},
    max_pool_connections=PARALLEL_FILES + PARALLEL_PARTS,
    request_checksum_calculation="when_required",
    s3={"payload_signing_enabled": False},
)


def open_uploader(session: boto3.Session) -> S3Client:
    """Make the client that releases are sent with."""
    return session.client("s3", config=UPLOADING)
