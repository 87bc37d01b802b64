"""Application Auto Scaling and quotas: reads, suspends and restores an endpoint's capacity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from switchover.domain.errors import NoAnswer
from switchover.domain.fleet import ScalingReading
from switchover.domain.scaling_parts import protection

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_service_quotas import ServiceQuotasClient

    from switchover.domain.capacity import Restoration

_NAMESPACE: Final = "sagemaker"
_DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"


# The CLI's commands that create each part again.
_TARGET: Final = "register-scalable-target"
_POLICY: Final = "put-scaling-policy"
_ACTION: Final = "put-scheduled-action"


@dataclass(frozen=True, slots=True)
class NotRestored:
    """A part of the scaling that could not be restored: the CLI's command, its input, and the reason."""

    part: str
    request: dict[str, Any]
    error: Exception


class Scaling:
    """The scalable targets of an account's endpoints."""

    def __init__(self, scaling: ApplicationAutoScalingClient) -> None:
        self._scaling = scaling

    def read(self, endpoint: str, variant: str) -> ScalingReading:
        """A variant's target, policies and scheduled actions, as AWS sends them."""
        where = _where(endpoint, variant)
        target = self.find_target(endpoint, variant)
        if target is None:
            return ScalingReading()
        policies = self._scaling.get_paginator("describe_scaling_policies").paginate(**where)
        actions = self._scaling.get_paginator("describe_scheduled_actions").paginate(**where)
        return ScalingReading(
            target=target,
            policies=tuple(_plain(p) for page in policies for p in page["ScalingPolicies"]),
            scheduled_actions=tuple(
                _plain(a) for page in actions for a in page["ScheduledActions"]
            ),
        )

    def find_target(self, endpoint: str, variant: str) -> dict[str, Any] | None:
        """A variant's scalable target as AWS sends it; None if it has none."""
        where = _where(endpoint, variant)
        targets = self._scaling.describe_scalable_targets(
            ServiceNamespace=_NAMESPACE,
            ResourceIds=[where["ResourceId"]],
            ScalableDimension=_DIMENSION,
        )["ScalableTargets"]
        return _plain(targets[0]) if targets else None

    def protect(
        self, endpoint: str, variant: str, snapshot: ScalingReading, during: tuple[int, int] | None
    ) -> None:
        """Suspend scaling, so that it doesn't work against the update; with `during`, set its bounds."""
        if snapshot.target is not None:
            self._register(endpoint, variant, protection(during))

    def restore(
        self, endpoint: str, variant: str, restoration: Restoration
    ) -> tuple[NotRestored, ...]:
        """Restore the settings that the update changed; return the parts that could not be restored."""
        target = {**_where(endpoint, variant), **restoration.target} if restoration.target else None
        parts: list[tuple[str, Callable[..., object], dict[str, Any]]] = [
            *([(_TARGET, self._scaling.register_scalable_target, target)] if target else []),
            *((_POLICY, self._scaling.put_scaling_policy, each) for each in restoration.policies),
            *(
                (_ACTION, self._scaling.put_scheduled_action, each)
                for each in restoration.scheduled_actions
            ),
        ]
        failures = (_try(*part) for part in parts)
        return tuple(failure for failure in failures if failure is not None)

    def _register(self, endpoint: str, variant: str, changes: dict[str, Any]) -> None:
        self._scaling.register_scalable_target(**_where(endpoint, variant), **changes)


class Quotas:
    """The account's quotas."""

    def __init__(self, quotas: ServiceQuotasClient) -> None:
        self._quotas = quotas

    def instances(self, instance_type: str) -> int | None:
        """The quota `<type> for endpoint usage`, or None if Service Quotas doesn't list it."""
        wanted = f"{instance_type} for endpoint usage"
        pages = self._quotas.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
        for page in pages:
            for quota in page["Quotas"]:
                if quota["QuotaName"] == wanted:
                    return int(quota["Value"])
        return None


def _try(part: str, act: Callable[..., object], request: dict[str, Any]) -> NotRestored | None:
    try:
        act(**request)
    except (NoAnswer, ClientError, BotoCoreError) as error:
        return NotRestored(part, request, error)
    return None


def _where(endpoint: str, variant: str) -> Any:
    return {
        "ServiceNamespace": _NAMESPACE,
        "ResourceId": f"endpoint/{endpoint}/variant/{variant}",
        "ScalableDimension": _DIMENSION,
    }


def _plain(described: Any) -> dict[str, Any]:
    return dict(described)
