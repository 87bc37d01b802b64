"""Publishes messages to the chat topic, each event once, and notes in the ledger which were published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.aws.table import Table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient

    from switchover.explain.chat_message import ChatMessage


class Chat(Table):
    """The chat topic, and which messages it was sent: `update#<id>`, `chat#<event>`."""

    def __init__(
        self, sns: SNSClient, dynamodb: DynamoDBClient, table: str, topic_arn: str
    ) -> None:
        super().__init__(dynamodb, table)
        self._sns = sns
        self._topic_arn = topic_arn

    def tell(self, message: ChatMessage) -> bool:
        """Publish a message; False if its event was published before.

        The note follows the message. So a message comes twice if the note fails, and is never lost.
        """
        place = f"update#{message.metadata.thread_id}", f"chat#{message.id}"
        if self._get(*place) is not None:
            return False
        # Amazon Q reads the body as one JSON text, without a subject or a structure.
        self._sns.publish(TopicArn=self._topic_arn, Message=message.write())
        self._put(*place)
        return True
