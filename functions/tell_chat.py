"""TellChat: tells a chat channel of announcements and of stages."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from switchover.domain.answers import answer
from switchover.explain.chat import Announced
from switchover.steps.tell_chat import tell_chat
from switchover.telemetry import handler as lambda_handler


class Attribute(BaseModel):
    """An attribute of an SNS message, as Lambda receives it."""

    value: str = Field(alias="Value")


class Message(BaseModel):
    """An SNS message. Its text isn't read: the text may hold links with a secret."""

    subject: str | None = Field(alias="Subject", default=None)
    attributes: dict[str, Attribute] = Field(alias="MessageAttributes", default={})


class FromTopic(BaseModel):
    """A record of the topic for people."""

    source: Literal["aws:sns"] = Field(alias="EventSource")
    message: Message = Field(alias="Sns")

    @property
    def announced(self) -> tuple[Announced, ...]:
        """The announcement that the attributes name; none for a message that a person published."""
        named = {name: attribute.value for name, attribute in self.message.attributes.items()}
        if not named.keys() >= {"update_id", "endpoint", "outcome"}:
            return ()
        subject = self.message.subject or named["outcome"]
        return (Announced(named["update_id"], named["endpoint"], named["outcome"], subject),)


class Text(BaseModel):
    """A text in DynamoDB's form."""

    text: str = Field(alias="S")


class Item(BaseModel):
    """An entry of a timeline, as the ledger holds it."""

    pk: Text
    sk: Text
    body: Text


class Change(BaseModel):
    """A change in the ledger's table."""

    item: Item = Field(alias="NewImage")


class FromStream(BaseModel):
    """A record of the ledger's stream."""

    source: Literal["aws:dynamodb"] = Field(alias="eventSource")
    change: Change = Field(alias="dynamodb")

    @property
    def entry(self) -> tuple[str, str, str]:
        """The key of the partition, the entry's own key, and its body."""
        item = self.change.item
        return item.pk.text, item.sk.text, item.body.text


class Payload(BaseModel):
    """Lambda's event of a topic or of a stream."""

    records: tuple[FromTopic | FromStream, ...] = Field(alias="Records")

    @property
    def announced(self) -> tuple[Announced, ...]:
        """The announcements."""
        told = (one.announced for one in self.records if isinstance(one, FromTopic))
        return tuple(said for each in told for said in each)

    @property
    def entries(self) -> tuple[tuple[str, str, str], ...]:
        """The new entries of timelines."""
        return tuple(one.entry for one in self.records if isinstance(one, FromStream))


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Tell what is new."""
    return answer(tell_chat(payload.announced, payload.entries))
