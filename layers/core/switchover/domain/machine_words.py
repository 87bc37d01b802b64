"""SageMaker's messages and alarm names in the words of people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from switchover.domain.plans.alarms import Scope
from switchover.domain.units import say_count, say_duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchover.domain.update.records import Moment

_COUNTED = re.compile(r"(\d+) (\w+)\(s\)")
_OWN_ALARM = re.compile(r"switchover/[\w-]+/[\w-]+/[\w-]+")
_FOR_SECONDS = re.compile(r"for (\d+) seconds")
_BRACKETED = re.compile(r" \((TerminationWaitInSeconds|WaitIntervalInSeconds)\)")


def squeeze(timeline: Iterable[Moment]) -> tuple[Moment, ...]:
    """A timeline in which equal moments in a row are merged and counted."""
    kept: list[Moment] = []
    for moment in timeline:
        told = (moment.state, say_plainly(moment.text))
        if kept and told == (kept[-1].state, say_plainly(kept[-1].text)):
            kept[-1] = kept[-1].repeat(moment)
        else:
            kept.append(moment)
    return tuple(kept)


def say_plainly(message: str) -> str:
    """A message without SageMaker's `(s)` and parameter names, and with our alarms' short names."""
    message = _OWN_ALARM.sub(lambda found: shorten_alarm(found[0])[1], message)
    message = _BRACKETED.sub("", message.rstrip("."))
    message = _FOR_SECONDS.sub(lambda found: f"for {say_duration(int(found[1]))}", message)
    return _COUNTED.sub(lambda found: say_count(int(found[1]), found[2]), message)


def shorten_alarm(name: str) -> tuple[str, str]:
    """The fleet that an alarm of ours watches, and its purpose; other alarms keep their name."""
    match name.split("/"):
        case ["switchover", _, Scope.STANDING.value, purpose]:
            return "both fleets", purpose
        case ["switchover", _, _, purpose]:
            return "new fleet", purpose
        case _:
            return "others", name
