"""MiniStack, the engine beside the twin; only this module configures and loads it.

MiniStack reads its environment once, when its modules are imported. So call `describe_environment`
first, then `load_engine`, in the process that will serve.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from switchover_local.callers import tell_callers
from switchover_local.condition_keys import add_condition_keys
from switchover_local.engine_time import live_on
from switchover_local.forks import WORKER_SITE
from switchover_local.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from switchover_local.twin.paced_clock import PacedClock
    from switchover_local.twin.wire.server import AsgiApp

PINNED_VERSION = "1.5.33"
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
# boto3's name of each service that the twin answers for, and its endpoint variable's ending.
TWIN_SERVICES = {
    "sagemaker": "SAGEMAKER",
    "sagemaker-runtime": "SAGEMAKER_RUNTIME",
    "cloudwatch": "CLOUDWATCH",
    "application-autoscaling": "APPLICATION_AUTO_SCALING",
    "service-quotas": "SERVICE_QUOTAS",
}


class EngineMismatch(Exception):
    """The installed MiniStack isn't the version whose internals this module uses."""


@dataclass(frozen=True, slots=True)
class Engine:
    """MiniStack, ready to serve, and its internal function for events that only AWS may send."""

    app: AsgiApp
    deliver: Callable[[Mapping[str, Any]], None]
    workers: Workers


def name_endpoints(engine_port: int, twin_port: int) -> dict[str, str]:
    """The variables that point every AWS client to this cloud only."""
    twin = f"http://127.0.0.1:{twin_port}"
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # A rehearsal must never use a profile of the user's AWS account.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{engine_port}",
        **{f"AWS_ENDPOINT_URL_{service}": twin for service in TWIN_SERVICES.values()},
    }


def clear_of_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without the variables that would point an AWS client elsewhere."""
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith("AWS_") and name.upper() != "NO_PROXY"
    }


def describe_environment(engine_port: int, twin_port: int, temporary: Path) -> dict[str, str]:
    """The variables that MiniStack reads at import; its Lambda workers inherit them."""
    return {
        **name_endpoints(engine_port, twin_port),
        "GATEWAY_PORT": str(engine_port),
        "MINISTACK_HOST": "127.0.0.1",  # it is part of queue URLs
        "MINISTACK_REGION": REGION,
        "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
        "IOT_MTLS_ENABLED": "0",  # else it opens an MQTT port on all interfaces
        "SFTP_ENABLED": "0",
        "PYTHONPATH": str(WORKER_SITE),
        # MiniStack's cleanup would search Docker for leftover containers; this cloud starts none.
        "DOCKER_HOST": "unix:///nonexistent",
        "LOG_LEVEL": "INFO",
        "TMPDIR": str(temporary),
    }


def load_engine(clock: PacedClock, store: Path) -> Engine:
    """Import MiniStack with this clock, and check its version.

    Lambda workers share the unpacked code in `store`.

    Raises:
        EngineMismatch: MiniStack has another version, or lacks a symbol.
    """
    version = importlib.metadata.version("ministack")
    eventbridge = importlib.import_module("ministack.services.eventbridge")
    put_events = getattr(eventbridge, "_put_events", None)
    workers = Workers(clock, store)
    is_known = tell_callers() and live_on(clock) and workers.are_used()
    if version != PINNED_VERSION or put_events is None or not is_known:
        raise EngineMismatch(
            f"MiniStack {version} is installed, {PINNED_VERSION} is expected, with the symbols that"
            " switchover_local names in engine.py, engine_time.py, workers.py and callers.py. "
            "Install the pinned version, or check the symbols and move the pin."
        )

    add_condition_keys()

    def deliver(event: Mapping[str, Any]) -> None:
        # The public API refuses aws.* sources, as AWS does; only this internal function accepts them.
        status, _, body = put_events(
            {
                "Entries": [
                    {
                        "Source": event["source"],
                        "DetailType": event["detail-type"],
                        "Detail": json.dumps(event["detail"]),
                        "Resources": list(event.get("resources", [])),
                    }
                ]
            },
            allow_aws_source=True,
        )
        answer = json.loads(body)
        if status != 200 or answer.get("FailedEntryCount"):
            raise EngineMismatch(f"MiniStack refused the twin's event: {body!r}")

    app = importlib.import_module("ministack.app").app
    return Engine(app=cast("AsgiApp", app), deliver=deliver, workers=workers)
