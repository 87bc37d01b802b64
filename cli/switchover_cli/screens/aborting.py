"""What happens to an aborted update, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.update.update import Update


def draw_abort(update: Update) -> RenderableType:
    """Confirms the abort of an update, and says what happens next."""
    return Group(
        Text.assemble("Abort requested for ", (update.update_id, "bold"), "."),
        Text(say_next_step(update)),
    )


def say_next_step(update: Update) -> str:
    """What happens to an aborted update, by its present state."""
    if not update.progress.is_started:
        return "Nothing was requested from SageMaker yet, so the update ends as Rejected."
    if update.progress.settled_at is not None:
        return "The new version already serves: the endpoint is updated back, all at once."
    if update.plan is not None and update.plan.deployment.request is None:
        return "The endpoint is being deleted and created again; then it is rolled back."
    return (
        "SageMaker can't cancel an update. The abort alarm is set to red, so SageMaker rolls back, at the"
        " latest when the new instances begin to serve."
    )
