"""People's own alarms lead to the updates that watch them, and to none after these have ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config
from tests.support.ledger_table import TABLE
from tests.support.samples import ENDPOINT, plan, update

from switchover.aws.watched_alarms import WatchedAlarms

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from switchover.domain.update.update import Update

SHARED = "shop/refunds"


@pytest.fixture
def alarms(dynamodb: DynamoDBClient) -> WatchedAlarms:
    return WatchedAlarms(dynamodb, TABLE)


def watching(update_id: str, *names: str, endpoint: str = ENDPOINT) -> Update:
    return update(
        update_id=update_id, endpoint=endpoint, plan=plan(4, alarms={"also": list(names)})
    )


def test_an_alarm_leads_to_every_endpoint_that_watches_it(alarms: WatchedAlarms) -> None:
    alarms.watch(watching("one", SHARED, "mine"))
    alarms.watch(watching("two", SHARED, endpoint="voice"))

    assert alarms.endpoints(SHARED) == (ENDPOINT, "voice")
    assert alarms.endpoints("mine") == (ENDPOINT,)


def test_an_alarm_that_nobody_watches_leads_nowhere(alarms: WatchedAlarms) -> None:
    alarms.watch(watching("one", SHARED))

    assert alarms.endpoints("shop") == ()


def test_the_endpoints_own_alarms_are_not_kept(
    alarms: WatchedAlarms, dynamodb: DynamoDBClient
) -> None:
    alarms.watch(watching("one"))

    assert dynamodb.scan(TableName=TABLE)["Items"] == []


def test_another_endpoints_alarm_of_ours_is_kept(alarms: WatchedAlarms) -> None:
    name = "switchover/voice/standing/latency"
    alarms.watch(watching("one", name))

    assert alarms.endpoints(name) == (ENDPOINT,)


def test_what_an_update_watched_is_gone_with_it_however_often_it_leaves(
    alarms: WatchedAlarms, dynamodb: DynamoDBClient
) -> None:
    one = watching("one", SHARED, "mine")
    alarms.watch(one)
    alarms.watch(one)
    alarms.leave(one)
    alarms.leave(one)

    assert dynamodb.scan(TableName=TABLE)["Items"] == []


def test_an_update_that_leaves_late_takes_nothing_from_the_next(alarms: WatchedAlarms) -> None:
    earlier, next_ = watching("one", SHARED), watching("two", SHARED)
    alarms.watch(earlier)
    alarms.watch(next_)
    alarms.leave(earlier)

    assert alarms.endpoints(SHARED) == (ENDPOINT,)


def test_an_update_without_a_plan_watches_nothing(alarms: WatchedAlarms) -> None:
    alarms.watch(watching("one", SHARED))

    alarms.leave(update(update_id="one"))

    assert alarms.endpoints(SHARED) == (ENDPOINT,)


def test_what_cannot_be_removed_is_logged_and_fails_no_outcome(
    dynamodb: DynamoDBClient, caplog: pytest.LogCaptureFixture
) -> None:
    WatchedAlarms(dynamodb, "no-such-table").leave(watching("one", SHARED))

    assert caplog.messages == ["left watched"]


def test_a_ledger_that_cannot_be_reached_fails_no_outcome(caplog: pytest.LogCaptureFixture) -> None:
    nowhere = boto3.client(
        "dynamodb",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
        config=Config(retries={"max_attempts": 0}),
    )

    WatchedAlarms(nowhere, TABLE).leave(watching("one", SHARED))

    assert caplog.messages == ["left watched"]
