"""An announcement as one SMS: 160 letters that every phone shows, the outcome first."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.samples import later, plan, update

from switchover.domain.fleet import EndpointStatus
from switchover.domain.outcome import Outcome
from switchover.domain.serving import Serving
from switchover.domain.update.approval import Gate
from switchover.explain.text_message import text_given_up, text_outcome, text_question

_V1 = Serving(status=EndpointStatus.IN_SERVICE, config_name="chat-v1", version="v1", instances=4)
_FAILED = Serving(status=EndpointStatus.FAILED, config_name="chat-v1")
_EXPLAIN = "switchover explain chat-v2-0a1b2c3d"


def _text(outcome: Outcome, serving: Serving | None = _V1, **changes: Any) -> str:
    return text_outcome(update(outcome=outcome, serving=serving, plan=plan(), **changes))


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome.UPDATED, "chat Updated v2. Serves: v1. Nothing to do."),
        (Outcome.ROLLED_BACK, f"chat RolledBack v2. Serves: v1. Why: {_EXPLAIN}"),
        (Outcome.REJECTED, f"chat Rejected v2. Endpoint unchanged. Why: {_EXPLAIN}"),
        (Outcome.QUEUED, "chat Queued v2. It starts when its turn comes."),
        (Outcome.SUPERSEDED, "chat Superseded v2. Nothing to do."),
        (Outcome.NEEDS_OPERATOR, f"chat NeedsOperator v2. Serves: v1. Act now: {_EXPLAIN}"),
    ],
)
def test_an_sms_says_endpoint_outcome_what_serves_and_what_to_do(
    outcome: Outcome, told: str
) -> None:
    assert _text(outcome) == told


def test_an_endpoint_without_instances_serves_nothing() -> None:
    assert "Nothing serves. Act now" in _text(Outcome.NEEDS_OPERATOR, _FAILED)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_sms_has_160_letters_at_most(outcome: Outcome) -> None:
    long = _text(outcome, endpoint="e" * 63, version="v" * 63, update_id="u" * 80)

    assert len(long) <= 160
    assert long.startswith(f"{'e' * 38}.. {outcome.value} ")


def test_an_sms_has_letters_only_that_count_once() -> None:
    """GSM 03.38 counts { twice, and one é that it lacks makes the whole text shorter."""
    assert "?2?" in _text(Outcome.UPDATED, version="é2{")


def test_a_question_fits_an_sms_and_says_until_when_it_is_open() -> None:
    asked = text_question(update(plan=plan()), Gate.START, later(3600))

    assert asked == "chat: may v2 start? Answer by 05 Jan 13:00 UTC: switchover approve chat"


def test_an_update_that_nobody_could_end_fits_an_sms() -> None:
    told = text_given_up("chat", "chat-v2-0a1b2c3d")

    assert told == f"chat NeedsOperator. No recovery could end the update. Act now: {_EXPLAIN}"
