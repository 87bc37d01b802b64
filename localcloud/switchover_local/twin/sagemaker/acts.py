"""The acts on an endpoint besides updates: creation, resizing, maintenance, deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fleet import Fleet
from .run import Pause, Run, StepFailed
from .stages import reweighing, scaling_out, terminating

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime

    from .endpoint import Endpoint, Status, Variant
    from .run import Script
    from .specs import DesiredCapacity
    from .world import World


class Act:
    """Keeps an endpoint in a temporary status while a script runs, then sets the final status."""

    def __init__(
        self,
        world: World,
        endpoint: Endpoint,
        status: Status,
        script: Callable[[World, Endpoint], Script],
        on_end: Callable[[], object] | None = None,
    ) -> None:
        self._world = world
        self._endpoint = endpoint
        self._status = status
        self._on_end = on_end
        self._run = Run(world.clock, script(world, endpoint), self._finish, self._fail)

    def start(self) -> None:
        """Enter the temporary status and take the first step."""
        self._enter(self._status)
        self._run.start()

    def _finish(self) -> None:
        if self._on_end is not None:
            self._on_end()
            return
        if self._status != "SystemUpdating":
            self._endpoint.failure_reason = None
        self._enter("InService")

    def _fail(self, failure: StepFailed) -> None:
        self._endpoint.failure_reason = failure.reason
        if self._status == "Creating":
            _clear_out(self._endpoint)
            self._enter("Failed", failure.reason)
            return
        # RollingBack is seen only after failed capacity changes of autoscaled endpoints (§2).
        if any(self._world.scaling.target(self._endpoint.name, n) for n in self._endpoint.variants):
            self._enter("RollingBack", failure.reason)
        Run(
            self._world.clock,
            _undo_resize(self._world, self._endpoint),
            lambda: self._enter("InService", failure.reason),
            self._fail,
        ).start()

    def _enter(self, status: Status, reason: str | None = None) -> None:
        now = self._world.clock.now()
        self._endpoint.count_heads(now)
        self._endpoint.enter(status, now, reason)
        self._world.announce_state(self._endpoint)


def launch_first_fleets(world: World, endpoint: Endpoint) -> Script:
    """Launch every variant of a new endpoint and give it traffic."""
    endpoint.fleets = [
        Fleet(endpoint.config, variant.spec) for variant in endpoint.variants.values()
    ]
    orders = [
        (fleet, endpoint.variants[fleet.spec.variant_name].desired_count)
        for fleet in endpoint.fleets
    ]
    yield from world.launch(endpoint, orders)
    for fleet, count in orders:
        fleet.serve(count)


def resize(world: World, endpoint: Endpoint, wishes: Sequence[DesiredCapacity]) -> Script:
    """Give variants the requested weights and instance counts.

    Even if nothing changes, the endpoint is Updating for a while, and each variant says so.
    Source: UpdateEndpointWeightsAndCapacities, "sets the endpoint status to Updating"; the
    service model of ProductionVariantStatus, "Updating capacity for the production variant".
    """
    changes = list(_begin_changes(endpoint, wishes, world.clock.now()))
    orders = [(fleet, delta) for fleet, delta in changes if delta > 0]
    surplus = [(fleet, -delta) for fleet, delta in changes if delta < 0]
    for fleet, count in surplus:
        fleet.retire(count)
    world.announce_deployment(endpoint)
    yield from world.launch(endpoint, orders)
    for fleet, count in orders:
        fleet.serve(count)
    yield from world.terminate(endpoint, [fleet for fleet, _ in surplus])
    if not orders and not surplus:
        yield Pause(world.scenario.timings.activate_seconds)
    for variant in endpoint.variants.values():
        if variant.desired_weight is not None:
            variant.weight = variant.desired_weight
        _come_to_rest(variant)


def _begin_changes(
    endpoint: Endpoint, wishes: Iterable[DesiredCapacity], now: datetime
) -> Iterator[tuple[Fleet, int]]:
    """Note each request in its variant; yield the instances to add to or remove from each fleet."""
    for wish in wishes:
        variant = endpoint.variants[wish.variant_name]
        variant.stage = reweighing(now)
        variant.desired_weight = wish.desired_weight
        if wish.desired_instance_count is None:
            continue
        fleet = endpoint.fleets_of(wish.variant_name)[0]
        delta = wish.desired_instance_count - fleet.serving
        variant.desired_count = wish.desired_instance_count
        if delta > 0:
            variant.stage = scaling_out(wish.desired_instance_count, now)
        elif delta < 0:
            variant.stage = terminating(-delta, now)
        yield fleet, delta


def _come_to_rest(variant: Variant) -> None:
    variant.desired_weight = None
    variant.stage = None


def _undo_resize(world: World, endpoint: Endpoint) -> Script:
    for fleet in endpoint.fleets:
        fleet.abandon_launch()
        fleet.serve(fleet.standby)
    yield from world.terminate(endpoint, endpoint.fleets)
    for name, variant in endpoint.variants.items():
        variant.desired_count = sum(fleet.serving for fleet in endpoint.fleets_of(name))
        _come_to_rest(variant)


def maintain(seconds: float) -> Script:
    """AWS's own maintenance: only time passes."""
    yield Pause(seconds)


def vanish(world: World, endpoint: Endpoint) -> Script:
    """Remove every instance, and then the endpoint."""
    for fleet in endpoint.fleets:
        fleet.retire(fleet.healthy)
    endpoint.count_heads(world.clock.now())
    yield Pause(world.scenario.timings.delete_endpoint_seconds)


def _clear_out(endpoint: Endpoint) -> None:
    for fleet in endpoint.fleets:
        fleet.abandon_launch()
        fleet.retire(fleet.healthy)
        fleet.bury()
