"""Publishes outcomes to the SNS topic, and reads whether the topic has subscribers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from switchover.domain.readings import Subscribers, Unmeasured

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sns import SNSClient

    from switchover.explain.announcement import Announcement

SOURCE = "switchover"


class Announcements:
    """Publishes the outcomes of updates."""

    def __init__(
        self, sns: SNSClient, events: EventBridgeClient, topic_arn: str, event_bus: str
    ) -> None:
        self._sns = sns
        self._events = events
        self._topic_arn = topic_arn
        self._event_bus = event_bus

    def publish(self, announcement: Announcement) -> None:
        """Notify people, with attributes for filters of subscriptions.

        SMS has a short text of its own. Every other subscriber gets the whole text.
        """
        self._sns.publish(
            TopicArn=self._topic_arn,
            Subject=announcement.subject,
            MessageStructure="json",
            Message=json.dumps(
                {"default": announcement.text, "sms": announcement.sms}, ensure_ascii=False
            ),
            MessageAttributes={
                key: {"DataType": "String", "StringValue": value}
                for key, value in announcement.attributes.items()
                if value  # SNS refuses an empty attribute
            },
        )

    def emit(self, announcement: Announcement) -> None:
        """Notify machines: one event `switchover` / `Update <Outcome>`."""
        answer = self._events.put_events(
            Entries=[
                {
                    "Source": SOURCE,
                    "DetailType": announcement.detail_type,
                    # EventBridge counts its 256 KB in UTF-8, where a letter is shorter than its JSON
                    # escape.
                    "Detail": json.dumps(announcement.detail, ensure_ascii=False),
                    "EventBusName": self._event_bus,
                }
            ]
        )
        if answer["FailedEntryCount"]:
            failed = answer["Entries"][0]
            raise RuntimeError(
                f"EventBridge refused the outcome event: {failed.get('ErrorCode')}"
                f" {failed.get('ErrorMessage')}"
            )


class Topic:
    """The topic for people; `topic_arn` is None if no topic is known.

    With chat on, TellChat subscribes to the topic, and sends what it hears to the chat topic.
    """

    def __init__(self, sns: SNSClient, topic_arn: str | None, chat_topic_arn: str = "") -> None:
        self._sns = sns
        self._topic_arn = topic_arn
        self._chat_topic_arn = chat_topic_arn

    def subscribers(self) -> Subscribers | Unmeasured:
        """How many subscriptions are confirmed, and how many await it; TellChat's own doesn't count."""
        if self._topic_arn is None:
            return Unmeasured("no topic is known here")
        found = self._count(self._topic_arn)
        if not self._chat_topic_arn:
            return found
        chat = self._count(self._chat_topic_arn)
        return Subscribers(
            confirmed=max(0, found.confirmed - 1) + chat.confirmed,
            pending=found.pending + chat.pending,
        )

    def _count(self, topic_arn: str) -> Subscribers:
        told = self._sns.get_topic_attributes(TopicArn=topic_arn)["Attributes"]
        return Subscribers(
            confirmed=int(told.get("SubscriptionsConfirmed", 0)),
            pending=int(told.get("SubscriptionsPending", 0)),
        )
