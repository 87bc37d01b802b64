"""RecordApproval: records who answered, when and why, and decides whether the update continues."""

from __future__ import annotations

from switchover.aws import gateways
from switchover.domain.answers import StateAnswer
from switchover.domain.approvals.approval import GateVerdict, refusals_of, verdict_of
from switchover.domain.approvals.decision import Replied, choose_record, read_reply
from switchover.domain.update.approval import Gate
from switchover.domain.update.records import Moment
from switchover.domain.verdict import course_of


def record_approval(
    update_id: str, gate: Gate, reply: Replied, plan_digest: str
) -> StateAnswer[GateVerdict]:
    """Record the answer; a retry finds it recorded. After a promotion the watch begins at the answer."""
    ledger = gateways.ledger()
    update = ledger.update(update_id)
    endpoint = gateways.sagemaker().read(update.endpoint)
    decided = gateways.witness().find(update.update_id, reply.decision)
    read = read_reply(update, gate, reply, decided, endpoint.read_at, plan_digest)
    given = choose_record(update.approval_of(gate), read)
    if given is read:
        changed = update.answered(given, refusals_of(given))
        if gate is Gate.PROMOTION:
            plan = update.planned
            watch = course_of(plan.target.config, endpoint, plan.times.watch_seconds)
            changed = changed.on_course(watch)
        update = ledger.save(changed)
    ledger.add_moment(update, Moment(at=given.at, state="RecordApproval", text=given.told))
    return StateAnswer(verdict_of(given), refusals_of(given))
