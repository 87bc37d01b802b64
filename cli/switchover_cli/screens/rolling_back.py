"""What happens to a running update when a rollback is requested, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from switchover.domain.aborting import InFlight
from switchover_cli.screens.aborting import say_next_step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.update.update import Update


def say_turning_back(
    running: Update, answer: InFlight, *, leads_further_back: bool
) -> Iterator[str]:
    """One line for each step that happens now; `leads_further_back` if an earlier version served too."""
    name = running.update_id
    match answer:
        case InFlight.FOLLOW:
            yield f"{name} is already rolling back."
        case InFlight.AFTERWARDS:
            yield f"{name} has passed its tests and is being recorded; a rollback follows."
        case InFlight.CALL_OFF:
            yield f"{name} runs, and is aborted."
            yield say_next_step(running)
            if not running.progress.is_started:
                yield "The serving version stays."
                if leads_further_back:
                    yield f"To go back one version more, later: switchover rollback {running.endpoint}"
        case _:
            assert_never(answer)
