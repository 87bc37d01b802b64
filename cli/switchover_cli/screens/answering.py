"""What happens after a person's answer to a waiting update, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from switchover.domain.update.approval import Gate, Reply

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.plans.plan import Plan
    from switchover_cli.steering.answering import AnswerRecord

_SAID = {Reply.APPROVED: "approved", Reply.DECLINED: "rejected"}
_NEXT = {
    (Gate.START, Reply.APPROVED): "{new} starts now.",
    (
        Gate.START,
        Reply.DECLINED,
    ): "It ends as Rejected; nothing was changed, and {old} keeps serving.",
    (Gate.PROMOTION, Reply.APPROVED): "{new} stays.",
    (Gate.PROMOTION, Reply.DECLINED): "{old} will serve again.",
}


def draw_answer(given: AnswerRecord, plan: Plan) -> RenderableType:
    """The plan, the answer to it, and what happens now."""
    then = _NEXT[given.gate, given.verdict].format(
        old=plan.previous.version, new=plan.target.version
    )
    return Group(
        Text(plan.summary),
        Text.assemble((given.update_id, "bold"), f" is {_SAID[given.verdict]}. {then}"),
        Text(f"Follow it: switchover watch --update {given.update_id}"),
    )
