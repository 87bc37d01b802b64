"""The chat topic gets each event once, as one JSON text without a subject."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.support.ledger_table import TABLE, table_in_memory
from tests.support.samples import later, plan, update

from switchover.aws.chat import Chat
from switchover.domain.update.records import Moment
from switchover.explain.chat import Buttons, tell_moment


@dataclass
class Topic:
    """SNS, which keeps what it is asked to publish, or refuses it."""

    published: list[dict[str, Any]] = field(default_factory=list)
    is_down: bool = False

    def publish(self, **asked: Any) -> dict[str, str]:
        """Take a message."""
        if self.is_down:
            raise OSError("SNS can't be reached")
        self.published.append(asked)
        return {"MessageId": "1"}


@pytest.fixture
def topic() -> Topic:
    return Topic()


@pytest.fixture
def chat(topic: Topic) -> Chat:
    sns: Any = topic
    table: Any = table_in_memory()
    return Chat(sns, table, TABLE, "arn:topic")


def _tell(chat: Chat, text: str = "Launching 2 instance(s).") -> bool:
    moment = Moment(at=later(60), state="AwaitOutcome", text=text)
    message = tell_moment(
        update(plan=plan()), moment, "entry", Buttons(are_on=False, may_approve=False)
    )
    assert message is not None
    return chat.tell(message)


def test_a_message_is_one_json_text_without_subject_or_structure(chat: Chat, topic: Topic) -> None:
    is_new = _tell(chat)

    [published] = topic.published
    assert is_new
    assert set(published) == {"TopicArn", "Message"}
    assert json.loads(published["Message"])["id"] == "chat-v2-0a1b2c3d/started"


def test_an_event_is_published_once_and_another_event_too(chat: Chat, topic: Topic) -> None:
    told = [
        _tell(chat),
        _tell(chat, "Launching 4 instance(s)."),
        _tell(chat, "Baking for 60 seconds."),
    ]

    assert told == [True, False, True]
    assert len(topic.published) == 2


def test_a_message_that_sns_refused_is_published_by_the_next_try(chat: Chat, topic: Topic) -> None:
    topic.is_down = True
    with pytest.raises(OSError, match="can't be reached"):
        _tell(chat)
    topic.is_down = False

    assert _tell(chat)
