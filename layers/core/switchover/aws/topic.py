"""The topic of announcements: who hears them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.readings import Subscribers, Unmeasured

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Topic:
    """One SNS topic; `topic_arn` is None where none is known."""

    def __init__(self, sns: SNSClient, topic_arn: str | None) -> None:
        self._sns = sns
        self._topic_arn = topic_arn

    def subscribers(self) -> Subscribers | Unmeasured:
        """How many subscriptions are confirmed, and how many await it."""
        if self._topic_arn is None:
            return Unmeasured("no topic is known here")
        told = self._sns.get_topic_attributes(TopicArn=self._topic_arn)["Attributes"]
        return Subscribers(
            confirmed=int(told.get("SubscriptionsConfirmed", 0)),
            pending=int(told.get("SubscriptionsPending", 0)),
        )
