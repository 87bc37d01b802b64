"""The buttons of chat messages keep to the API's limits, and call the function with what it takes."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from functions.act_from_chat import Payload
from tests.support.template_parts import resources, template

from switchover.explain.chat import OFFERS, UPDATE_ID
from switchover.steps.act_from_chat import ChatAction

_BUTTONS = resources("AWS::Chatbot::CustomAction")
_LONGEST_REGION = "ap-southeast-1"
_LONGEST_COMMAND = 100  # API Reference, CustomActionDefinition
_SHORT_BUTTON = 20  # Administrator Guide, "Creating custom actions"
_MOST = 5  # variables, and criteria: API Reference, CustomActionAttachment


def _command(button: str) -> str:
    """The command of a button in the region with the longest name, for a function of such a name too."""
    text: str = _BUTTONS[button]["Definition"]["CommandText"]["Fn::Sub"]
    pattern = template()["Parameters"]["ChatFunctionName"]["AllowedPattern"]
    longest = int(re.findall(r"\{1,(\d+)\}", pattern)[0])
    return text.replace("${ChatFunctionName}", "f" * longest).replace(
        "${AWS::Region}", _LONGEST_REGION
    )


def _attached(button: str) -> dict[str, Any]:
    [attached] = _BUTTONS[button]["Attachments"]
    return dict(attached)


@pytest.mark.parametrize("button", _BUTTONS)
def test_a_button_keeps_to_the_limits(button: str) -> None:
    attached = _attached(button)

    assert len(_command(button)) <= _LONGEST_COMMAND
    assert len(attached["ButtonText"]) <= _SHORT_BUTTON
    assert len(attached["Variables"]) <= _MOST
    assert len(attached["Criteria"]) <= _MOST
    assert set(re.findall(r"\$(\w+)", _command(button))) <= set(attached["Variables"])


@pytest.mark.parametrize("button", _BUTTONS)
def test_the_function_takes_what_a_button_sends(button: str) -> None:
    [sent] = re.findall(r"--payload (\{.*\}) ", _command(button))

    payload = Payload.model_validate(json.loads(sent.replace("$id", "chat-v2-0a1b2c3d")))

    assert payload.id == "chat-v2-0a1b2c3d"
    assert _BUTTONS[button]["ActionName"] == {"Fn::Sub": f"${{ChatFunctionName}}-{payload.do}"}


def test_each_action_has_its_button() -> None:
    sent = {re.findall(r'"do":"(\w+)"', _command(button))[0] for button in _BUTTONS}

    assert sent == set(ChatAction)


def test_a_button_looks_for_what_messages_hold() -> None:
    paths = {path for button in _BUTTONS for path in _attached(button)["Variables"].values()}
    keys = {path.removeprefix("event.metadata.additionalContext.") for path in paths}

    assert keys == {UPDATE_ID, *OFFERS}


def test_buttons_are_off_unless_they_are_asked_for() -> None:
    parameters = template()["Parameters"]
    conditions = {template()["Resources"][button]["Condition"] for button in _BUTTONS}

    assert [parameters[name]["Default"] for name in ("Chat", "ChatButtons", "ChatUserRoles")] == [
        "off"
    ] * 3
    assert conditions == {"HasChatButtons"}
