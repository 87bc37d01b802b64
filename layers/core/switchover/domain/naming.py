"""Names that a retried handler makes the same again."""

from __future__ import annotations

import hashlib
import re

# EndpointConfigName and ModelName: 63 of [a-zA-Z0-9-] (rules §1.2, §1.6). Execution names: 80 (§6).
_NAME_LENGTH = 63
_EXECUTION_LENGTH = 80
ALARM_PREFIX = "switchover/"


def config_name(endpoint: str, version: str, update_id: str) -> str:
    """Name the target config, and its model: fresh for each update, the same at each retry.

    A fresh name is what lets "which config serves" tell success from a rollback (rules §2.2).
    """
    return _fit(f"{endpoint}-{version}", _digest(update_id), _NAME_LENGTH)


def execution_name(endpoint: str, version: str, source: str) -> str:
    """Name the execution, and so the update, after what started it: a repeat starts nothing.

    `source` identifies the release object's content (bucket, key, ETag).
    """
    return _fit(f"{endpoint}-{version}", _digest(source), _EXECUTION_LENGTH)


def alarm_name(endpoint: str, scope: str, purpose: str) -> str:
    """Name an alarm so that its endpoint can be read off: endpoint names hold no slash."""
    return f"{ALARM_PREFIX}{endpoint}/{scope}/{purpose}"


def endpoint_of_alarm(name: str) -> str | None:
    """The endpoint that one of our alarms belongs to."""
    parts = name.removeprefix(ALARM_PREFIX).split("/")
    return parts[0] if name.startswith(ALARM_PREFIX) and len(parts) == 3 else None


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _fit(stem: str, digest: str, length: int) -> str:
    clean = re.sub(r"[^a-zA-Z0-9]+", "-", stem).strip("-")
    return f"{clean[: length - len(digest) - 1].rstrip('-')}-{digest}"
