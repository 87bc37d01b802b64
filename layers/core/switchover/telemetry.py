"""How handlers speak: one structured line per decision, and each exception once."""

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
    """What most states hand to their function: which update. The ledger knows the rest."""

    update_id: str


class PlannedPayload(UpdatePayload):
    """Which update, and the digest of its plan as the execution carries it.

    Without a digest the execution began by a definition that carried none.
    """

    plan_digest: str = ""


class EndPayload(UpdatePayload):
    """Which update comes to its end, by which execution, and what that was asked.

    Without a start the execution began by a definition that didn't hand it over.
    """

    execution_arn: str = ""
    started_at: datetime = datetime.fromtimestamp(0, UTC)
    request: Any = None


def handler(payload: type[P]) -> Callable[[Callable[[P], Answer]], Callable[[Any, Any], Answer]]:
    """Make a Lambda handler of a function from a parsed payload to its answer.

    Logs one line with the answer's verdict. An exception is logged here, once, and raised on, so that
    the state machine retries and then takes its Catch. Where AWS gave no answer, the exception is
    NoAnswer, for which the state machine has more patience. Nothing is asked of AWS so late that Lambda
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
    """How long calls may still begin; a context that tells no time is no Lambda's."""
    if context is None:
        return float("inf")
    return float(context.get_remaining_time_in_millis() / 1000 - ATTEMPT_SECONDS)


def _is_unanswered(error: Exception) -> bool:
    # Imported where something failed only: botocore is half of a cold start.
    from switchover.aws.failures import is_unanswered

    return is_unanswered(error)


def _update_id(event: Any) -> str | None:
    return event.get("update_id") if isinstance(event, dict) else None


def _told(answer: Answer) -> Answer:
    codes = [reason["code"] for reason in answer.get("reasons", ())]
    return {"verdict": answer.get("verdict"), **({"reasons": codes} if codes else {})}
