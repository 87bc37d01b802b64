"""The settings of a whole bucket: what one request keeps, another tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.buckets.bucket import Bucket, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

# The requests that keep a setting, and the member that holds it.
_KEPT_BY = {
    "PutBucketNotificationConfiguration": "NotificationConfiguration",
    "PutBucketPolicy": "Policy",
    "PutBucketEncryption": "ServerSideEncryptionConfiguration",
    "PutPublicAccessBlock": "PublicAccessBlockConfiguration",
    "PutBucketVersioning": "VersioningConfiguration",
}
# The requests that tell a setting, its member, and S3's error where nobody made the setting.
_TOLD_BY = {
    "GetBucketPolicy": ("Policy", "NoSuchBucketPolicy"),
    "GetPublicAccessBlock": (
        "PublicAccessBlockConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
    ),
    "GetBucketEncryption": (
        "ServerSideEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
}
MEMBERS = frozenset(_KEPT_BY.values())
OPERATIONS = frozenset(
    {
        *_KEPT_BY,
        *_TOLD_BY,
        *("GetBucketNotificationConfiguration", "GetBucketVersioning", "HeadBucket"),
    }
)


def answer(bucket: Bucket, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Keep a setting, or tell one."""
    if asked.get("ExpectedBucketOwner", bucket.owner) != bucket.owner:
        raise Refused("AccessDenied")
    if operation in _KEPT_BY:
        member = _KEPT_BY[operation]
        bucket.settings[member] = asked[member]
        bucket.is_versioned = (
            bucket.settings.get("VersioningConfiguration", {}).get("Status") == "Enabled"
        )
        return {}
    if operation in _TOLD_BY:
        member, unset = _TOLD_BY[operation]
        if member not in bucket.settings:
            raise Refused(unset, **({"BucketName": bucket.name} if member == "Policy" else {}))
        return {member: bucket.settings[member]}
    if operation == "GetBucketNotificationConfiguration":
        return dict(bucket.settings.get("NotificationConfiguration", {}))
    if operation == "GetBucketVersioning":
        return dict(bucket.settings.get("VersioningConfiguration", {}))
    return {"BucketRegion": bucket.region}
