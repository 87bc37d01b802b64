"""The steps of an update: launch, shift traffic, bake, terminate, and their reverse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .capacity import CAPACITY_REASON
from .endpoint import Pending
from .fleet import Fleet
from .run import Pause, Script, StepFailed
from .stages import Reach, Stage, activating, baking, launching, terminating

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from .course import Course
    from .endpoint import Endpoint, Variant
    from .specs import EndpointConfig
    from .world import World


@dataclass(slots=True, eq=False)
class Lane:
    """One variant on its way from its old fleets to its new one."""

    name: str
    old: list[Fleet]
    new: Fleet
    wanted: int
    had: int
    """Instances that served the variant when the update began."""

    @property
    def old_serving(self) -> int:
        """Old instances that get traffic."""
        return sum(fleet.serving for fleet in self.old)

    @property
    def old_healthy(self) -> int:
        """Old instances that still exist."""
        return sum(fleet.healthy for fleet in self.old)


class Deployment:
    """A running update. Each step is a script; DescribeEndpoint shows the step."""

    def __init__(
        self,
        world: World,
        endpoint: Endpoint,
        target: EndpointConfig,
        variants: dict[str, Variant],
        course: Course,
    ) -> None:
        self.world = world
        self.endpoint = endpoint
        self.course = course
        self.is_committed = False
        """Set once every bake is over: from then on nothing can turn the update back."""
        self._alarms_excused: set[str] = set()
        self.lanes = [
            Lane(
                name,
                endpoint.fleets_of(name),
                Fleet(target, variant.spec),
                variant.desired_count,
                sum(fleet.serving for fleet in endpoint.fleets_of(name)),
            )
            for name, variant in variants.items()
        ]
        new_fleets = [lane.new for lane in self.lanes]
        endpoint.pending = Pending(target, self.now, variants, new_fleets)
        if world.scenario.switches.red_alarm_at_start == "waits_for_transition":
            self._alarms_excused = {n for n in course.alarm_names if world.alarms.is_red(n)}

    @property
    def now(self) -> datetime:
        """The virtual moment."""
        return self.world.clock.now()

    @property
    def pending(self) -> Pending:
        """The update as DescribeEndpoint shows it."""
        if self.endpoint.pending is None:
            raise RuntimeError(f"the update of {self.endpoint.name} is over")
        return self.endpoint.pending

    def excuse_no_more(self, alarm_name: str) -> None:
        """Use an alarm again that was red at the start, as its state has changed."""
        self._alarms_excused.discard(alarm_name)

    def red_alarm(self) -> str | None:
        """A listed alarm that stops the update."""
        red = (name for name in self.course.alarm_names if self.world.alarms.is_red(name))
        return next((name for name in red if name not in self._alarms_excused), None)

    def show(self, new: Mapping[str, Stage], old: Mapping[str, Stage] | None = None) -> None:
        """Show the state of new and old fleets in DescribeEndpoint and in deployment events."""
        for name, variant in self.pending.variants.items():
            variant.stage = new.get(name)
        for name, variant in self.endpoint.variants.items():
            variant.stage = (old or {}).get(name)
        self.endpoint.count_heads(self.now)
        self.world.announce_deployment(self.endpoint)

    def launch_new(self, counts: Mapping[Lane, int]) -> Script:
        """Launch new instances, until they are ready."""
        self.show({lane.name: launching(n, self.now) for lane, n in counts.items() if n})
        yield from self.world.launch(
            self.endpoint, [(lane.new, count) for lane, count in counts.items()]
        )

    def shift(
        self, serving: Mapping[Lane, int], reach: Reach, *, old_serving: Mapping[Lane, int]
    ) -> Script:
        """Give traffic to `serving` new instances, then leave it to `old_serving` old instances."""
        self.show({lane.name: activating(n, reach, self.now) for lane, n in serving.items()})
        yield Pause(self.world.scenario.timings.activate_seconds)
        for lane, count in serving.items():
            lane.new.serve(count - lane.new.serving)
        for lane, count in old_serving.items():
            _withdraw_to(lane.old, count)
        if reach == "full":
            _withdraw_to(self._leavers(), 0)
        self.endpoint.count_heads(self.now)

    def bake(self, seconds: int, setting: str, reach: Reach) -> Script:
        """Watch the alarms for a while.

        Raises:
            StepFailed: a listed alarm is red already when the bake begins.
        """
        if seconds <= 0:
            return
        self.show(
            {
                lane.name: baking(seconds, setting, lane.new.serving, reach, self.now)
                for lane in self.lanes
            }
        )
        alarm = self.red_alarm()
        if alarm is not None:
            raise StepFailed(self.alarm_reason(alarm))
        yield Pause(seconds, is_bake=True)

    def alarm_reason(self, alarm: str) -> str:
        """What FailureReason says about a rollback that an alarm caused."""
        return self.world.scenario.switches.alarm_failure_reason.format(alarm=alarm)

    def retire_old(self, counts: Mapping[Lane, int]) -> Script:
        """Terminate old instances, idle ones first."""
        for lane, count in counts.items():
            _retire(lane.old, count)
        self.show({}, old={lane.name: terminating(n, self.now) for lane, n in counts.items() if n})
        yield from self.world.terminate(self.endpoint, self.endpoint.fleets)

    def retire_leavers(self) -> None:
        """Begin to terminate the fleets of variants that the new config doesn't have."""
        for fleet in self._leavers():
            fleet.retire(fleet.healthy)

    def _leavers(self) -> list[Fleet]:
        staying = {lane.name for lane in self.lanes}
        return [fleet for fleet in self.endpoint.fleets if fleet.spec.variant_name not in staying]

    def retire_new(self, counts: Mapping[Lane, int]) -> Script:
        """Terminate new instances, those still on their way first."""
        for lane, count in counts.items():
            lane.new.abandon_launch()
            lane.new.retire(max(0, count - lane.new.terminating))
        leaving = {lane: lane.new.terminating for lane in self.lanes if lane.new.terminating}
        self.show({lane.name: terminating(n, self.now) for lane, n in leaving.items()})
        yield from self.world.terminate(self.endpoint, [lane.new for lane in self.lanes])

    def relaunch_old(self, counts: Mapping[Lane, int]) -> Script:
        """Launch instances of the previous config again, and give them traffic.

        Raises:
            StepFailed: there is no capacity for them.
        """
        self.show(
            {}, old={lane.name: launching(n, self.now, "Updating") for lane, n in counts.items()}
        )
        if self.world.faults.take_rollback_failure(self.endpoint.name):
            raise StepFailed(CAPACITY_REASON)
        yield from self.world.launch(
            self.endpoint, [(lane.old[0], count) for lane, count in counts.items()]
        )
        self.serve_old()

    def serve_old(self) -> None:
        """Give traffic back to every remaining old instance."""
        for fleet in self.endpoint.fleets:
            fleet.serve(fleet.standby)
        self.endpoint.count_heads(self.now)


def _withdraw_to(fleets: list[Fleet], serving: int) -> None:
    surplus = sum(fleet.serving for fleet in fleets) - serving
    for fleet in fleets:
        surplus -= fleet.withdraw(max(0, surplus))


def _retire(fleets: list[Fleet], count: int) -> None:
    idle_first = sorted(fleets, key=lambda fleet: -fleet.standby)
    for fleet in idle_first:
        count -= fleet.retire(max(0, count))
