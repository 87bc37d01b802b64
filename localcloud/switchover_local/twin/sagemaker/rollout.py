"""Drives an update to one of its ends: updated, rolled back, or stuck with a mix."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from .deployment import Deployment
from .run import Run, StepFailed
from .strategies import carry_out, take_back

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover_local.twin.agenda import Timer

    from .course import Course
    from .endpoint import Endpoint, Status, Variant
    from .specs import EndpointConfig
    from .world import World


class Rollout:
    """One update of one endpoint, from UpdateEndpoint's answer to the last event.

    Args:
        on_end: called once the update is over, before its last event goes out.
    """

    def __init__(
        self,
        world: World,
        endpoint: Endpoint,
        target: EndpointConfig,
        variants: dict[str, Variant],
        course: Course,
        on_end: Callable[[], object],
    ) -> None:
        self._world = world
        self._endpoint = endpoint
        self._on_end = on_end
        self._deployment = Deployment(world, endpoint, target, variants, course)
        self._run = Run(world.clock, carry_out(self._deployment), self._succeed, self._turn_back)
        self._deadline: Timer | None = None

    def start(self) -> None:
        """Enter Updating and take the first step."""
        self._enter("Updating")
        seconds = self._deployment.course.deadline_seconds
        if seconds is not None:
            due = self._world.clock.now() + timedelta(seconds=seconds)
            self._deadline = self._world.clock.call_at(due, self._miss_deadline)
        self._run.start()

    def note_alarm(self, alarm_name: str) -> None:
        """Roll back if a listed alarm goes red during a bake."""
        self._deployment.excuse_no_more(alarm_name)
        if not self._run.is_baking or self._deployment.is_committed:
            return
        alarm = self._deployment.red_alarm()
        if alarm is not None:
            self._run.stop()
            self._turn_back(StepFailed(self._deployment.alarm_reason(alarm)))

    def _miss_deadline(self) -> None:
        if self._deployment.is_committed:
            return
        self._run.stop()
        reason = "The deployment did not finish within MaximumExecutionTimeoutInSeconds."
        match self._world.scenario.switches.deadline_outcome:
            case "rolled_back":
                self._turn_back(StepFailed(reason))
            case "mixed":
                self._settle_mixed("UpdateRollbackFailed", reason)
            case "failed":
                self._settle_mixed("Failed", reason)

    def _turn_back(self, failure: StepFailed) -> None:
        self._cancel_deadline()
        if self._world.scenario.switches.rollback_status != self._endpoint.status:
            self._enter(self._world.scenario.switches.rollback_status)
        self._run = Run(
            self._world.clock,
            take_back(self._deployment),
            lambda: self._settle_back(failure.reason),
            lambda second: self._settle_mixed("UpdateRollbackFailed", second.reason),
        )
        self._run.start()

    def _succeed(self) -> None:
        endpoint, pending = self._endpoint, self._deployment.pending
        endpoint.config = pending.config
        endpoint.variants = pending.variants
        endpoint.fleets = pending.fleets
        endpoint.failure_reason = None
        self._settle("InService", None)

    def _settle_back(self, reason: str) -> None:
        endpoint = self._endpoint
        # An empty fleet of the config that serves stays: an async variant may have no instance.
        endpoint.fleets = [f for f in endpoint.fleets if f.total or f.config is endpoint.config]
        if any(fleet.config is not endpoint.config for fleet in endpoint.fleets):
            # The update began from a mix of configs, so it is rolled back to this mix.
            is_fatal = self._world.scenario.switches.failed_mix_repair == "failed"
            self._settle_mixed("Failed" if is_fatal else "UpdateRollbackFailed", reason)
            return
        told = self._world.scenario.switches.failure_reason_after_rollback == "told"
        endpoint.failure_reason = reason if told else None
        self._settle("InService", endpoint.failure_reason)

    def _settle_mixed(self, status: Status, reason: str) -> None:
        endpoint = self._endpoint
        for fleet in endpoint.every_fleet():
            fleet.launching = 0
            fleet.bury()
            fleet.serve(fleet.standby)
        endpoint.fleets = [fleet for fleet in endpoint.every_fleet() if fleet.total]
        endpoint.failure_reason = reason
        self._settle(status, reason)

    def _settle(self, status: Status, reason: str | None) -> None:
        self._cancel_deadline()
        self._endpoint.pending = None
        self._on_end()
        for variant in self._endpoint.variants.values():
            variant.stage = None
        self._endpoint.count_heads(self._world.clock.now())
        self._enter(status, reason)

    def _enter(self, status: Status, reason: str | None = None) -> None:
        self._endpoint.enter(status, self._world.clock.now(), reason)
        self._world.announce_state(self._endpoint)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
