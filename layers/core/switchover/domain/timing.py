"""How long an update takes, in seconds, by the sequences of rules §2.6."""

from __future__ import annotations

from math import ceil
from typing import assert_never

from pydantic import BaseModel, ConfigDict

from switchover.domain.policy import Strategy

# MaximumExecutionTimeoutInSeconds: 600–28800 (rules §1.2); the guide asks for 3600.
SHORTEST_DEADLINE_SECONDS = 3600
LONGEST_DEADLINE_SECONDS = 28800
# Metrics arrive once a minute and alarms are evaluated once a minute (rules §4, timing rule).
ALARM_DELAY_SECONDS = 120
# An accepted UpdateEndpoint shows as Updating within seconds; after this it never started.
START_GRACE_SECONDS = 600
TERMINATE_SECONDS = 120


class Pace(BaseModel):
    """The strategy in whole instances and seconds.

    `step_instances` is the canary, the linear step or the rolling batch; the whole fleet for
    all-at-once and redeploy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: Strategy
    instances: int
    step_instances: int
    bake_seconds: int
    termination_wait_seconds: int
    rollback_batch_instances: int

    @property
    def steps(self) -> int:
        """How many times traffic shifts."""
        match self.strategy:
            case Strategy.ROLLING | Strategy.LINEAR:
                return ceil(self.instances / self.step_instances)
            case Strategy.CANARY:
                return 2
            case Strategy.ALL_AT_ONCE | Strategy.REDEPLOY:
                return 1
            case _:
                assert_never(self.strategy)

    @property
    def peak_instances(self) -> int:
        """The most instances that stand at once."""
        match self.strategy:
            case Strategy.ROLLING:
                return self.instances + self.step_instances
            case Strategy.CANARY | Strategy.LINEAR | Strategy.ALL_AT_ONCE:
                return 2 * self.instances
            case Strategy.REDEPLOY:
                return self.instances
            case _:
                assert_never(self.strategy)

    @property
    def guarded_seconds(self) -> int:
        """The shortest bake in which an alarm must be able to go red; 0 where nothing bakes."""
        match self.strategy:
            case Strategy.ROLLING | Strategy.CANARY | Strategy.LINEAR:
                return self.bake_seconds
            case Strategy.ALL_AT_ONCE:
                return self.termination_wait_seconds
            case Strategy.REDEPLOY:
                return 0
            case _:
                assert_never(self.strategy)

    def duration_seconds(self, ready_seconds: int) -> int:
        """How long the update takes if a new instance is ready after `ready_seconds`."""
        match self.strategy:
            case Strategy.ROLLING:
                return self.steps * (ready_seconds + self.bake_seconds + TERMINATE_SECONDS)
            case Strategy.CANARY | Strategy.LINEAR:
                # The last linear step's wait is undocumented; counted, so as not to promise too much.
                waits = self.steps - 1 if self.strategy is Strategy.CANARY else self.steps
                baked = waits * self.bake_seconds + self.termination_wait_seconds
                return ready_seconds + baked + TERMINATE_SECONDS
            case Strategy.ALL_AT_ONCE:
                return ready_seconds + self.termination_wait_seconds + TERMINATE_SECONDS
            case Strategy.REDEPLOY:
                return TERMINATE_SECONDS + ready_seconds
            case _:
                assert_never(self.strategy)


def estimate_ready_seconds(model_bytes: int) -> int:
    """Guess how long a new instance takes from launch to serving, where nothing better is known.

    Provisioning and container start count 240 s, download and load 200 MB/s together: an assumption,
    to be set per endpoint with `ready_seconds` in the policy.
    """
    return 240 + ceil(model_bytes / 200e6)


def deadline_seconds(pace: Pace, ready_seconds: int) -> int:
    """The deadline that SageMaker is given: half as long again as expected, at least the guide's hour.

    May exceed `LONGEST_DEADLINE_SECONDS`; the caller refuses that.
    """
    return max(SHORTEST_DEADLINE_SECONDS, ceil(pace.duration_seconds(ready_seconds) * 1.5))


def detection_seconds(period_seconds: int, evaluation_periods: int) -> int:
    """How long an alarm takes to go red once the fault is there (rules §4)."""
    return period_seconds * evaluation_periods + ALARM_DELAY_SECONDS
