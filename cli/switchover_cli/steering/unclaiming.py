"""Frees an endpoint whose claim is held by an execution that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel

from switchover.domain.naming import execution_name
from switchover.domain.update.request import Request
from switchover_cli.errors import Misused
from switchover_cli.steering.aborting import name_oneself

if TYPE_CHECKING:
    from switchover_cli.deployment import Deployment


class UnclaimRecord(BaseModel):
    """What `unclaim --json` prints."""

    update_id: str
    was_readable: bool
    to_check: tuple[str, ...]


def free_endpoint(deployment: Deployment, endpoint: str, reason: str) -> UnclaimRecord:
    """Restore what an update changed, and release its claim.

    Raises:
        Misused: no update holds the endpoint, or its execution still runs.
    """
    holder = deployment.ledger.claim(endpoint)
    if holder is None:
        raise Misused(
            f"No update holds the claim of {endpoint}.",
            f"See what waits: switchover queue {endpoint}",
        )
    if deployment.workflow.is_running(holder.execution_arn):
        raise Misused(
            f"{holder.update_id} still runs, so it keeps its claim.",
            f"To abort it: switchover abort {endpoint} --reason '…'",
        )
    held_for = deployment.ledger.find(holder.update_id)
    if held_for is None:
        # The ledger has no record of the update, so only the claim can be released.
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
    return UnclaimRecord(update_id=holder.update_id, was_readable=was_readable, to_check=to_check)


def _left_to_check(endpoint: str) -> tuple[str, ...]:
    return (
        f"what serves: switchover status {endpoint}",
        "the autoscaling of the endpoint's variant: minimum, maximum, suspended or not",
        f"alarms named switchover/{endpoint}/…: those of one config may be left over",
    )
