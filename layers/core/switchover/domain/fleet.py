"""An endpoint as read from AWS at one moment, without judgement."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, TypeGuard

from pydantic import BaseModel, ConfigDict


class EndpointStatus(StrEnum):
    """EndpointStatus as the API writes it; events write UPPER_SNAKE (rules §2, §5)."""

    CREATING = "Creating"
    UPDATING = "Updating"
    SYSTEM_UPDATING = "SystemUpdating"
    ROLLING_BACK = "RollingBack"
    IN_SERVICE = "InService"
    OUT_OF_SERVICE = "OutOfService"
    DELETING = "Deleting"
    FAILED = "Failed"
    UPDATE_ROLLBACK_FAILED = "UpdateRollbackFailed"

    @property
    def is_moving(self) -> bool:
        """Whether SageMaker is at work, so that it will have another status by itself."""
        return self in {
            EndpointStatus.CREATING,
            EndpointStatus.UPDATING,
            EndpointStatus.SYSTEM_UPDATING,
            EndpointStatus.ROLLING_BACK,
            EndpointStatus.DELETING,
        }


class AlarmState(StrEnum):
    """A CloudWatch alarm's state; `MISSING` is ours: no alarm of that name exists."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    MISSING = "MISSING"


class _Reading(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stage(_Reading):
    """One VariantStatus entry: what SageMaker says it is doing, and since when (rules §2.5)."""

    status: str
    message: str = ""
    since: datetime | None = None

    @property
    def is_bake(self) -> bool:
        """Whether alarms are watched meanwhile."""
        return self.status == "Baking"


class VariantReading(_Reading):
    """One production variant of one fleet; `images` are what it runs, by digest."""

    name: str
    current_instances: int
    desired_instances: int
    stages: tuple[Stage, ...] = ()
    images: tuple[str, ...] = ()


class EndpointReading(_Reading):
    """DescribeEndpoint at one moment.

    `config_name` is what serves; during an update that is still the previous config, and
    `pending_config_name` is the target (rules §2.4). `read_at` is SageMaker's own clock.
    """

    name: str
    arn: str
    status: EndpointStatus
    config_name: str
    pending_config_name: str | None = None
    variants: tuple[VariantReading, ...] = ()
    pending_variants: tuple[VariantReading, ...] = ()
    failure_reason: str = ""
    last_modified: datetime
    read_at: datetime

    @property
    def instances(self) -> int:
        """Instances of the fleet that the endpoint reports as its own."""
        return sum(variant.current_instances for variant in self.variants)

    @property
    def pending_instances(self) -> int:
        """Instances of the fleet that an update is bringing up."""
        return sum(variant.current_instances for variant in self.pending_variants)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What SageMaker says it is doing, on either fleet."""
        return tuple(
            stage
            for variant in (*self.pending_variants, *self.variants)
            for stage in variant.stages
        )

    @property
    def is_moving(self) -> bool:
        """Whether SageMaker is still at work on it, whoever asked it to be."""
        return self.status.is_moving or self.pending_config_name is not None

    @property
    def is_at_rest(self) -> bool:
        """Whether it serves cleanly, so that SageMaker takes a change of it."""
        return self.status is EndpointStatus.IN_SERVICE and self.pending_config_name is None

    @property
    def is_baking(self) -> bool:
        """Whether SageMaker watches the alarms now."""
        return any(stage.is_bake for stage in self.stages)


class Absent(_Reading):
    """There is no endpoint of that name, says SageMaker at `read_at`."""

    name: str
    read_at: datetime


class AlarmReading(_Reading):
    """One alarm at one moment; `reason` is CloudWatch's own StateReason."""

    name: str
    state: AlarmState
    reason: str = ""


class LiveRelease(_Reading):
    """Everything that the endpoint runs on now, as describe calls return it, with tags.

    `config` and `model` are raw DescribeEndpointConfig and DescribeModel answers: they are cloned
    whole, because a list of known fields would drop the rest (rules §1.5). The `creatable_` sets
    name what the create calls accept, by the installed botocore. `unknown_fields` are what AWS sends
    beyond that: a copy would lose them.
    """

    config: dict[str, Any]
    config_tags: tuple[dict[str, str], ...] = ()
    creatable_config_fields: frozenset[str]
    model: dict[str, Any]
    model_tags: tuple[dict[str, str], ...] = ()
    creatable_model_fields: frozenset[str]
    endpoint_tags: tuple[dict[str, str], ...] = ()
    unknown_fields: tuple[str, ...] = ()


class ScalingReading(_Reading):
    """A variant's scalable target with all that hangs on it, raw, so that it can be put back whole."""

    target: dict[str, Any] | None = None
    policies: tuple[dict[str, Any], ...] = ()
    scheduled_actions: tuple[dict[str, Any], ...] = ()


def has_other_size(
    endpoint: EndpointReading | Absent, instances: int
) -> TypeGuard[EndpointReading]:
    """Whether there is a fleet, and its desired size is another."""
    return (
        isinstance(endpoint, EndpointReading)
        and bool(endpoint.variants)
        and endpoint.variants[0].desired_instances != instances
    )


# A resize that fails goes through RollingBack, and maintenance takes no resize (rules §2).
_RESIZING = frozenset(
    {EndpointStatus.UPDATING, EndpointStatus.ROLLING_BACK, EndpointStatus.SYSTEM_UPDATING}
)


def is_seen_resizing(endpoint: EndpointReading) -> bool:
    """Whether SageMaker itself says that the fleet which serves only changes its size.

    Then the variant that serves carries the stages, and nothing is pending (rules §2.4).
    """
    return is_being_resized(endpoint) and any(variant.stages for variant in endpoint.variants)


def is_being_resized(endpoint: EndpointReading | Absent) -> TypeGuard[EndpointReading]:
    """Whether a fleet whose config stays is busy, so that its size is settled only after that."""
    return (
        isinstance(endpoint, EndpointReading)
        and endpoint.status in _RESIZING
        and endpoint.pending_config_name is None
    )


class CapacitySnapshot(BaseModel):
    """The variant's capacity and scaling before anything was changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    desired_instances: int
    scaling: ScalingReading
