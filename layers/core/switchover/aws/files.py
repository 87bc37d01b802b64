"""Small files in the model bucket that people write: policies and golden requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.domain.golden import GoldenRequest, parse_golden
from switchover.domain.policy import EffectivePolicy, Layer, merge_policy, parse_policy
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from switchover.domain.update import Update

_LIMIT_BYTES = 1024**2
_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


class Files:
    """One bucket's policies and golden requests."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    def read(self, bucket: str, key: str) -> bytes | None:
        """A file's content, at most 1 MiB of it; None if there is none."""
        try:
            answer = self._s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            return None
        with answer["Body"] as body:
            return body.read(_LIMIT_BYTES)

    def effective_policy(self, update: Update) -> EffectivePolicy | tuple[Reason, ...]:
        """The policy of an update: defaults < file < release < input; or every fault of them."""
        key = f"policies/{update.endpoint}.yaml"
        source = f"s3://{update.bucket}/{key}"
        raw = self.read(update.bucket, key)
        file_layer = Layer(source, {}) if raw is None else parse_policy(raw, source)
        offered = (
            Layer("release.json policy", update.release.policy if update.release else {}),
            Layer("input policy", update.request.policy if update.request else {}),
        )
        if isinstance(file_layer, tuple):
            merged = merge_policy(offered)
            return (*file_layer, *(merged if isinstance(merged, tuple) else ()))
        return merge_policy((file_layer, *offered))

    def golden_requests(
        self, bucket: str, key: str
    ) -> tuple[GoldenRequest, ...] | tuple[Reason, ...]:
        """The golden requests of a key, or why they can't be asked."""
        source = f"s3://{bucket}/{key}"
        raw = self.read(bucket, key)
        if raw is None:
            return (
                Reason(
                    code="golden.missing",
                    subject="policy: tests.golden",
                    message=f"{source} does not exist.",
                    remedy="Upload it, or take `tests.golden` out of the policy.",
                ),
            )
        return parse_golden(raw, source)
