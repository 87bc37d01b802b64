"""Reads how the model bucket is set up. The stack sets up its own bucket, people an existing one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

from switchover.domain.bounded import Unreadable, read_json
from switchover.domain.naming import account_of
from switchover.domain.update.request import INPUT_LIMITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client

# S3's answers for a setting that nobody made (S3 API Reference, "List of error codes").
_NOT_SET = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchPublicAccessBlockConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
_FORBIDDEN = frozenset({"403", "AccessDenied"})
_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
# AWS's own key needs no permission: its key policy admits all principals of the account through S3.
_AWS_OWN_KEY = "alias/aws/s3"


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """How a bucket is set up. `policy` is None if it can't be parsed, and empty if there is none."""

    name: str
    partition: str
    region: str
    is_of_account: bool
    is_versioned: bool
    notifications: Mapping[str, Any]
    policy: Mapping[str, Any] | None
    blocks_public_access: bool
    key: str


class BucketReader:
    """Reads a bucket's settings; it changes nothing."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    def read(self, bucket: str, machine_arn: str) -> BucketSettings:
        """All settings that Switchover depends on, of a stack with this state machine.

        Raises:
            ClientError: a setting may not be read, or the bucket doesn't exist.
        """
        region = self._s3.head_bucket(Bucket=bucket).get("BucketRegion", "")
        return BucketSettings(
            name=bucket,
            partition=machine_arn.split(":")[1],
            region=region,
            is_of_account=self._is_of(bucket, account_of(machine_arn)),
            is_versioned=self._s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled",
            notifications=self._notifications(bucket),
            policy=self._policy(bucket),
            blocks_public_access=self._blocks_public_access(bucket),
            key=self._key(bucket),
        )

    def _is_of(self, bucket: str, account: str) -> bool:
        try:
            self._s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _FORBIDDEN:
                raise
            return False
        return True

    def _notifications(self, bucket: str) -> Mapping[str, Any]:
        found = self._s3.get_bucket_notification_configuration(Bucket=bucket)
        return {key: value for key, value in found.items() if key != "ResponseMetadata"}

    def _policy(self, bucket: str) -> Mapping[str, Any] | None:
        try:
            text = self._s3.get_bucket_policy(Bucket=bucket)["Policy"]
        except ClientError as error:
            return _if_not_set(error, {})
        try:
            policy = read_json(text, INPUT_LIMITS)
        except Unreadable:
            return None
        return policy if isinstance(policy, dict) else None

    def _blocks_public_access(self, bucket: str) -> bool:
        try:
            found = self._s3.get_public_access_block(Bucket=bucket)
        except ClientError as error:
            return _if_not_set(error, otherwise=False)
        blocks: Mapping[str, Any] = found["PublicAccessBlockConfiguration"]
        return all(blocks.get(name) for name in _BLOCKS)

    def _key(self, bucket: str) -> str:
        """The customer's key of the default encryption; empty if there is none."""
        try:
            found = self._s3.get_bucket_encryption(Bucket=bucket)
        except ClientError as error:
            return _if_not_set(error, "")
        rules = found["ServerSideEncryptionConfiguration"]["Rules"]
        defaults = [rule.get("ApplyServerSideEncryptionByDefault", {}) for rule in rules]
        keys = [default.get("KMSMasterKeyID", "") for default in defaults]
        return next((key for key in keys if key and not key.endswith(_AWS_OWN_KEY)), "")


_Value = TypeVar("_Value")


def _if_not_set(error: ClientError, otherwise: _Value) -> _Value:
    """The value for a setting that nobody made; any other error is raised."""
    if error.response["Error"]["Code"] not in _NOT_SET:
        raise error
    return otherwise
