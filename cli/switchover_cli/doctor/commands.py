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


def _typed(command: str, *arguments: str) -> str:
    return " ".join((command, *map(shlex.quote, arguments)))
