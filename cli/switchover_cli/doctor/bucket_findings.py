"""What is wrong with the model bucket's settings, and the command that sets each right."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from switchover_cli.doctor import commands
from switchover_cli.doctor.finding import Finding
from switchover_cli.doctor.protection import find_unprotected, with_protection

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover_cli.doctor.bucket import BucketSettings
    from switchover_cli.doctor.seen import Seen


def judge_bucket(seen: Seen) -> Iterator[Finding]:
    """Every setting of the model bucket with which an update fails, or is less safe."""
    bucket = seen.bucket
    if bucket is None:
        return
    yield from _place(seen, bucket)
    if "EventBridgeConfiguration" not in bucket.notifications:
        yield _found(
            "bucket.no-events",
            bucket,
            "it sends no events to EventBridge, so an uploaded release starts nothing.",
            commands.send_events(bucket.name, bucket.notifications),
        )
    if not bucket.is_versioned:
        yield _found(
            "bucket.unversioned",
            bucket,
            "it keeps no versions: only ETags tell whether a file is the one that was checked.",
            commands.keep_versions(bucket.name),
        )
    if not bucket.blocks_public_access:
        yield _found(
            "bucket.public",
            bucket,
            "it doesn't block public access to models by itself.",
            commands.block_public_access(bucket.name),
        )
    yield from _protection(seen, bucket)
    yield from _key(seen, bucket)


def _place(seen: Seen, bucket: BucketSettings) -> Iterator[Finding]:
    if not bucket.is_of_account:
        yield _found(
            "bucket.elsewhere",
            bucket,
            "it belongs to another account, whose EventBridge receives its events. Deploy the stack"
            " with a bucket of its own account as ModelBucketName.",
        )
    elif bucket.region and seen.region and bucket.region != seen.region:
        yield _found(
            "bucket.elsewhere",
            bucket,
            f"it is in {bucket.region}, the stack in {seen.region}: its events don't arrive here,"
            " and SageMaker loads no model from there. Deploy the stack with a bucket of its own"
            " region as ModelBucketName.",
        )


def _protection(seen: Seen, bucket: BucketSettings) -> Iterator[Finding]:
    if not seen.protects_models or bucket.policy is None:
        return
    open_to = find_unprotected(bucket.policy, bucket.name)
    if open_to:
        policy = with_protection(bucket.policy, bucket.partition, bucket.name)
        yield _found(
            "bucket.unprotected",
            bucket,
            f"its policy doesn't deny {', '.join(open_to)} on models/, so files that were checked and"
            " approved can be replaced or deleted. ProtectModels=off accepts this.",
            commands.put_policy(bucket.name, policy),
        )


def _key(seen: Seen, bucket: BucketSettings) -> Iterator[Finding]:
    known = seen.bucket_key
    # An alias or a key id can't be compared with an ARN.
    is_comparable = bucket.key.startswith("arn:") and ":key/" in bucket.key
    if not bucket.key or (known and not is_comparable) or fnmatchcase(bucket.key, known):
        return
    yield _found(
        "bucket.key",
        bucket,
        f"its objects are encrypted with {bucket.key}, but ModelBucketKeyArn is"
        f" {known or 'empty'}, so no function may read new objects.",
        commands.set_bucket_key(bucket.key if is_comparable else "KEY_ARN"),
    )


def _found(code: str, bucket: BucketSettings, evidence: str, *fixes: str) -> Finding:
    return Finding(
        code=code, subject=f"bucket {bucket.name}", evidence=evidence, since=None, commands=fixes
    )
