"""The running update of an endpoint: a claim counts only while its execution runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from switchover.domain.queueing import Claim
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


def find_running_claim(deployment: Deployment, endpoint: str) -> Claim | None:
    """The claim on an endpoint, if the execution that holds it runs."""
    claim = deployment.ledger.claim(endpoint)
    is_running = claim is not None and deployment.workflow.is_running(claim.execution_arn)
    return claim if is_running else None


def find_running(deployment: Deployment, endpoint: str) -> Update | None:
    """The running update of an endpoint, if its record can be read."""
    claim = find_running_claim(deployment, endpoint)
    update = deployment.ledger.find(claim.update_id) if claim else None
    is_over = update is None or update.outcome is not None or update.record.is_unreadable
    return None if is_over else update
