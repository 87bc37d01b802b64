"""What becomes of an update that was called off, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import RenderableType

    from switchover.domain.update.update import Update


def draw_abort(update: Update) -> RenderableType:
    """That an update was asked to stop, and what happens next."""
    return Group(
        Text.assemble("Asked to call off ", (update.update_id, "bold"), "."),
        Text(say_next_step(update)),
    )


def say_next_step(update: Update) -> str:
    """What becomes of an update that was called off as it stands."""
    if not update.progress.is_started:
        return "SageMaker was not asked for anything yet, and won't be: it ends as Rejected."
    if update.progress.settled_at is not None:
        return "The new version serves already: the endpoint is updated back, all at once."
    if update.plan is not None and update.plan.deployment.request is None:
        return "The endpoint is deleted and made again: as soon as that is over, it is taken back."
    return (
        "SageMaker has no cancel: its abort alarm is set, so that SageMaker itself rolls back, at the"
        " latest when the new instances begin to serve."
    )
