"""The surroundings of every endpoint: time, the scenario, instances, alarms, and listeners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .capacity import CAPACITY_REASON
from .run import Pause, Script, StepFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from switchover_local.twin.clock import Clock
    from switchover_local.twin.faults import FaultBox
    from switchover_local.twin.scenario import Behaviour, Scenario

    from .alarm_watch import AlarmWatch
    from .capacity import Capacity
    from .endpoint import Endpoint
    from .fleet import Fleet


class ScalingBook(Protocol):
    """Knows which variants Application Auto Scaling may resize."""

    def target(self, endpoint_name: str, variant_name: str) -> object | None:
        """The variant's scalable target, if it has one."""

    def deregister_endpoint(self, endpoint_name: str) -> None:
        """Remove every target of an endpoint that is being deleted."""


@dataclass(slots=True)
class World:
    """The surroundings of every endpoint."""

    clock: Clock
    scenario: Scenario
    capacity: Capacity
    alarms: AlarmWatch
    scaling: ScalingBook
    faults: FaultBox
    announce_state: Callable[[Endpoint], None]
    announce_deployment: Callable[[Endpoint], None]

    def behaviour_of(self, fleet: Fleet) -> Behaviour:
        """How the fleet's model behaves right now."""
        return self.scenario.behaviour_of(fleet.model_source)

    def launch(self, endpoint: Endpoint, orders: Sequence[tuple[Fleet, int]]) -> Script:
        """Launch instances in parallel, until their containers are healthy.

        Raises:
            StepFailed: no capacity, a download that takes too long, a failing health check.
        """
        orders = [(fleet, count) for fleet, count in orders if count > 0]
        if not orders:
            return
        yield from self._find_capacity(endpoint, orders)
        yield Pause(self.scenario.timings.provision_seconds)
        yield from self._download(orders)
        yield from self._check_health(orders)
        for fleet, count in orders:
            fleet.join(count)
        endpoint.count_heads(self.clock.now())

    def _find_capacity(self, endpoint: Endpoint, orders: Sequence[tuple[Fleet, int]]) -> Script:
        missing = self._order(orders)
        endpoint.count_heads(self.clock.now())
        if not missing:
            return
        yield Pause(max(self._capacity_wait_seconds(fleet) for fleet, _ in missing))
        missing = self._order(missing)
        endpoint.count_heads(self.clock.now())
        if missing:
            raise StepFailed(CAPACITY_REASON)

    def _order(self, orders: Sequence[tuple[Fleet, int]]) -> list[tuple[Fleet, int]]:
        """Launch as many instances as there is capacity, and return the instances still missing."""
        missing = []
        for fleet, count in orders:
            available = self.capacity.available(fleet.spec.hardware)
            granted = count if available is None else min(count, available)
            fleet.order(granted)
            if granted < count:
                missing.append((fleet, count - granted))
        return missing

    def _download(self, orders: Sequence[tuple[Fleet, int]]) -> Script:
        seconds = {fleet: self.behaviour_of(fleet).download_seconds for fleet, _ in orders}
        limits = {fleet: self._download_timeout_seconds(fleet) for fleet, _ in orders}
        yield Pause(max(min(seconds[fleet], limits[fleet]) for fleet, _ in orders))
        for fleet, _ in orders:
            if seconds[fleet] > limits[fleet]:
                raise StepFailed(
                    f'Failed to download model data from URL: "{fleet.model_source}" for '
                    f"production variant {fleet.spec.variant_name} within "
                    f"{limits[fleet]:.0f} seconds."
                )

    def _check_health(self, orders: Sequence[tuple[Fleet, int]]) -> Script:
        seconds = 0.0
        unhealthy: Fleet | None = None
        for fleet, count in orders:
            behaviour, limit = self.behaviour_of(fleet), self._health_timeout_seconds(fleet)
            first_bad = behaviour.unhealthy_from_instance
            is_bad = first_bad is not None and fleet.launched_ever + count >= first_bad
            if is_bad or behaviour.health_check_seconds > limit:
                unhealthy = fleet
                seconds = max(seconds, limit)
            seconds = max(seconds, min(behaviour.health_check_seconds, limit))
        yield Pause(seconds)
        if unhealthy is not None:
            raise StepFailed(
                f"The primary container for production variant {unhealthy.spec.variant_name} did "
                "not pass the ping health check. Please check CloudWatch logs for this endpoint."
            )

    def _capacity_wait_seconds(self, fleet: Fleet) -> float:
        own = fleet.spec.variant_instance_provision_timeout_in_seconds
        return own if own is not None else self.scenario.timings.capacity_wait_seconds

    def _download_timeout_seconds(self, fleet: Fleet) -> float:
        own = fleet.spec.model_data_download_timeout_in_seconds
        return own if own is not None else self.scenario.timings.download_timeout_seconds

    def _health_timeout_seconds(self, fleet: Fleet) -> float:
        own = fleet.spec.container_startup_health_check_timeout_in_seconds
        return own if own is not None else self.scenario.timings.health_check_timeout_seconds

    def terminate(self, endpoint: Endpoint, fleets: Sequence[Fleet]) -> Script:
        """Wait until the terminating instances are gone."""
        endpoint.count_heads(self.clock.now())
        if any(fleet.terminating for fleet in fleets):
            yield Pause(self.scenario.timings.terminate_seconds)
        for fleet in fleets:
            fleet.bury()
        endpoint.count_heads(self.clock.now())
