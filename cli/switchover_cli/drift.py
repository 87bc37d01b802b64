"""Changes that were made outside Switchover; every command shows them in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from switchover.domain.adoption import find_drift

if TYPE_CHECKING:
    from switchover.domain.adoption import Drift
    from switchover.domain.fleet import Absent, EndpointReading
    from switchover_cli.deployment import Deployment


def read_drift(deployment: Deployment, endpoint: EndpointReading | Absent) -> Drift | None:
    """Whether the serving config was changed outside Switchover; past updates are read only if needed."""
    served = deployment.ledger.served(endpoint.name)
    if not find_drift(endpoint, served, ()):
        return None
    return find_drift(endpoint, served, deployment.ledger.history(endpoint.name))


def draw_drift(drift: Drift) -> Text:
    """The finding, and what to do about it."""
    text = Text(drift.told, style="bold yellow")
    return text.append(f" {drift.remedy}", style="default not bold")
