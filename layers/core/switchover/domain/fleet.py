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
        """Whether SageMaker is changing the endpoint, so that the status will change by itself."""
        return self in {
            EndpointStatus.CREATING,
            EndpointStatus.UPDATING,
            EndpointStatus.SYSTEM_UPDATING,
            EndpointStatus.ROLLING_BACK,
            EndpointStatus.DELETING,
        }


class AlarmState(StrEnum):
    """A CloudWatch alarm's state. `MISSING` is Switchover's own: no alarm of that name exists."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    MISSING = "MISSING"


class _Reading(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Stage(_Reading):
    """One VariantStatus entry: SageMaker's current work, and its start (rules §2.5)."""

    status: str
    message: str = ""
    since: datetime | None = None

    @property
    def is_bake(self) -> bool:
        """Whether SageMaker watches alarms in this stage."""
        return self.status == "Baking"


class VariantReading(_Reading):
    """One production variant of one fleet; `images` are its running images, by digest."""

    name: str
    current_instances: int
    desired_instances: int
    stages: tuple[Stage, ...] = ()
    images: tuple[str, ...] = ()


class EndpointReading(_Reading):
    """DescribeEndpoint at one moment.

    `config_name` is the serving config. During an update it is still the previous config, and
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
        """Instances of the endpoint's current fleet."""
        return sum(variant.current_instances for variant in self.variants)

    @property
    def pending_instances(self) -> int:
        """Instances of the fleet that an update is bringing up."""
        return sum(variant.current_instances for variant in self.pending_variants)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """SageMaker's current stages, for both fleets."""
        return tuple(
            stage
            for variant in (*self.pending_variants, *self.variants)
            for stage in variant.stages
        )

    @property
    def is_moving(self) -> bool:
        """Whether SageMaker is still changing the endpoint, for any caller."""
        return self.status.is_moving or self.pending_config_name is not None

    @property
    def is_at_rest(self) -> bool:
        """Whether the endpoint serves without a change, so that SageMaker accepts a change."""
        return self.status is EndpointStatus.IN_SERVICE and self.pending_config_name is None

    @property
    def is_baking(self) -> bool:
        """Whether SageMaker watches the alarms now."""
        return any(stage.is_bake for stage in self.stages)


class Absent(_Reading):
    """The endpoint doesn't exist, according to SageMaker at `read_at`."""

    name: str
    read_at: datetime


class AlarmReading(_Reading):
    """One alarm at one moment; `reason` is CloudWatch's own StateReason."""

    name: str
    state: AlarmState
    reason: str = ""


class LiveRelease(_Reading):
    """The endpoint's current config and model, as the describe calls return them, with tags.

    `config` and `model` are raw DescribeEndpointConfig and DescribeModel answers: they are cloned
    whole, because a list of known fields would drop the rest (rules §1.5). The `creatable_` sets are
    the fields that the create calls of the installed botocore accept. `unknown_fields` are further
    fields that AWS sends: a copy would lose them.
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
    """A variant's scalable target, policies and scheduled actions, as AWS sends them."""

    target: dict[str, Any] | None = None
    policies: tuple[dict[str, Any], ...] = ()
    scheduled_actions: tuple[dict[str, Any], ...] = ()


def has_other_size(
    endpoint: EndpointReading | Absent, instances: int
) -> TypeGuard[EndpointReading]:
    """Whether there is a fleet with another desired size."""
    return (
        isinstance(endpoint, EndpointReading)
        and bool(endpoint.variants)
        and endpoint.variants[0].desired_instances != instances
    )


# A failed resize shows RollingBack; during maintenance SageMaker accepts no resize (rules §2).
_RESIZING = frozenset(
    {EndpointStatus.UPDATING, EndpointStatus.ROLLING_BACK, EndpointStatus.SYSTEM_UPDATING}
)


def is_seen_resizing(endpoint: EndpointReading) -> bool:
    """Whether SageMaker reports that the serving fleet only changes its size.

    Then the serving variant has the stages, and no config is pending (rules §2.4).
    """
    return is_being_resized(endpoint) and any(variant.stages for variant in endpoint.variants)


def is_being_resized(endpoint: EndpointReading | Absent) -> TypeGuard[EndpointReading]:
    """Whether the fleet is being changed without a new config, so that its size isn't final yet."""
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
