"""Application Auto Scaling and quotas: the capacity around an endpoint, kept and put back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from switchover.domain.fleet import ScalingReading

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_service_quotas import ServiceQuotasClient

_NAMESPACE: Final = "sagemaker"
_DIMENSION: Final = "sagemaker:variant:DesiredInstanceCount"
_SUSPENDED = {
    "DynamicScalingInSuspended": True,
    "DynamicScalingOutSuspended": True,
    "ScheduledScalingSuspended": True,
}
_RESUMED = dict.fromkeys(_SUSPENDED, False)


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
        """Suspend scaling, so that nothing fights the update; with `during`, widen its bounds."""
        if snapshot.target is None:
            return
        bounds = {"MinCapacity": during[0], "MaxCapacity": during[1]} if during else {}
        self._register(endpoint, variant, {**bounds, "SuspendedState": _SUSPENDED})

    def restore(self, endpoint: str, variant: str, snapshot: ScalingReading) -> None:
        """Put target, policies and scheduled actions back as the snapshot says, where they differ.

        Deleting an endpoint deregisters them all (rules §3), so all may have to be made again.
        """
        if snapshot.target is None:
            return
        found = self.read(endpoint, variant)
        target = snapshot.target
        wanted = {
            "MinCapacity": target["MinCapacity"],
            "MaxCapacity": target["MaxCapacity"],
            "SuspendedState": target.get("SuspendedState") or _RESUMED,
        }
        if found.target is None or any(found.target.get(key) != wanted[key] for key in wanted):
            self._register(endpoint, variant, wanted)
        present = {policy["PolicyName"] for policy in found.policies}
        for policy in snapshot.policies:
            if policy["PolicyName"] not in present:
                self._scaling.put_scaling_policy(**_only(policy, _POLICY_FIELDS))
        planned = {action["ScheduledActionName"] for action in found.scheduled_actions}
        for action in snapshot.scheduled_actions:
            if action["ScheduledActionName"] not in planned:
                self._scaling.put_scheduled_action(**_only(action, _ACTION_FIELDS))

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


_POLICY_FIELDS = (
    "PolicyName",
    "ServiceNamespace",
    "ResourceId",
    "ScalableDimension",
    "PolicyType",
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScalingPolicyConfiguration",
)
_ACTION_FIELDS = (
    "ServiceNamespace",
    "Schedule",
    "Timezone",
    "ScheduledActionName",
    "ResourceId",
    "ScalableDimension",
    "StartTime",
    "EndTime",
    "ScalableTargetAction",
)


def _resource(endpoint: str, variant: str) -> str:
    return f"endpoint/{endpoint}/variant/{variant}"


def _only(described: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    return {key: described[key] for key in fields if key in described}


def _plain(described: Any) -> dict[str, Any]:
    return dict(described)
