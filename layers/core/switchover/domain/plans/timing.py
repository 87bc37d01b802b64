"""By when an update is over: deadline, ways back, the worst case."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, assert_never

from switchover.domain.plans.phases import (
    ACTIVATE_SECONDS,
    TERMINATE_SECONDS,
    duration_seconds,
    phases_of,
)
from switchover.domain.policies.policy import Strategy

if TYPE_CHECKING:
    from switchover.domain.plans.pacing import Pace

# MaximumExecutionTimeoutInSeconds: 600–28800 (rules §1.2); the guide asks for 3600.
SHORTEST_DEADLINE_SECONDS = 3600
LONGEST_DEADLINE_SECONDS = 28800
# An accepted UpdateEndpoint shows as Updating within seconds; after this it never started.
START_GRACE_SECONDS = 600
_MARGIN = 1.5


def estimate_ready_seconds(model_bytes: int) -> int:
    """Guess how long a new instance takes from launch to serving, where nothing better is known.

    Provisioning and container start count 240 s, download and load 200 MB/s together: an assumption,
    until an update of the endpoint was measured or the policy sets `ready_seconds`.
    """
    return 240 + ceil(model_bytes / 200e6)


def longest_seconds(pace: Pace, ready_seconds: int) -> int:
    """How long the update takes if every wait happens that may.

    Whether the last linear step waits before the final bake is undocumented (rules §2.6).
    """
    doubtful = pace.bake_seconds if pace.strategy is Strategy.LINEAR else 0
    return duration_seconds(phases_of(pace, ready_seconds)) + doubtful


def least_deadline_seconds(pace: Pace, ready_seconds: int) -> int:
    """The deadline that a well-known update needs: half as long again, at least the guide's hour.

    May exceed `LONGEST_DEADLINE_SECONDS`; the caller refuses that.
    """
    return max(SHORTEST_DEADLINE_SECONDS, ceil(longest_seconds(pace, ready_seconds) * _MARGIN))


def way_back_seconds(pace: Pace, ready_seconds: int) -> int:
    """How long SageMaker's own rollback takes at most.

    Before the old fleet goes, blue/green only turns the traffic round. Rolling launches again whatever
    is gone, in rollback batches (rules §2.6). A redeploy is created anew on the previous config.
    """
    replaced_seconds = ready_seconds + ACTIVATE_SECONDS + TERMINATE_SECONDS
    match pace.strategy:
        case Strategy.CANARY | Strategy.LINEAR | Strategy.ALL_AT_ONCE:
            return ACTIVATE_SECONDS + TERMINATE_SECONDS
        case Strategy.ROLLING:
            return ceil(pace.old_instances / pace.rollback_batch_instances) * replaced_seconds
        case Strategy.REDEPLOY:
            return duration_seconds(phases_of(pace, ready_seconds))
        case _:
            assert_never(pace.strategy)


def worst_seconds(pace: Pace, ready_seconds: int, deadline: int, watch_seconds: int) -> int:
    """The longest until there is an outcome, if SageMaker keeps its deadline.

    Either it turns back at the last moment, or it succeeds then, and the watch finds a fault at its own
    last moment: the previous config then returns all at once.
    """
    returned_seconds = ready_seconds + ACTIVATE_SECONDS + TERMINATE_SECONDS
    return deadline + max(way_back_seconds(pace, ready_seconds), watch_seconds + returned_seconds)
