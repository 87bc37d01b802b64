"""Schedules that check a queue: one per endpoint and minute, deleted after they have fired."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from switchover.aws.schedules import Ring, Schedules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_scheduler import EventBridgeSchedulerClient

RING = Ring(
    group="switchover",
    target_arn="arn:aws:lambda:us-east-1:000000000000:function:switchover-StartQueued",
    role_arn="arn:aws:iam::000000000000:role/queue",
    dead_letters_arn="arn:aws:sqs:us-east-1:000000000000:dead",
)
NIGHT = datetime(2030, 6, 1, 2, 0, tzinfo=UTC)


@pytest.fixture
def scheduler() -> Iterator[EventBridgeSchedulerClient]:
    with mock_aws():
        client = boto3.client("scheduler", region_name="us-east-1")
        client.create_schedule_group(Name=RING.group)
        yield client


@pytest.fixture
def schedules(scheduler: EventBridgeSchedulerClient) -> Schedules:
    return Schedules(scheduler, RING)


def names(scheduler: EventBridgeSchedulerClient) -> list[str]:
    listed = scheduler.list_schedules(GroupName=RING.group)["Schedules"]
    return [schedule["Name"] for schedule in listed]


def rings_at(scheduler: EventBridgeSchedulerClient) -> str:
    [name] = names(scheduler)
    return scheduler.get_schedule(GroupName=RING.group, Name=name)["ScheduleExpression"]


@pytest.mark.parametrize(
    ("wished", "rings"),
    [
        (NIGHT, "at(2030-06-01T02:00:00)"),
        (NIGHT + timedelta(seconds=1), "at(2030-06-01T02:01:00)"),
        (NIGHT + timedelta(seconds=59), "at(2030-06-01T02:01:00)"),
        (NIGHT.astimezone(timezone(timedelta(hours=9))), "at(2030-06-01T02:00:00)"),
    ],
)
def test_it_rings_in_the_minute_that_was_wished_and_never_before(
    scheduler: EventBridgeSchedulerClient, schedules: Schedules, wished: datetime, rings: str
) -> None:
    schedules.wake("chat", wished)

    assert rings_at(scheduler) == rings


def test_it_names_the_endpoint_to_the_queue_s_function_and_is_gone_then(
    scheduler: EventBridgeSchedulerClient, schedules: Schedules
) -> None:
    schedules.wake("chat", NIGHT)

    [name] = names(scheduler)
    made = scheduler.get_schedule(GroupName=RING.group, Name=name)
    assert made["ActionAfterCompletion"] == "DELETE"
    assert made["ScheduleExpressionTimezone"] == "UTC"
    target = made["Target"]
    assert (target["Arn"], target["RoleArn"]) == (RING.target_arn, RING.role_arn)
    assert json.loads(target["Input"]) == {"endpoint": "chat"}
    assert target["DeadLetterConfig"] == {"Arn": RING.dead_letters_arn}


def test_whoever_asks_again_for_the_same_minute_gets_the_same_ring(
    scheduler: EventBridgeSchedulerClient, schedules: Schedules
) -> None:
    schedules.wake("chat", NIGHT)
    schedules.wake("chat", NIGHT - timedelta(seconds=30))

    assert len(names(scheduler)) == 1


def test_endpoints_and_minutes_ring_apart(
    scheduler: EventBridgeSchedulerClient, schedules: Schedules
) -> None:
    long = "chat-" * 12
    for endpoint in ("chat", f"{long}a", f"{long}b"):
        schedules.wake(endpoint, NIGHT)
    schedules.wake("chat", NIGHT + timedelta(minutes=1))

    made = names(scheduler)
    assert len(made) == len(set(made)) == 4
    assert max(map(len, made)) <= 64


def test_a_refusal_that_is_no_repetition_is_not_swallowed(
    scheduler: EventBridgeSchedulerClient, schedules: Schedules
) -> None:
    with Stubber(scheduler) as refusing:
        refusing.add_client_error("create_schedule", "ResourceNotFoundException")

        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            schedules.wake("chat", NIGHT)
