"""Application Auto Scaling and quotas: the capacity around an endpoint, kept and put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from switchover.domain.capacity import protection
from switchover.domain.fleet import ScalingReading

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_service_quotas import ServiceQuotasClient

    from switchover.domain.capacity import Restoration

_NAMESPACE: Final = "sagemaker"
_DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"


class Scaling:
    """The scalable targets of an account's endpoints."""

    def __init__(self, scaling: ApplicationAutoScalingClient) -> None:
        self._scaling = scaling

    def read(self, endpoint: str, variant: str) -> ScalingReading:
        """A variant's target, policies and scheduled actions, raw."""
        where: Any = {
            "ServiceNamespace": _NAMESPACE,
            "ResourceId": _resource(endpoint, variant),
            "ScalableDimension": _DIMENSION,
        }
        targets = self._scaling.describe_scalable_targets(
            ServiceNamespace=_NAMESPACE,
            ResourceIds=[where["ResourceId"]],
            ScalableDimension=_DIMENSION,
        )["ScalableTargets"]
        if not targets:
            return ScalingReading()
        policies = self._scaling.get_paginator("describe_scaling_policies").paginate(**where)
        actions = self._scaling.get_paginator("describe_scheduled_actions").paginate(**where)
        return ScalingReading(
            target=_plain(targets[0]),
            policies=tuple(_plain(p) for page in policies for p in page["ScalingPolicies"]),
            scheduled_actions=tuple(
                _plain(a) for page in actions for a in page["ScheduledActions"]
            ),
        )

    def protect(
        self, endpoint: str, variant: str, snapshot: ScalingReading, during: tuple[int, int] | None
    ) -> None:
        """Suspend scaling, so that nothing fights the update; with `during`, set its bounds."""
        if snapshot.target is not None:
            self._register(endpoint, variant, protection(during))

    def restore(self, endpoint: str, variant: str, restoration: Restoration) -> None:
        """Put back what is still ours to put back."""
        if restoration.target is not None:
            self._register(endpoint, variant, restoration.target)
        for policy in restoration.policies:
            self._scaling.put_scaling_policy(**policy)
        for action in restoration.scheduled_actions:
            self._scaling.put_scheduled_action(**action)

    def _register(self, endpoint: str, variant: str, changes: dict[str, Any]) -> None:
        self._scaling.register_scalable_target(
            ServiceNamespace=_NAMESPACE,
            ResourceId=_resource(endpoint, variant),
            ScalableDimension=_DIMENSION,
            **changes,
        )


class Quotas:
    """What the account may run."""

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


def _resource(endpoint: str, variant: str) -> str:
    return f"endpoint/{endpoint}/variant/{variant}"


def _plain(described: Any) -> dict[str, Any]:
    return dict(described)
