"""ActFromChat: carries out a button of a chat message, and answers with one sentence.

The caller is the role of the chat channel. Which member pressed the button is unknown. So an answer to a
question never counts under four eyes, and counts otherwise only where the stack requires user roles.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.aws import clients, gateways
from switchover.aws.failures import AWS_FAILED
from switchover.aws.wishes import ring
from switchover.domain.aborting import (
    InFlight,
    Objection,
    answer_rollback,
    call_off,
    object_to_abort,
)
from switchover.domain.answers import StateAnswer
from switchover.domain.approvals.decision import decide
from switchover.domain.approvals.four_eyes import object_to_decider
from switchover.domain.naming import execution_name
from switchover.domain.outcome import Outcome
from switchover.domain.queueing import order_of_update
from switchover.domain.update.approval import Channel, Gate, Reply
from switchover.domain.update.request import Request
from switchover.explain.account import headline
from switchover.explain.waits import find_wait
from switchover.settings import settings
from switchover.steps import wiring

if TYPE_CHECKING:
    from switchover.domain.update.update import Update

BY = "chat channel"
WHY = "a button in the chat channel"


class ChatAction(StrEnum):
    """What the buttons ask for."""

    EXPLAIN = "explain"
    ABORT = "abort"
    ROLLBACK = "rollback"
    APPROVE = "approve"
    PROMOTE = "promote"


# A button under the first question must not answer the second one.
_GATES = {ChatAction.APPROVE: Gate.START, ChatAction.PROMOTE: Gate.PROMOTION}


class ActFromChatAnswer(StrEnum):
    """Whether the button changed anything."""

    DONE = "done"
    TOLD = "told"
    REFUSED = "refused"


def act_from_chat(action: ChatAction, update_id: str) -> StateAnswer[ActFromChatAnswer]:
    """Carry out a button, if its update is still the current one. Pressing it twice does it once."""
    update = gateways.ledger().find(update_id)
    if update is None:
        return _refuse(f"No update {update_id} is known.")
    match action:
        case ChatAction.EXPLAIN:
            return _say(ActFromChatAnswer.TOLD, _explain(update))
        case ChatAction.ABORT:
            return _abort(update)
        case ChatAction.ROLLBACK:
            return _roll_back(update)
        case ChatAction.APPROVE | ChatAction.PROMOTE:
            return _approve(update, _GATES[action])


def _explain(update: Update) -> str:
    wait = find_wait(update)
    if update.outcome is not None:
        return headline(update)
    if wait is not None:
        return f"{wait.question} {wait.silence}"
    return f"{update.endpoint} {update.version} is under way: {update.progress.last_seen or 'preparing'}"


def _abort(update: Update) -> StateAnswer[ActFromChatAnswer]:
    if not _holds_claim(update):
        return _refuse(f"{update.update_id} no longer runs, so nothing was aborted.")
    objection = object_to_abort(update)
    if objection is not None:
        return _object(objection)
    at = gateways.sagemaker().read(update.endpoint).read_at
    asked = call_off(update.update_id, at, BY, WHY)
    is_new = gateways.wishes().ask_abort(update.endpoint, update.update_id, asked)
    _wake(update.endpoint)
    return _say(
        ActFromChatAnswer.DONE if is_new else ActFromChatAnswer.TOLD,
        f"{update.endpoint}: the abort of {update.version or update.update_id} by chat channel is"
        f" {'recorded' if is_new else 'already recorded'}, and the previous config will serve.",
    )


def _roll_back(update: Update) -> StateAnswer[ActFromChatAnswer]:
    if _holds_claim(update):
        found = answer_rollback(update, None)
        if isinstance(found, Objection):
            return _object(found)
        match found:
            case InFlight.CALL_OFF:
                return _abort(update)
            case InFlight.FOLLOW:
                return _say(ActFromChatAnswer.TOLD, f"{update.endpoint} is rolling back already.")
            case InFlight.AFTERWARDS:
                return _refuse("The update is being recorded as Updated. Press again in a minute.")
    standing = gateways.ledger().standing(update.endpoint)
    is_newest = standing.holder is None and standing.newest == order_of_update(update)
    if update.outcome is not Outcome.UPDATED or not is_newest:
        return _refuse(
            f"{update.update_id} is not the newest update of {update.endpoint}, or did not end as"
            " Updated, so nothing was rolled back."
        )
    name = execution_name(update.endpoint, "back-", f"{update.update_id}#chat")
    request = Request(rollback=update.endpoint, reason=f"by {WHY}")
    is_new = gateways.workflow().start(
        settings().machine_arn, name, request.model_dump(mode="json", exclude_defaults=True)
    )
    return _say(
        ActFromChatAnswer.DONE if is_new else ActFromChatAnswer.TOLD,
        f"{update.endpoint}: the rollback by chat channel {'starts' if is_new else 'has started before'},"
        f" as update {name}.",
    )


def _approve(update: Update, gate: Gate) -> StateAnswer[ActFromChatAnswer]:
    """Answer an open question with yes, if an answer by button may count."""
    if update.open_gate is not gate or not _holds_claim(update):
        return _refuse(f"{update.update_id} doesn't ask this now, so nothing was approved.")
    if settings().chat_user_roles != "on":
        return _refuse(
            "Not approved: a button counts only where the channel requires user roles (ChatUserRoles);"
            f" use switchover approve {update.endpoint}."
        )
    has_four_eyes = update.planned.approval.four_eyes
    objection = object_to_decider(update.endpoint, update.offered_by, BY, Channel.CHAT)
    if has_four_eyes and objection is not None:
        return _refuse(f"Not approved: {objection.message}")
    at = gateways.sagemaker().read(update.endpoint).read_at
    given = decide(update, Reply.APPROVED, BY, "", Channel.CHAT, at)
    if not wiring.approvals().answer(update, given):
        return _refuse(f"{update.update_id} was answered before, so this answer doesn't count.")
    return _say(
        ActFromChatAnswer.DONE,
        f"{update.endpoint}: {update.version} is approved by chat channel ({gate.value}).",
    )


def _holds_claim(update: Update) -> bool:
    claim = gateways.ledger().claim(update.endpoint)
    return claim is not None and claim.update_id == update.update_id


def _wake(endpoint: str) -> None:
    """Have the update read now. Without the event, the next reading finds the request."""
    try:
        ring(clients.client("events"), endpoint)
    except AWS_FAILED:
        return


def _object(objection: Objection) -> StateAnswer[ActFromChatAnswer]:
    return _refuse(f"{objection.why} {objection.remedy}")


def _refuse(sentence: str) -> StateAnswer[ActFromChatAnswer]:
    return _say(ActFromChatAnswer.REFUSED, sentence)


def _say(verdict: ActFromChatAnswer, sentence: str) -> StateAnswer[ActFromChatAnswer]:
    return StateAnswer(verdict, carried={"answer": sentence})
