"""Sends a person's answer to an update that waits for approval."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from switchover.domain.update.approval import Gate, Reply
from switchover_cli.errors import CommandFailed, Misused, Refused
from switchover_cli.function_urls import explain_refused_call

if TYPE_CHECKING:
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


class AnswerRecord(BaseModel):
    """What `approve --json` and `reject --json` print."""

    update_id: str
    gate: Gate
    verdict: Reply
    by: str
    reason: str


def answer_waiting(
    deployment: Deployment, endpoint: str, update_id: str | None, verdict: Reply, reason: str
) -> AnswerRecord:
    """Send an answer in the name of the caller, whom AWS identifies by the credentials.

    Raises:
    Misused: the update doesn't wait for an answer, or was answered meanwhile.
    Refused: this person's answer isn't accepted.
    CommandFailed: the stack can't identify the caller, or these credentials may not answer.
    """
    found = deployment.ledger.claiming_update(endpoint)
    if found is None or (update_id is not None and found.update_id != update_id):
        raise Misused(
            f"{update_id or endpoint} doesn't wait for an answer."
            f" {_what_else(deployment, endpoint, found)}",
            f"See what happened: switchover history {endpoint}",
        )
    gate = found.open_gate
    if gate is None:
        raise Misused(_why_not(found), _remedy(endpoint, verdict))
    by = _send(deployment, endpoint, found.update_id, gate, verdict, reason)
    return AnswerRecord(update_id=found.update_id, gate=gate, verdict=verdict, by=by, reason=reason)


def _send(
    deployment: Deployment, endpoint: str, update_id: str, gate: Gate, verdict: Reply, reason: str
) -> str:
    """Send the answer; returns the ARN that is recorded with it."""
    if not deployment.decide_url:
        raise CommandFailed(
            "This stack has no DecideFunction, which records the person who answers.",
            "Deploy the current version of the stack: answers are no longer sent with the task token.",
        )
    answered = deployment.function_urls.call(
        deployment.decide_url,
        {"update_id": update_id, "gate": gate.value, "verdict": verdict.value, "reason": reason},
    )
    match answered.content.get("verdict"):
        case "taken":
            return str(answered.content["by"])
        case "late":
            raise Misused(
                f"{update_id} no longer waits for an answer: it was answered meanwhile,"
                " or the time limit has passed.",
                f"See its outcome: switchover history {endpoint}",
            )
        case "refused" | "unfit":
            raise Refused(f"{update_id}: this answer is not taken.", answered.reasons)
        case _:
            raise explain_refused_call(answered)


def _what_else(deployment: Deployment, endpoint: str, running: Update | None) -> str:
    """The state of an endpoint whose named update doesn't run."""
    if running is not None:
        return f"{running.update_id} runs instead."
    newest = next(iter(deployment.ledger.history(endpoint, 1)), None)
    if newest is None or newest.outcome is None:
        return f"{endpoint} has no running update."
    return f"The newest, {newest.update_id}, is {newest.outcome.value}: {newest.summary}"


def _why_not(update: Update) -> str:
    """The state of an update that doesn't wait for an answer."""
    name, plan = update.update_id, update.plan
    if plan is None:
        return f"{name} isn't planned yet, so there is no question to answer."
    if not (plan.approval.required or plan.approval.promotion or update.asking.given):
        return f"{name} needs no approval: its policy doesn't require one."
    said = [f"{name} doesn't wait for an answer now."]
    if update.asking.given:
        said = [f"{name} was already answered: {update.asking.given[-1].told}"]
    if plan.approval.promotion and not update.is_ending and not update.approval_of(Gate.PROMOTION):
        said.append(f"People are asked once {update.version} serves and has passed its tests.")
    return " ".join(said)


def _remedy(endpoint: str, verdict: Reply) -> str:
    if verdict is Reply.DECLINED:
        return f"To abort it: switchover abort {endpoint} --reason '…'"
    return f"See its state: switchover status {endpoint}"
