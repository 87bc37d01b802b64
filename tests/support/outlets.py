"""The receivers of the product's messages, and the source of AWS's events."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.event_rules import matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.lambdas import Lambdas

    from switchover_local.twin.clock import Clock


@dataclass(slots=True)
class Outlets:
    """EventBridge and SNS, as far as the product uses them; rules feed functions."""

    lambdas: Lambdas
    events: list[dict[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    subscriptions: int = 1
    # Called with each message to people, as its subscribers get it.
    subscribers: list[Callable[[dict[str, Any]], None]] = field(default_factory=list)

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Take the product's own events, and give them to whom its rules name."""
        self.events += Entries
        for entry in Entries:
            self.emit(
                {
                    "source": entry["Source"],
                    "detail-type": entry["DetailType"],
                    "detail": json.loads(entry["Detail"]),
                }
            )
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in Entries]}

    def publish(self, **message: Any) -> dict[str, Any]:
        """Take a message to people, if SNS would: a subject is ASCII, under 100 characters."""
        subject = message["Subject"]
        assert subject.isascii()
        assert 0 < len(subject) <= 100
        # Each protocol gets its own text; a mail and a queue get the default one.
        if message.pop("MessageStructure", "") == "json":
            texts = json.loads(message["Message"])
            message |= {"Message": texts["default"], "Sms": texts["sms"]}
        self.messages.append(message)
        for subscriber in self.subscribers:
            subscriber(message)
        return {"MessageId": "1"}

    def get_topic_attributes(self, *, TopicArn: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Tell who hears the messages; numbers are texts, as SNS has them."""
        confirmed = {"SubscriptionsConfirmed": str(self.subscriptions), "SubscriptionsPending": "0"}
        return {"Attributes": {"TopicArn": TopicArn, **confirmed}}

    def emit(self, event: dict[str, Any]) -> None:
        """Give an event of AWS to every function whose rule matches."""
        for rule in self.lambdas.template.rules:
            if matches(rule.pattern, event):
                self.lambdas.deliver(rule.function, event)

    def tick(self, clock: Clock) -> None:
        """Call what the clock calls, from now on; what it gives is an event without any detail."""
        for function, seconds in self.lambdas.template.rounds.items():
            self._tick(clock, function, seconds)

    def _tick(self, clock: Clock, function: str, seconds: int) -> None:
        def ring() -> None:
            event = {
                "detail-type": "Scheduled Event",
                "time": clock.now().isoformat(),
                "detail": {},
            }
            self.lambdas.deliver(function, event)
            self._tick(clock, function, seconds)

        clock.call_later(seconds, ring)
