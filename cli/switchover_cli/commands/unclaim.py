"""`switchover unclaim`: free an endpoint whose claim is held by an execution that is gone."""

from __future__ import annotations

from pydantic import BaseModel

from switchover.domain.naming import execution_name
from switchover.domain.update.request import Request
from switchover_cli.commands.abort import name_oneself
from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, MustSayWhy, Stack
from switchover_cli.output import open_console, print_json


class UnclaimRecord(BaseModel):
    """What `unclaim --json` prints."""

    update_id: str
    was_readable: bool
    to_check: tuple[str, ...]


def unclaim(
    endpoint: Endpoint,
    *,
    reason: MustSayWhy,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Free an endpoint from an update whose execution is gone; what the update left is put back."""
    deployment = connect(stack, local=local)
    holder = deployment.ledger.claim(endpoint)
    if holder is None:
        raise Misused(
            f"No update holds the claim of {endpoint}.",
            f"See what waits: switchover queue {endpoint}",
        )
    if deployment.workflow.is_running(holder.execution_arn):
        raise Misused(
            f"{holder.update_id} still runs, and the claim is its own.",
            f"Stop it: switchover abort {endpoint} --reason '…'",
        )
    held_for = deployment.ledger.find(holder.update_id)
    if held_for is None:
        # The ledger lost the update: nothing is left to recover but the claim.
        deployment.ledger.release_claim(endpoint, holder.execution_arn)
    else:
        request = Request(
            recover=holder.update_id, reason=f"{reason} ({name_oneself(deployment)})"[:1000]
        )
        source = f"{holder.execution_arn}#{held_for.record.revision}"
        deployment.workflow.start(
            deployment.state_machine_arn,
            execution_name(endpoint, "unclaim", source),
            request.model_dump(mode="json", exclude_defaults=True),
        )
    was_readable = held_for is not None and not held_for.record.is_unreadable
    to_check = () if was_readable else _left_to_check(endpoint)
    if json:
        print_json(
            UnclaimRecord(update_id=holder.update_id, was_readable=was_readable, to_check=to_check)
        )
        return
    console = open_console(soft_wrap=True)
    console.print(f"{endpoint} is being freed from {holder.update_id}.")
    if to_check:
        console.print("What that update changed is unknown. Look at:")
    for each in to_check:
        console.print(f"- {each}")


def _left_to_check(endpoint: str) -> tuple[str, ...]:
    return (
        f"what serves: switchover status {endpoint}",
        "the autoscaling of the endpoint's variant: minimum, maximum, suspended or not",
        f"alarms named switchover/{endpoint}/…: those of one config may be left over",
    )
