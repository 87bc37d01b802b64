"""Outcomes reach people by SNS and machines by EventBridge."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from tests.support.samples import later, update

from switchover.aws.notifications import Announcements
from switchover.domain.outcome import Outcome
from switchover.explain.announcement import announce_outcome

if TYPE_CHECKING:
    from switchover.explain.announcement import Announcement


@dataclass(frozen=True)
class Listener:
    """A topic, and a queue that is subscribed to it."""

    topic: str
    queue: str

    def heard(self) -> list[dict[str, Any]]:
        """The messages that arrived."""
        found = _client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture
def listener(aws: None) -> Listener:
    topic = _client("sns").create_topic(Name="outcomes")["TopicArn"]
    queue = _client("sqs").create_queue(QueueName="heard")["QueueUrl"]
    asked = _client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    arn = asked["Attributes"]["QueueArn"]
    _client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return Listener(topic, queue)


def _client(service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )


def announcement(**changes: Any) -> Announcement:
    return announce_outcome(
        update(outcome=Outcome.UPDATED, summary="chat serves v2.", ended_at=later(1), **changes)
    )


def publish(topic: str, told: Announcement) -> None:
    Announcements(_client("sns"), _client("events"), topic, "default").publish(told)


def test_people_get_subject_text_and_attributes(listener: Listener) -> None:
    publish(listener.topic, announcement())
    [message] = listener.heard()
    assert message["Subject"] == "Updated: chat v2"
    assert message["Message"].startswith("chat serves v2.")
    assert message["MessageAttributes"]["outcome"] == {"Type": "String", "Value": "Updated"}


def test_sms_has_a_text_of_its_own() -> None:
    sns = _client("sns")
    with Stubber(sns) as stub:
        sent = {
            "TopicArn": "arn:unused",
            "Subject": "Updated: chat v2",
            "MessageStructure": "json",
            "Message": json.dumps(
                {"default": announcement().text, "sms": "chat Updated v2. Nothing to do."}
            ),
            "MessageAttributes": ANY,
        }
        stub.add_response("publish", {"MessageId": "1"}, sent)
        Announcements(sns, _client("events"), "arn:unused", "bus").publish(announcement())
        stub.assert_no_pending_responses()


def test_an_update_without_a_version_is_announced_too(listener: Listener) -> None:
    """SNS refuses an attribute with an empty StringValue."""
    publish(listener.topic, announcement(version=""))
    [message] = listener.heard()
    assert "version" not in message["MessageAttributes"]


def test_the_longest_names_are_announced(listener: Listener) -> None:
    publish(listener.topic, announcement(endpoint="e" * 63, version="v" * 63))
    assert len(listener.heard()) == 1


def emit(events: Any) -> None:
    Announcements(_client("sns"), events, "arn:unused", "bus").emit(announcement())


def test_machines_get_one_event_on_the_bus() -> None:
    events = _client("events")
    entry = {
        "Source": "switchover",
        "DetailType": "Update Updated",
        "Detail": json.dumps(announcement().detail),
        "EventBusName": "bus",
    }
    with Stubber(events) as stub:
        answer = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}
        stub.add_response("put_events", answer, {"Entries": [entry]})
        emit(events)
        stub.assert_no_pending_responses()


def test_an_event_that_the_bus_refused_is_an_error() -> None:
    """PutEvents answers 200 and a count of failures."""
    events = _client("events")
    failed = {"ErrorCode": "InternalFailure", "ErrorMessage": "try again"}
    with Stubber(events) as stub:
        stub.add_response("put_events", {"FailedEntryCount": 1, "Entries": [failed]})
        with pytest.raises(RuntimeError, match="InternalFailure try again"):
            emit(events)
