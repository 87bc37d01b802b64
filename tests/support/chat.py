"""A chat channel in a story: the topic for people and the ledger's stream feed TellChat, as deployed.

`turn_on` deploys the stack as with the parameter Chat "on".
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.in_memory import say
from tests.support.stand_ins import PassesOn

if TYPE_CHECKING:
    from tests.support.lambdas import Lambdas
    from tests.support.world import World

_FUNCTION = "TellChatFunction"


@dataclass
class Stream(PassesOn):
    """DynamoDB whose new entries of timelines go to TellChat, as by the mapping's filter."""

    lambdas: Lambdas

    def put_item(self, **asked: Any) -> Any:
        """Put an item, and tell of it if it is a new entry of a timeline."""
        item = asked["Item"]
        key = {"pk": item["pk"], "sk": item["sk"]}
        is_entry = item["sk"]["S"].startswith("moment#")
        is_new = is_entry and "Item" not in self.client.get_item(
            TableName=asked["TableName"], Key=key
        )
        answer = self.client.put_item(**asked)
        if is_new:
            change = {"Keys": key, "NewImage": item}
            record = {"eventSource": "aws:dynamodb", "eventName": "INSERT", "dynamodb": change}
            self.lambdas.deliver(_FUNCTION, {"Records": [record]})
        return answer


@dataclass
class Channel:
    """What the subscribers of the chat topic get. `is_down` makes SNS refuse."""

    world: World
    bodies: list[str] = field(default_factory=list)
    is_down: bool = False

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages, read as Amazon Q does."""
        return [json.loads(body) for body in self.bodies]

    @property
    def titles(self) -> list[str]:
        """The title of each message."""
        return [message["content"]["title"] for message in self.messages]


@dataclass
class Topics(PassesOn):
    """SNS with two topics: the chat topic's messages go to the channel, the others where they went."""

    channel: Channel

    def publish(self, **message: Any) -> Any:
        """Take a message."""
        if "Subject" in message:
            return self.client.publish(**message)
        if self.channel.is_down:
            raise OSError("SNS can't be reached")
        assert set(message) == {"TopicArn", "Message"}
        assert message["TopicArn"].endswith(":ChatTopic")
        self.channel.bodies.append(message["Message"])
        return say(200, {"MessageId": "1"})[1]


def turn_on(world: World, *, buttons: bool = False, user_roles: bool = False) -> Channel:
    """Have a world with a chat channel."""
    channel = Channel(world)
    world.dynamodb = Stream(world.dynamodb, world.lambdas)
    world.stand_ins["sns"] = Topics(world.outlets, channel)
    world.outlets.subscribers.append(lambda message: _notify(world, message))
    world.lambdas.overrides |= {
        "SWITCHOVER_CHAT_BUTTONS": "on" if buttons else "off",
        "SWITCHOVER_CHAT_USER_ROLES": "on" if user_roles else "off",
    }
    return channel


def press(world: World, do: str, update_id: str) -> dict[str, Any]:
    """Press a button of the channel; returns what the channel is answered."""
    answered: dict[str, Any] = world.lambdas.invoke(
        "arn:aws:lambda:us-east-1:000000000000:function:ActFromChatFunction",
        {"do": do, "id": update_id},
    )
    return answered


def _notify(world: World, message: dict[str, Any]) -> None:
    attributes = {
        name: {"Type": value["DataType"], "Value": value["StringValue"]}
        for name, value in message["MessageAttributes"].items()
    }
    told = {"Subject": message["Subject"], "Message": "", "MessageAttributes": attributes}
    world.lambdas.deliver(_FUNCTION, {"Records": [{"EventSource": "aws:sns", "Sns": told}]})
