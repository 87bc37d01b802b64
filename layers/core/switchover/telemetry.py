"""Logs what handlers do: one structured line per decision, and each exception once."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from switchover import budget
from switchover.aws.clients import ATTEMPT_SECONDS
from switchover.domain.errors import NoAnswer
from switchover.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable


P = TypeVar("P", bound=BaseModel)
Answer = dict[str, Any]


class UpdatePayload(BaseModel):
    """The payload of most states: the id of the update. The ledger holds the rest."""

    update_id: str


class PlannedPayload(UpdatePayload):
    """The update, and the digest of its plan as the execution holds it.

    The digest is empty in executions that began with an older definition of the state machine.
    """

    plan_digest: str = ""


class EndPayload(UpdatePayload):
    """The update that ends, the execution that ends it, and that execution's input.

    The start is 1970 in executions that began with an older definition of the state machine.
    """

    execution_arn: str = ""
    started_at: datetime = datetime.fromtimestamp(0, UTC)
    request: Any = None


def handler(payload: type[P]) -> Callable[[Callable[[P], Answer]], Callable[[Any, Any], Answer]]:
    """Make a Lambda handler from a function that takes a parsed payload and returns an answer.

    Logs one line with the answer's verdict. An exception is logged here, once, and raised again, so
    that the state machine retries and then takes its Catch. If AWS gave no answer, the exception is
    NoAnswer, which the state machine retries for longer. No call to AWS begins so late that Lambda
    would end the function before the answer.
    """

    def decorate(act: Callable[[P], Answer]) -> Callable[[Any, Any], Answer]:
        @wraps(act)
        def handle(event: Any, context: Any) -> Answer:
            log = logger()
            keys = {"state": act.__module__, "update_id": _update_id(event)}
            try:
                with budget.within(_seconds_for_calls(context)):
                    answer = act(payload.model_validate(event))
            except Exception as error:
                log.exception("failed", extra=keys)
                if _is_unanswered(error):
                    raise NoAnswer(f"{type(error).__name__}: {error}") from error
                raise
            log.info("decided", extra={**keys, **_told(answer)})
            return answer

        return handle

    return decorate


def _seconds_for_calls(context: Any) -> float:
    """The time in which calls may still begin. Without a context the caller isn't Lambda: no limit."""
    if context is None:
        return float("inf")
    return float(context.get_remaining_time_in_millis() / 1000 - ATTEMPT_SECONDS)


def _is_unanswered(error: Exception) -> bool:
    # Imported only after a failure, because botocore is half of a cold start.
    from switchover.aws.failures import is_unanswered

    return is_unanswered(error)


def _update_id(event: Any) -> str | None:
    return event.get("update_id") if isinstance(event, dict) else None


def _told(answer: Answer) -> Answer:
    codes = [reason["code"] for reason in answer.get("reasons", ())]
    return {"verdict": answer.get("verdict"), **({"reasons": codes} if codes else {})}
