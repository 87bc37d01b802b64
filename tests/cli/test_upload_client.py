"""The uploader's client digests no content a second time."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tests.support.s3_fake import Bucket, serve_s3

from switchover_cli.upload.folder import encode_checksum

if TYPE_CHECKING:
    from botocore.awsrequest import AWSPreparedRequest

CONTENT = b"weights"
CHECKSUM = encode_checksum(hashlib.sha256(CONTENT).digest())


def test_the_checksum_that_is_given_is_the_only_digest_of_a_body() -> None:
    sent: list[dict[str, str]] = []

    def note(request: AWSPreparedRequest, **_: object) -> None:
        sent.append(
            {
                name.lower(): value.decode() if isinstance(value, bytes) else value
                for name, value in request.headers.items()
            }
        )

    with serve_s3(Bucket()) as s3:
        s3.meta.events.register("before-send.s3.PutObject", note)
        s3.put_object(
            Bucket="models",
            Key="x",
            Body=CONTENT,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=CHECKSUM,
        )

    (headers,) = sent
    checksums = {name for name in headers if name.startswith("x-amz-checksum-")}
    assert headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert checksums == {"x-amz-checksum-sha256"}
    assert "x-amz-checksum-sha256" in headers["authorization"]
