"""The parts of AWS's requests that the twin uses, as typed values.

Requests were already checked against AWS's model. Their other parts aren't changed:
DescribeEndpointConfig answers a config exactly as it was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_pascal

from switchover_local.twin.wire.refusals import validation_exception

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class _FromAws(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_pascal, populate_by_name=True
    )

    @classmethod
    def read(cls, raw: object) -> Self:
        """Read a part of a request that was checked against the service model.

        Raises:
        Refusal: ValidationException, for a missing member that SageMaker needs although the service
        model doesn't require it, such as the name of an alarm.
        """
        try:
            return cls.model_validate(raw)
        except ValidationError as error:
            paths = {".".join(str(part) for part in fault["loc"]) for fault in error.errors()}
            message = f"{', '.join(sorted(paths))} must be given."
            raise validation_exception(message) from None


class CapacitySize(_FromAws):
    """A number of instances, or a share of them in percent."""

    type: Literal["INSTANCE_COUNT", "CAPACITY_PERCENT"]
    value: int


class TrafficRouting(_FromAws):
    """How blue/green moves traffic."""

    type: Literal["ALL_AT_ONCE", "CANARY", "LINEAR"]
    wait_interval_in_seconds: int
    canary_size: CapacitySize | None = None
    linear_step_size: CapacitySize | None = None


class BlueGreenPolicy(_FromAws):
    """BlueGreenUpdatePolicy."""

    traffic_routing_configuration: TrafficRouting
    termination_wait_in_seconds: int = 0
    maximum_execution_timeout_in_seconds: int | None = None


class RollingPolicy(_FromAws):
    """RollingUpdatePolicy."""

    maximum_batch_size: CapacitySize
    wait_interval_in_seconds: int
    rollback_maximum_batch_size: CapacitySize | None = None
    maximum_execution_timeout_in_seconds: int | None = None


class ListedAlarm(_FromAws):
    """One alarm that guards a deployment."""

    alarm_name: str


class AutoRollback(_FromAws):
    """AutoRollbackConfiguration."""

    alarms: tuple[ListedAlarm, ...] = ()


class DeploymentConfig(_FromAws):
    """DeploymentConfig: how UpdateEndpoint moves the endpoint."""

    blue_green_update_policy: BlueGreenPolicy | None = None
    rolling_update_policy: RollingPolicy | None = None
    auto_rollback_configuration: AutoRollback = AutoRollback()

    @property
    def alarm_names(self) -> tuple[str, ...]:
        """The alarms listed, in order."""
        return tuple(alarm.alarm_name for alarm in self.auto_rollback_configuration.alarms)


class InstancePool(_FromAws):
    """One instance type that a variant may run on."""

    instance_type: str
    priority: int = 1


class VariantSpec(_FromAws):
    """A production variant in its config."""

    variant_name: str
    model_name: str | None = None
    initial_instance_count: int = 0
    initial_variant_weight: float = 1.0
    instance_type: str | None = None
    instance_pools: tuple[InstancePool, ...] = ()
    serverless_config: dict[str, object] | None = None
    managed_instance_scaling: dict[str, object] | None = None
    routing_config: dict[str, object] | None = None
    volume_size_in_gb: int | None = Field(default=None, alias="VolumeSizeInGB")
    variant_instance_provision_timeout_in_seconds: int | None = None
    model_data_download_timeout_in_seconds: int | None = None
    container_startup_health_check_timeout_in_seconds: int | None = None

    @property
    def hardware(self) -> str:
        """The instance type it runs on: its own, or the pool of the highest priority."""
        if self.instance_type is not None:
            return self.instance_type
        if self.instance_pools:
            return min(self.instance_pools, key=lambda pool: pool.priority).instance_type
        return "serverless"

    @property
    def is_serverless(self) -> bool:
        """Whether the variant has no instances."""
        return self.serverless_config is not None

    @property
    def hosts_components(self) -> bool:
        """Whether the variant's models are inference components (rules §3)."""
        return self.model_name is None


class DesiredCapacity(_FromAws):
    """One entry of UpdateEndpointWeightsAndCapacities."""

    variant_name: str
    desired_weight: float | None = None
    desired_instance_count: int | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """A model as it was created; SageMaker's models never change."""

    name: str
    arn: str
    created: datetime
    request: Mapping[str, object]
    image: str
    source: str
    """Where the weights come from that it serves: an S3 URI, a hub id, or the image that brings them."""

    @property
    def label(self) -> str:
        """The last part of the source's path: `s3://models/qwen/v2/` is "v2"."""
        return self.source.rstrip("/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class EndpointConfig:
    """An endpoint config as it was created."""

    name: str
    arn: str
    created: datetime
    request: Mapping[str, object]
    variants: tuple[VariantSpec, ...]
    models: Mapping[str, Model]
    """By variant name; a variant without a model (inference components) isn't in it."""

    @property
    def is_async(self) -> bool:
        """Whether its endpoints are asynchronous (InvokeEndpointAsync)."""
        return self.request.get("AsyncInferenceConfig") is not None

    def variant(self, name: str) -> VariantSpec | None:
        """The variant of that name, if the config has it."""
        return next((spec for spec in self.variants if spec.variant_name == name), None)


class _DataSource(_FromAws):
    s3_uri: str
    s3_data_type: Literal["S3Prefix", "S3Object"]


class _ModelDataSource(_FromAws):
    s3_data_source: _DataSource | None = None


class Container(_FromAws):
    """A model's container: its image, and the source of its weights."""

    image: str = ""
    model_data_url: str | None = None
    model_data_source: _ModelDataSource = _ModelDataSource()
    environment: dict[str, str] = Field(default_factory=dict)

    @property
    def has_data(self) -> bool:
        """Whether SageMaker puts model data into the container."""
        return bool(self.model_data_url or self.model_data_source.s3_data_source)

    @property
    def source(self) -> str:
        """The source of the weights."""
        data_source = self.model_data_source.s3_data_source
        if data_source is not None:
            return data_source.s3_uri
        return self.model_data_url or self.image

    @property
    def has_ambiguous_prefix(self) -> bool:
        """Whether the URI names a prefix without the final slash that SageMaker requires."""
        data_source = self.model_data_source.s3_data_source
        return (
            data_source is not None
            and data_source.s3_data_type == "S3Prefix"
            and not data_source.s3_uri.endswith("/")
        )
