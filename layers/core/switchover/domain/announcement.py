"""What people read on a phone, and what machines match."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from switchover.domain.update import Update

_SUBJECT_LENGTH = 99  # SNS: a subject is ASCII, under 100 characters
_NEXT_STEP = {
    Outcome.UPDATED: "Nothing to do.",
    Outcome.ROLLED_BACK: "Traffic is safe on the previous version. Mend the release, offer it again.",
    Outcome.REJECTED: "The endpoint is as it was. Mend what is named, offer the release again.",
    Outcome.QUEUED: "It starts when its turn comes.",
    Outcome.SUPERSEDED: "A newer release took its place.",
    Outcome.NEEDS_OPERATOR: "Look now: it is not settled which version serves.",
}


class Announcement(BaseModel):
    """One outcome, told three ways: a subject and text, attributes to filter by, an event's detail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    text: str
    attributes: dict[str, str]
    detail_type: str
    detail: dict[str, Any]


def announce_outcome(update: Update) -> Announcement:
    """Tell how an update ended. The update has its outcome."""
    if update.outcome is None:
        raise ValueError(f"{update.update_id} has no outcome yet")
    subject = f"{update.outcome.value}: {update.endpoint} {update.version}".strip()
    lines = [update.summary]
    lines += [f"- {reason}" for reason in update.reasons[:5]]
    if len(update.reasons) > 5:
        lines.append(f"- and {len(update.reasons) - 5} more")
    if update.evidence.failure_reason:
        lines.append(f"SageMaker says: {update.evidence.failure_reason}")
    lines += [f"Went red: {alarm.name}: {alarm.reason}" for alarm in update.evidence.alarms]
    lines.append(_NEXT_STEP[update.outcome])
    lines.append(f"switchover history {update.endpoint}  ·  {update.update_id}")
    return Announcement(
        subject=_ascii(subject)[:_SUBJECT_LENGTH].rstrip(),
        text="\n".join(lines),
        attributes={
            "outcome": update.outcome.value,
            "endpoint": update.endpoint,
            "version": update.version,
            "update_id": update.update_id,
        },
        detail_type=f"Update {update.outcome.value}",
        detail={
            "update_id": update.update_id,
            "endpoint": update.endpoint,
            "version": update.version,
            "kind": update.kind.value,
            "outcome": update.outcome.value,
            "summary": update.summary,
            "reasons": [reason.model_dump() for reason in update.reasons],
            "serving_config": update.serving_config,
            "started_at": update.started_at.isoformat(),
            "ended_at": update.ended_at.isoformat() if update.ended_at else None,
        },
    )


def announce_approval(update: Update) -> Announcement:
    """Ask people to approve a planned update, and say how."""
    plan = update.plan
    if plan is None:
        raise ValueError(f"{update.update_id} has no plan yet")
    text = (
        f"{update.endpoint} wants to move to {update.version} by {plan.pace.strategy.value}:"
        f" about {plan.expected_seconds // 60} minutes, at most {plan.peak_instances} instances.\n"
        "Approve or reject by answering the task token of the execution:\n"
        f"aws stepfunctions send-task-success --task-token '{update.task_token}'"
        ' --task-output \'{"verdict": "approved"}\'\n'
        f"aws stepfunctions send-task-success --task-token '{update.task_token}'"
        ' --task-output \'{"verdict": "declined"}\''
    )
    return Announcement(
        subject=_ascii(f"Approve? {update.endpoint} {update.version}")[:_SUBJECT_LENGTH],
        text=text,
        attributes={
            "outcome": "ApprovalRequested",
            "endpoint": update.endpoint,
            "version": update.version,
            "update_id": update.update_id,
        },
        detail_type="Update ApprovalRequested",
        detail={"update_id": update.update_id, "endpoint": update.endpoint},
    )


def _ascii(text: str) -> str:
    return "".join(char if " " <= char <= "~" else "?" for char in text)
