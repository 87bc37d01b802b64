"""A request for a change is recorded before it is sent, and the record stays until AWS has answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from tests.support.ledger_table import TABLE
from tests.support.samples import NOW, amend, course, later, update

from switchover.aws.ledger import Ledger
from switchover.domain.errors import CallRefused, EndpointBusy, StaleUpdate, Unavailable
from switchover.steps.asking import ask

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from switchover.domain.update.update import Update


@pytest.fixture
def ledger(dynamodb: DynamoDBClient) -> Ledger:
    return Ledger(dynamodb, TABLE)


@pytest.fixture
def opened(ledger: Ledger) -> Update:
    return ledger.open_update(update())


def refusal(status: int = 400, retries: int = 0, code: str = "ValidationException") -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": "no"},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RetryAttempts": retries,
                "RequestId": "1",
                "HTTPHeaders": {},
                "HostId": "",
            },
        },
        "UpdateEndpoint",
    )


def worded(error: ClientError) -> CallRefused:
    """A refusal as gateways word it."""
    words = CallRefused("no")
    words.__cause__ = error
    return words


def refused_for_want_of_a_model() -> CallRefused:
    """As acts word it: nothing was asked of AWS."""
    words = CallRefused("Could not find model")
    words.__cause__ = Unavailable("Could not find model")
    return words


def failing(error: Exception) -> None:
    raise error


def test_it_is_noted_with_its_changes_before_it_is_asked(ledger: Ledger, opened: Update) -> None:
    seen: list[Update] = []

    ask(
        ledger,
        opened.started(course()),
        NOW,
        lambda: seen.append(ledger.update(opened.update_id)),
    )

    assert (seen[0].progress.asked_at, seen[0].progress.is_started) == (NOW, True)


def test_an_answer_takes_the_note_back_and_is_recorded(ledger: Ledger, opened: Update) -> None:
    asked = ask(ledger, opened, NOW, lambda: None, once_answered=lambda one: one.attempted(1))

    assert asked == ledger.update(opened.update_id)
    assert (asked.progress.asked_at, asked.way_back.attempts) == (None, 1)


@pytest.mark.parametrize(
    "error",
    [
        refusal(),
        worded(refusal()),
        CallRefused("exists already, and is not what was planned"),
        refusal(status=403),
        refused_for_want_of_a_model(),
    ],
    ids=["refused", "in our words", "by ourselves", "denied", "by ourselves in two steps"],
)
def test_a_no_is_an_answer(ledger: Ledger, opened: Update, error: Exception) -> None:
    with pytest.raises(type(error)):
        ask(ledger, opened, NOW, lambda: failing(error), once_answered=lambda one: one.attempted(1))

    found = ledger.update(opened.update_id)
    assert (found.progress.asked_at, found.way_back.attempts) == (None, 1)


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url="sagemaker"),
        refusal(status=500),
        refusal(retries=1),
        worded(refusal(retries=3)),
        EndpointBusy("of unknown origin"),
        RuntimeError("killed"),
    ],
    ids=["silence", "5xx", "asked twice", "asked often", "busy", "crash"],
)
def test_what_is_no_answer_stays_noted(ledger: Ledger, opened: Update, error: Exception) -> None:
    with pytest.raises(type(error)):
        ask(ledger, opened, NOW, lambda: failing(error), once_answered=lambda one: one.attempted(1))

    found = ledger.update(opened.update_id)
    assert (found.progress.asked_at, found.way_back.attempts) == (NOW, 0)


def test_a_throttled_request_is_forgotten_and_counts_as_none(
    ledger: Ledger, opened: Update
) -> None:
    throttled = refusal(code="ThrottlingException")

    with pytest.raises(ClientError):
        ask(
            ledger,
            opened,
            NOW,
            lambda: failing(throttled),
            once_answered=lambda one: one.attempted(1),
        )

    found = ledger.update(opened.update_id)
    assert (found.progress.asked_at, found.way_back.attempts) == (None, 0)


def test_an_earlier_request_without_an_answer_stays_noted(ledger: Ledger, opened: Update) -> None:
    unanswered = ledger.save(amend(opened, asked_at=NOW))

    asked = ask(ledger, unanswered, later(30), lambda: None)

    assert asked.progress.asked_at == NOW


def test_an_answer_does_not_hide_what_another_execution_asks(
    ledger: Ledger, opened: Update
) -> None:
    def take_over() -> None:
        ledger.save(amend(ledger.update(opened.update_id), asked_at=later(60)))

    asked = ask(ledger, opened, NOW, take_over)

    assert asked.progress.asked_at == later(60)


def test_a_look_meanwhile_does_not_keep_the_note(ledger: Ledger, opened: Update) -> None:
    def look() -> None:
        ledger.save(amend(ledger.update(opened.update_id), last_seen="Updating"))

    asked = ask(ledger, opened, NOW, look)

    assert (asked.progress.asked_at, asked.progress.last_seen) == (None, "Updating")


def test_who_lost_the_update_asks_for_nothing(ledger: Ledger, opened: Update) -> None:
    ledger.save(amend(opened, execution_arn="another"))
    done: list[str] = []

    with pytest.raises(StaleUpdate):
        ask(ledger, opened, NOW, lambda: done.append("asked"))

    assert done == []
