"""Small files in the model bucket that people write: policies and golden requests."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from switchover.domain.bounded_yaml import FILE_LIMITS
from switchover.domain.golden.questions import (
    BODY_LIMIT_BYTES,
    TOTAL_LIMIT_BYTES,
    GoldenQuestion,
    parse_golden,
    too_large_together,
)
from switchover.domain.policies.layers import (
    EffectivePolicy,
    Layer,
    layer_of_input,
    layer_of_release,
    merge_policy,
    parse_policy,
)
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from switchover.domain.update import Update

_MISSING = frozenset({"404", "NoSuchKey", "NotFound"})


def policy_key(endpoint: str) -> str:
    """Where an endpoint's policy lies in the model bucket."""
    return f"policies/{endpoint}.yaml"


class Files:
    """One bucket's policies and golden requests."""

    def __init__(self, s3: S3Client, releases_may: tuple[str, ...] = ()) -> None:
        """`releases_may` is the stack's word on what releases may override."""
        self._s3 = s3
        self._releases_may = releases_may

    def read(self, bucket: str, key: str, at_most_bytes: int) -> bytes | None:
        """A file's content, at most so much of it; None if there is none."""
        try:
            answer = self._s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _MISSING:
                raise
            return None
        with answer["Body"] as body:
            return body.read(at_most_bytes)

    def effective_policy(self, update: Update) -> EffectivePolicy | tuple[Reason, ...]:
        """The policy of an update: defaults < file < release < input; or every fault of them.

        A release's word counts as far as the file and the stack let releases speak.
        """
        file = self.policy_file(update.bucket, update.endpoint)
        request = update.request
        asked = layer_of_input(
            request.policy if request else {},
            is_hotfix=request is not None and request.hotfix,
            skips_window=request is not None and request.now,
        )
        offered = (layer_of_release(update.release), asked)
        layers = offered if file is None else (file, *offered)
        return merge_policy(layers, self._releases_may)

    def policy_file(self, bucket: str, endpoint: str) -> Layer | None:
        """What an endpoint's policy file sets; None if there is no file."""
        key = policy_key(endpoint)
        raw = self.read(bucket, key, FILE_LIMITS.bytes + 1)
        return None if raw is None else parse_policy(raw, f"s3://{bucket}/{key}")

    def golden_requests(
        self, bucket: str, key: str
    ) -> tuple[GoldenQuestion, ...] | tuple[Reason, ...]:
        """The golden requests of a key with what lies beside it, or why they can't be asked."""
        source = f"s3://{bucket}/{key}"
        raw = self.read(bucket, key, TOTAL_LIMIT_BYTES + 1)
        if raw is None:
            return (
                Reason(
                    code="golden.missing",
                    subject="policy: tests.golden",
                    message=f"{source} does not exist.",
                    remedy="Upload it, or take `tests.golden` out of the policy.",
                ),
            )
        if len(raw) > TOTAL_LIMIT_BYTES:
            return (too_large_together(source),)
        folder = key.rpartition("/")[0]

        @cache
        def read_beside(name: str) -> bytes | None:
            beside = f"{folder}/{name}" if folder else name
            return self.read(bucket, beside, BODY_LIMIT_BYTES + 1)

        return parse_golden(raw, source, read_beside)
