"""How an endpoint changed after an update's record was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus
from switchover.domain.serving import say_serving, serving_of

if TYPE_CHECKING:
    from switchover.domain.update.update import Update


def say_change(update: Update, now: EndpointReading | Absent) -> str:
    """Tell how an endpoint changed after an update's record was written; empty if it serves the same.

    A change of size alone doesn't count: auto scaling makes such changes.
    """
    noted, found = update.serving, serving_of(now, update.plan)
    if noted is None or update.ended_at is None:
        return ""
    kept = ("config_name", "pending_config_name")
    is_same = all(getattr(noted, name) == getattr(found, name) for name in kept)
    is_going = found.status in _GOING and noted.status not in _GOING
    if is_same and not is_going:
        return ""
    return (
        f"Changed since {update.ended_at:%H:%M:%S} UTC: at {now.read_at:%H:%M:%S} UTC it serves"
        f" {say_serving(found)}."
    )


# Nothing serves, or nothing will serve soon.
_GOING = frozenset(
    {None, EndpointStatus.DELETING, EndpointStatus.FAILED, EndpointStatus.OUT_OF_SERVICE}
)
