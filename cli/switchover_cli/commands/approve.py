"""`switchover approve` and `reject`: a person's answer to an update that waits for approval."""

from typing import TYPE_CHECKING, Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack, Why
from switchover_cli.output import open_console, print_json

if TYPE_CHECKING:
    from switchover.domain.update.approval import Reply
    from switchover_cli.deployment import Deployment


UpdateId = Annotated[
    str | None, typer.Option("--update", metavar="ID", help="Answer only this update.")
]


def approve(
    endpoint: Endpoint,
    *,
    update: UpdateId = None,
    reason: Why = "",
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Approve the update that waits for an answer."""
    from switchover.domain.update.approval import Reply

    deployment = connect(stack, local=local)
    _report(deployment, endpoint, update, Reply.APPROVED, reason, is_json=json)


def reject(
    endpoint: Endpoint,
    *,
    reason: Why,
    update: UpdateId = None,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Reject the update that waits for an answer; if it already serves, it is rolled back."""
    from switchover.domain.update.approval import Reply

    deployment = connect(stack, local=local)
    _report(deployment, endpoint, update, Reply.DECLINED, reason, is_json=json)


def _report(
    deployment: "Deployment",
    endpoint: str,
    update_id: str | None,
    verdict: "Reply",
    reason: str,
    *,
    is_json: bool,
) -> None:
    from switchover_cli.screens.answering import draw_answer
    from switchover_cli.steering.answering import answer_waiting

    given = answer_waiting(deployment, endpoint, update_id, verdict, reason)
    if is_json:
        print_json(given)
    else:
        plan = deployment.ledger.update(given.update_id).planned
        open_console(soft_wrap=True).print(draw_answer(given, plan))
