"""Names of resources; a retried handler computes the same names again."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

# EndpointConfigName and ModelName: 63 of [a-zA-Z0-9-] (rules §1.2, §1.6). Execution names: 80 (§6).
_NAME_LENGTH = 63
_EXECUTION_LENGTH = 80
_SCHEDULE_LENGTH = 64  # CreateSchedule, Name
ALARM_PREFIX = "switchover/"
# In lower case, as SageMaker writes names in ARNs. The functions may create and delete only resources
# with this prefix (template.yaml).
CONFIG_PREFIX = "switchover-"
# 64 bits. An attacker who may upload for one endpoint finds within minutes a release whose names
# share 32 bits with another endpoint's names, and hyphens can make the rest equal: `a-b` + `c` and
# `a` + `b-c`.
_DIGEST_LENGTH = 16


def config_name(endpoint: str, version: str, update_id: str, started_at: datetime) -> str:
    """Name the target config and its model: new for each update, the same for each retry.

    With a new name, the serving config shows whether the update succeeded or was rolled back (rules
    §2.2). `switchover-vlm-prod-v2-20261130-…`: the date is the update's start, in UTC. It is left out
    if the endpoint's whole name needs its room. A version that is too long is cut.
    """
    stem, digest = f"{CONFIG_PREFIX}{endpoint}-{version}", _digest(update_id)
    tail = f"{started_at.astimezone(UTC):%Y%m%d}-{digest}"
    has_room = len(f"{CONFIG_PREFIX}{endpoint}-{tail}") <= _NAME_LENGTH
    return _fit(stem, tail if has_room else digest, _NAME_LENGTH)


def undated_config_name(endpoint: str, version: str, source: str) -> str:
    """Name a config without a date, such as the copy of the previous config."""
    return _fit(f"{CONFIG_PREFIX}{endpoint}-{version}", _digest(source), _NAME_LENGTH)


def is_config_of(
    name: str, endpoint: str, version: str, update_id: str, started_at: datetime
) -> bool:
    """Whether a config has the name that this or an earlier release of Switchover gives for this update.

    Earlier names had no prefix at first, then a digest of 8 digits, then no date.
    """
    return name in {
        config_name(endpoint, version, update_id, started_at),
        undated_config_name(endpoint, version, update_id),
        _fit(f"{CONFIG_PREFIX}{endpoint}-{version}", _digest(update_id)[:8], _NAME_LENGTH),
        _fit(f"{endpoint}-{version}", _digest(update_id)[:8], _NAME_LENGTH),
    }


def short_config_name(name: str) -> str:
    """The distinctive part of a config's name; a name not made by Switchover stays whole."""
    return name.removeprefix(CONFIG_PREFIX)


def execution_name(endpoint: str, version: str, source: str) -> str:
    """Name the execution, and so the update, after its source: a repeat starts nothing.

    `source` identifies the release object's content (bucket, key, ETag).
    """
    return _fit(f"{endpoint}-{version}", _digest(source), _EXECUTION_LENGTH)


def execution_arn(state_machine_arn: str, name: str) -> str:
    """The ARN of the execution with that name, even if it doesn't exist."""
    return f"{state_machine_arn.replace(':stateMachine:', ':execution:')}:{name}"


def resume_name(endpoint: str, version: str, update_id: str, queued_by: str) -> str:
    """Name the execution that continues a waiting update, after the execution that queued it.

    Repeated triggers start it once. If it queues the update again, the next name differs.
    """
    return execution_name(endpoint, version, f"{update_id}#{queued_by}")


def schedule_name(endpoint: str, at: datetime) -> str:
    """Name the schedule that checks an endpoint's queue in a certain minute."""
    minute = f"{at:%Y%m%dT%H%M}"
    stem = endpoint[: _SCHEDULE_LENGTH - len(minute) - _DIGEST_LENGTH - 2]
    return f"{stem}-{minute}-{_digest(f'{endpoint}#{minute}')}"


def alarm_name(endpoint: str, scope: str, purpose: str) -> str:
    """Name an alarm so that its name shows the endpoint: endpoint names contain no slash."""
    return f"{ALARM_PREFIX}{endpoint}/{scope}/{purpose}"


def endpoint_of_alarm(name: str) -> str | None:
    """The endpoint that one of our alarms belongs to."""
    parts = name.removeprefix(ALARM_PREFIX).split("/")
    return parts[0] if name.startswith(ALARM_PREFIX) and len(parts) == 3 else None


def short_alarm_name(name: str) -> str:
    """The part of an own alarm's name that says what it watches; other names stay unchanged."""
    return name.rpartition("/")[2] if endpoint_of_alarm(name) else name


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]


def _fit(stem: str, digest: str, length: int) -> str:
    clean = re.sub(r"[^a-zA-Z0-9]+", "-", stem).strip("-")
    return f"{clean[: length - len(digest) - 1].rstrip('-')}-{digest}"


def account_of(arn: str) -> str:
    """The account that an ARN names; empty for anything else."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 else ""  # arn:partition:service:region:account:…
