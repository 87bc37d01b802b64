"""The SMS form of an announcement: one message of 160 characters.

An SMS of 160 characters holds the letters of GSM 03.38 only. So every text here is ASCII without the few
ASCII characters that GSM counts twice. A text holds no double quote and no backslash, so that it stays
valid in a JSON string into which a template copies the text. The order is: endpoint, outcome, what
serves, what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from switchover.domain.fleet import EndpointStatus
from switchover.domain.outcome import Outcome
from switchover.domain.update.approval import Gate

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.update.update import Update

LONGEST = 160
_LONGEST_NAME = 40
# In GSM 03.38 these take two characters, or don't exist.
_COSTLY = frozenset("[]{}^~|\\`")
_EMPTY = frozenset({None, EndpointStatus.FAILED, EndpointStatus.OUT_OF_SERVICE})
_VERBS = {Gate.START: "start", Gate.PROMOTION: "stay"}


def text_outcome(update: Update) -> str:
    """The outcome in one SMS.

    Raises:
        ValueError: the update has no outcome.
    """
    if update.outcome is None:
        raise ValueError(f"{update.update_id} has no outcome yet")
    told = f"{_name(update.endpoint)} {update.outcome.value} {_name(update.version)}".rstrip()
    serves = _say_serving(update)
    return _fit(f"{told}.{serves} {_say_next(update, update.outcome)}")


def text_question(update: Update, gate: Gate, until: datetime) -> str:
    """A question to people in one SMS; it holds no link, because a link would not fit."""
    asked = f"{_name(update.endpoint)}: may {_name(update.version)} {_VERBS[gate]}?"
    return _fit(
        f"{asked} Answer by {until:%d %b %H:%M} UTC: switchover approve {_name(update.endpoint)}"
    )


def text_given_up(endpoint: str, update_id: str) -> str:
    """In one SMS, that no recovery could end an update."""
    return _fit(
        f"{_name(endpoint)} {Outcome.NEEDS_OPERATOR.value}. No recovery could end the update."
        f" Act now: switchover explain {update_id}"
    )


def _say_serving(update: Update) -> str:
    serving = update.serving
    if serving is None or update.outcome in {Outcome.REJECTED, Outcome.QUEUED, Outcome.SUPERSEDED}:
        return ""
    if serving.status in _EMPTY:
        return " Nothing serves."
    return f" Serves: {_name(serving.version or serving.config_name)}."


def _say_next(update: Update, outcome: Outcome) -> str:
    explain = f"switchover explain {update.update_id}"
    match outcome:
        case Outcome.UPDATED | Outcome.SUPERSEDED:
            return "Nothing to do."
        case Outcome.QUEUED:
            return "It starts when its turn comes."
        case Outcome.REJECTED:
            return f"Endpoint unchanged. Why: {explain}"
        case Outcome.ROLLED_BACK:
            return f"Why: {explain}"
        case Outcome.NEEDS_OPERATOR:
            return f"Act now: {explain}"
        case _:
            assert_never(outcome)


def _name(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 2]}.."


def _fit(text: str) -> str:
    letters = text.replace('"', "'")
    plain = "".join(char if " " <= char <= "~" and char not in _COSTLY else "?" for char in letters)
    return plain if len(plain) <= LONGEST else f"{plain[: LONGEST - 2].rstrip()}.."
