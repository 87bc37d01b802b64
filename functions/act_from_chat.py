"""ActFromChat: carries out a button of a chat message."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from switchover.domain.answers import answer
from switchover.steps.act_from_chat import ChatAction, act_from_chat
from switchover.telemetry import handler as lambda_handler


class Payload(BaseModel):
    """The button, and the update under whose message it was pressed. The keys are short for a reason.

    A button's command may have 100 characters, with the region and the function's name.
    """

    model_config = ConfigDict(extra="forbid")

    do: ChatAction
    id: Annotated[str, Field(min_length=1, max_length=80)]


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Answer with a sentence, which the channel shows."""
    return answer(act_from_chat(payload.do, payload.id))
