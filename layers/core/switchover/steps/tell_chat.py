"""TellChat: sends announcements and stages of updates to the chat topic.

No state of an update calls this step. Announcements arrive from the topic for people, stages from the
stream of the ledger. So chat can neither delay an update nor fail it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.aws.ledger_items import read_moment
from switchover.domain.answers import StateAnswer
from switchover.explain.chat import Announced, Buttons, tell_announced, tell_moment
from switchover.settings import settings

if TYPE_CHECKING:
    from switchover.domain.update.update import Update
    from switchover.explain.chat_message import ChatMessage


class TellChatAnswer(StrEnum):
    """Whether this call published a message."""

    TOLD = "told"
    NOTHING_NEW = "nothing_new"


def tell_chat(
    announced: tuple[Announced, ...], entries: tuple[tuple[str, str, str], ...]
) -> StateAnswer[TellChatAnswer]:
    """Publish the chat form of announcements, and of new entries of timelines.

    An entry is the key of its partition, its own key and its body, as they stand in the ledger.
    """
    ledger, chat, buttons = gateways.ledger(), gateways.chat(), _read_buttons()
    told = 0
    for said in announced:
        message = tell_announced(said, ledger.find(said.update_id), buttons)
        if message is not None:
            told += chat.tell(message)
    for partition, entry, body in entries:
        update = ledger.find(partition.removeprefix("update#"))
        message = _tell_entry(update, entry, body, buttons)
        if message is not None:
            told += chat.tell(message)
    verdict = TellChatAnswer.TOLD if told else TellChatAnswer.NOTHING_NEW
    return StateAnswer(verdict, carried={"messages": told})


def _tell_entry(
    update: Update | None, entry: str, body: str, buttons: Buttons
) -> ChatMessage | None:
    if update is None:
        return None
    moment = read_moment({"sk": {"S": entry}, "body": {"S": body}})
    return tell_moment(update, moment, entry.removeprefix("moment#"), buttons)


def _read_buttons() -> Buttons:
    told = settings()
    return Buttons(are_on=told.chat_buttons == "on", may_approve=told.chat_user_roles == "on")
