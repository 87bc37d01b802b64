"""The account's endpoints: when each call is allowed (rules §2), and what it starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover_local.twin.wire.refusals import validation_exception

from .acts import Act, launch_first_fleets, maintain, resize, vanish
from .course import Course, Strategy, chart_course
from .endpoint import Endpoint, Variant, wanted_variants
from .exclusions import exclusion_of
from .naming import NameBook
from .rollout import Rollout
from .specs import DeploymentConfig

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from switchover_local.twin.scenario import SystemUpdate

    from .catalog import Catalog
    from .naming import Naming
    from .specs import DesiredCapacity, EndpointConfig
    from .world import World

_UPDATABLE = {"InService", "UpdateRollbackFailed", "OutOfService"}
_DELETABLE = {*_UPDATABLE, "Failed"}
_MAINTENANCE_RETRY_SECONDS = 1


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """UpdateEndpoint's parameters."""

    endpoint_name: str
    config_name: str
    deployment_config: Mapping[str, object] | None = None
    retains_variant_properties: bool = False
    excluded_properties: frozenset[str] = frozenset()
    retains_deployment_config: bool = False

    def keeps(self, variant_property: str) -> bool:
        """Whether a variant keeps this property rather than take the new config's."""
        return self.retains_variant_properties and variant_property not in self.excluded_properties


class Endpoints:
    """Every endpoint that exists, by name."""

    def __init__(self, world: World, catalog: Catalog, naming: Naming) -> None:
        self._world = world
        self._catalog = catalog
        self._naming = naming
        self._by_name: NameBook[Endpoint] = NameBook(lambda: world.scenario.switches)
        self._rollouts: dict[Endpoint, Rollout] = {}

    def all(self) -> list[Endpoint]:
        """Every endpoint, in the order of creation."""
        return self._by_name.all()

    def get(self, name: str) -> Endpoint:
        """The endpoint of that name.

        Raises:
            Refusal: there is none; SageMaker has no ResourceNotFound code for it.
        """
        found = self._by_name.find(name)
        if found is None:
            arn = self._naming.arn("endpoint", name)
            raise validation_exception(f'Could not find endpoint "{arn}".')
        return found

    def find(self, name: str) -> Endpoint | None:
        """The endpoint that has exactly this name, if there is one."""
        found = self._by_name.find(name)
        return found if found is not None and found.name == name else None

    def create(
        self, name: str, config_name: str, deployment_config: Mapping[str, object] | None
    ) -> Endpoint:
        """Begin to launch an endpoint. Its DeploymentConfig is only stored (rules §1.7)."""
        arn = self._naming.arn("endpoint", name)
        if self._by_name.is_taken(name):
            raise validation_exception(f'Cannot create already existing endpoint "{arn}".')
        config = self._config(config_name)
        variants = wanted_variants(config, {}, keeps_counts=False, keeps_weights=False)
        self._world.capacity.check_quota(_instances_by_type(variants.values()))
        now = self._world.clock.now()
        endpoint = Endpoint(name, arn, config, now, now, variants=variants)
        endpoint.last_deployment_config = deployment_config
        self._by_name.add(endpoint)
        Act(self._world, endpoint, "Creating", launch_first_fleets).start()
        return endpoint

    def update(self, request: UpdateRequest) -> Endpoint:
        """Begin to move an endpoint to another config, or refuse and change nothing."""
        endpoint = self.get(request.endpoint_name)
        target = self._config(request.config_name)
        _check_status(endpoint, _UPDATABLE)
        variants = wanted_variants(
            target,
            endpoint.variants,
            keeps_counts=request.keeps("DesiredInstanceCount"),
            keeps_weights=request.keeps("DesiredWeight"),
        )
        deployment_config = request.deployment_config
        if deployment_config is None and request.retains_deployment_config:
            deployment_config = endpoint.last_deployment_config
        self._check_scalable_targets(endpoint, target)
        course = self._chart(endpoint, target, variants, deployment_config)
        self._check_quota(variants, course)
        if deployment_config is not None:
            endpoint.last_deployment_config = deployment_config
        rollout = Rollout(
            self._world,
            endpoint,
            target,
            variants,
            course,
            on_end=lambda: self._rollouts.pop(endpoint),
        )
        self._rollouts[endpoint] = rollout
        rollout.start()
        return endpoint

    def note_alarm(self, alarm_name: str) -> None:
        """Notify every running update of an alarm's change of state."""
        for endpoint in self.all():
            rollout = self._rollouts.get(endpoint)
            if rollout is not None:
                rollout.note_alarm(alarm_name)

    def _chart(
        self,
        endpoint: Endpoint,
        target: EndpointConfig,
        variants: Mapping[str, Variant],
        raw: Mapping[str, object] | None,
    ) -> Course:
        switches = self._world.scenario.switches
        deployment = DeploymentConfig.read(raw or {})
        exclusion = exclusion_of(endpoint, target, self._world.scenario)
        course = chart_course(
            deployment, {name: v.desired_count for name, v in variants.items()}, switches
        )
        if exclusion.is_silent:
            return Course(deadline_seconds=course.deadline_seconds)
        if raw is not None:
            exclusion.refuse(course.strategy)
            self._check_alarms(course)
        return course

    def _check_alarms(self, course: Course) -> None:
        switches, alarms = self._world.scenario.switches, self._world.alarms
        for name in course.alarm_names:
            if switches.composite_alarms == "refused" and alarms.is_composite(name):
                raise validation_exception(f"Alarm {name} is not a metric alarm.")
            if switches.missing_alarm == "refused" and not alarms.exists(name):
                raise validation_exception(f"Alarm {name} does not exist.")
            if switches.red_alarm_at_start == "refused" and alarms.is_red(name):
                raise validation_exception(f"Alarm {name} is in ALARM state.")

    def _check_scalable_targets(self, endpoint: Endpoint, target: EndpointConfig) -> None:
        blocked = [
            name
            for name, variant in endpoint.variants.items()
            if self._world.scaling.target(endpoint.name, name) is not None
            and ((spec := target.variant(name)) is None or spec.hardware != variant.spec.hardware)
        ]
        if blocked:
            text = self._world.scenario.switches.scalable_target_error
            raise validation_exception(text.format(variants=", ".join(blocked)))

    def _check_quota(self, variants: Mapping[str, Variant], course: Course) -> None:
        if course.strategy is not Strategy.ROLLING:
            self._world.capacity.check_quota(_instances_by_type(variants.values()))
            return
        batches: dict[str, int] = {}
        for name, variant in variants.items():
            hardware = variant.spec.hardware
            batches[hardware] = batches.get(hardware, 0) + course.step_sizes[name]
        self._world.capacity.check_quota(batches)

    def resize(self, name: str, wishes: Sequence[DesiredCapacity]) -> Endpoint:
        """Begin to change weights and capacities; only an InService endpoint can be resized."""
        endpoint = self.get(name)
        _check_status(endpoint, {"InService"})
        deltas: dict[str, int] = {}
        for wish in wishes:
            variant = endpoint.variants.get(wish.variant_name)
            if variant is None:
                raise validation_exception(
                    f'Could not find variant "{wish.variant_name}" of endpoint "{endpoint.arn}".'
                )
            count = wish.desired_instance_count
            if count == 0 and not endpoint.config.is_async:
                raise validation_exception(
                    f"DesiredInstanceCount of variant {wish.variant_name} must be at least 1."
                )
            if count is not None:
                hardware = variant.spec.hardware
                delta = max(0, count - variant.desired_count)
                deltas[hardware] = deltas.get(hardware, 0) + delta
        self._world.capacity.check_quota(deltas)
        Act(self._world, endpoint, "Updating", lambda w, e: resize(w, e, wishes)).start()
        return endpoint

    def delete(self, name: str) -> None:
        """Begin to delete an endpoint; at the end it no longer exists."""
        endpoint = self.get(name)
        _check_status(endpoint, _DELETABLE)
        self._world.scaling.deregister_endpoint(endpoint.name)
        Act(
            self._world, endpoint, "Deleting", vanish, lambda: self._by_name.remove(endpoint)
        ).start()

    def plan_maintenance(self, fault: SystemUpdate) -> None:
        """Start AWS's maintenance of the endpoint at its first idle moment after `after_seconds`."""
        self._world.clock.call_later(fault.after_seconds, lambda: self._maintain(fault))

    def _maintain(self, fault: SystemUpdate) -> None:
        endpoint = self.find(fault.endpoint)
        if endpoint is None or endpoint.status != "InService":
            self._world.clock.call_later(_MAINTENANCE_RETRY_SECONDS, lambda: self._maintain(fault))
            return
        Act(
            self._world,
            endpoint,
            "SystemUpdating",
            lambda _world, _endpoint: maintain(fault.lasts_seconds),
        ).start()

    def _config(self, name: str) -> EndpointConfig:
        config = self._catalog.config(name)
        for spec in config.variants:
            if spec.model_name is not None:
                self._catalog.model(spec.model_name)
        return config


def _check_status(endpoint: Endpoint, legal: set[str]) -> None:
    if endpoint.status in legal:
        return
    if endpoint.status == "Failed":
        raise validation_exception(
            f'Cannot update endpoint "{endpoint.arn}": a failed endpoint can only be deleted.'
        )
    raise validation_exception(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def _instances_by_type(variants: Iterable[Variant]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for variant in variants:
        if not variant.spec.is_serverless:
            hardware = variant.spec.hardware
            counts[hardware] = counts.get(hardware, 0) + variant.desired_count
    return counts
