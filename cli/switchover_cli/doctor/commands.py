"""The commands that fix the findings, as they are typed in a shell."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def unclaim(endpoint: str) -> str:
    """Free an endpoint, and restore what the update changed."""
    return _typed("switchover unclaim", endpoint, "--reason", "its execution has ended")


def unpin(endpoint: str) -> str:
    """Remove an endpoint's pin: it accepts every version again."""
    return _typed("switchover unpin", endpoint)


def start(machine_arn: str, request: Mapping[str, Any]) -> str:
    """Start an execution of the update machine with an input."""
    text = json.dumps(request)
    return _typed(
        "aws stepfunctions start-execution", "--state-machine-arn", machine_arn, "--input", text
    )


def delete_alarm(name: str) -> str:
    """Delete an alarm."""
    return _typed("aws cloudwatch delete-alarms --alarm-names", name)


def delete_config(name: str) -> str:
    """Delete an endpoint config."""
    return _typed("aws sagemaker delete-endpoint-config --endpoint-config-name", name)


def delete_model(name: str) -> str:
    """Delete a model."""
    return _typed("aws sagemaker delete-model --model-name", name)


def delete_schedule(group: str, name: str) -> str:
    """Delete a schedule."""
    return _typed("aws scheduler delete-schedule", "--group-name", group, "--name", name)


def read_dead_letters(url: str) -> str:
    """Read the events that no function could handle; each returns to the queue after half a minute."""
    return _typed("aws sqs receive-message --max-number-of-messages 10 --queue-url", url)


def purge_dead_letters(url: str) -> str:
    """Delete the events that no function could handle."""
    return _typed("aws sqs purge-queue --queue-url", url)


def subscribe(topic_arn: str) -> str:
    """Subscribe a person to the outcomes; a first message has a link to confirm this."""
    return _typed(
        "aws sns subscribe --protocol email --notification-endpoint you@example.com --topic-arn",
        topic_arn,
    )


def set_releases_may(keys: Iterable[str]) -> str:
    """Change one parameter of the stack, in the folder of its template; the other parameters stay."""
    return _typed("sam deploy --parameter-overrides", f"ReleasesMay={','.join(keys)}")


def set_bucket_key(key: str) -> str:
    """Tell the stack the key of the model bucket, as `set_releases_may` tells it names."""
    return _typed("sam deploy --parameter-overrides", f"ModelBucketKeyArn={key}")


def send_events(bucket: str, notifications: Mapping[str, Any]) -> str:
    """Let a bucket send its events to EventBridge too; the request repeats its other notifications."""
    return _typed(
        "aws s3api put-bucket-notification-configuration --bucket",
        bucket,
        "--notification-configuration",
        json.dumps({**notifications, "EventBridgeConfiguration": {}}),
    )


def keep_versions(bucket: str) -> str:
    """Let a bucket keep the versions of its objects from now on."""
    return _typed(
        "aws s3api put-bucket-versioning --versioning-configuration Status=Enabled --bucket", bucket
    )


def block_public_access(bucket: str) -> str:
    """Block public access to a bucket, whatever its policy or an object's ACL allow."""
    return _typed(
        "aws s3api put-public-access-block --public-access-block-configuration"
        " BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true"
        " --bucket",
        bucket,
    )


def put_policy(bucket: str, policy: Mapping[str, Any]) -> str:
    """Replace a bucket's policy."""
    return _typed("aws s3api put-bucket-policy --bucket", bucket, "--policy", json.dumps(policy))


def _typed(command: str, *arguments: str) -> str:
    return " ".join((command, *map(shlex.quote, arguments)))
