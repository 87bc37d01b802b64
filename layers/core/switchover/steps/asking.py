"""Requests a change from AWS: noted before the call, and cleared when AWS has answered."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from switchover.aws.failures import is_unanswered, was_refused
from switchover.aws.ledger import try_anew
from switchover.domain.errors import CallRefused, NameTaken, NoAnswer, StaleUpdate, SwitchoverError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from switchover.aws.ledger import Ledger
    from switchover.domain.update.update import Update


def _unchanged(update: Update) -> Update:
    return update


def ask(
    ledger: Ledger,
    update: Update,
    at: datetime,
    act: Callable[[], object],
    *,
    once_answered: Callable[[Update], Update] = _unchanged,
) -> Update:
    """Record `update` with a note of the request, then call `act`; returns the update.

    If no answer comes, the note stays: the request may still take effect, so no outcome is recorded
    before it can't land any more. `at` is SageMaker's clock. `once_answered` is applied to the update
    when AWS answers, also when it refuses. Throttling isn't an answer to the request. If another
    execution has taken over the update meanwhile, nothing is requested.

    Raises:
        StaleUpdate: the update was changed since it was read; nothing was requested.
    """
    noted = ledger.save(update.asking_aws(at))

    def record_answer(change: Callable[[Update], Update]) -> Update:
        return _record_answer(
            ledger, noted, lambda one: change(one.heard_by_aws(update.progress.asked_at))
        )

    try:
        act()
    except Exception as error:
        words = _root_of(error)
        if _is_refusal(error, words):
            record_answer(_unchanged if is_unanswered(words) else once_answered)
        raise
    return record_answer(once_answered)


def _root_of(error: BaseException) -> BaseException:
    """AWS's error below the gateways' own errors; or the innermost error of our own."""
    while isinstance(error, SwitchoverError) and error.__cause__ is not None:
        error = error.__cause__
    return error


def _is_refusal(error: Exception, words: BaseException) -> bool:
    """Whether AWS refused the request for certain. If the SDK retried, its first try may still land."""
    if isinstance(error, CallRefused | NameTaken) and isinstance(words, SwitchoverError):
        return not isinstance(words, NoAnswer)  # our own error about an answer of AWS
    return was_refused(words)


def _record_answer(ledger: Ledger, noted: Update, answer: Callable[[Update], Update]) -> Update:
    """Clear this request's note only: an earlier request without an answer stays noted."""

    def record_anew() -> Update:
        newest = ledger.update(noted.update_id)
        is_own = newest.progress.asked_at == noted.progress.asked_at
        return ledger.save(answer(newest)) if is_own else newest

    with suppress(StaleUpdate):
        return ledger.save(answer(noted))
    return try_anew(record_anew)
