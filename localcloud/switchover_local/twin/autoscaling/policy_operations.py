"""The API of Application Auto Scaling for policies and scheduled actions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast
from uuid import NAMESPACE_URL, uuid5

from switchover_local.twin.wire.messages import Answer
from switchover_local.twin.wire.refusals import validation_exception

from .requests import answer_page, check_service, not_found, target_of, variant_of
from .targets import DIMENSION, NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_application_autoscaling.type_defs import (
        DeleteScalingPolicyRequestTypeDef,
        DeleteScheduledActionRequestTypeDef,
        DescribeScalingPoliciesRequestTypeDef,
        DescribeScheduledActionsRequestTypeDef,
        PutScalingPolicyRequestTypeDef,
        PutScheduledActionRequestTypeDef,
        ScalingPolicyTypeDef,
        ScheduledActionTypeDef,
    )

    from switchover_local.twin.clock import Clock

    from .targets import ScalableTarget, ScalableTargets

_SCHEDULE = re.compile(r"(at|rate|cron)\(.+\)")
_POLICY_FIELDS = (
    "PolicyType",
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScalingPolicyConfiguration",
)
_ACTION_FIELDS = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")


class PolicyOperations:
    """Policies and scheduled actions, which are kept and described. None of them acts."""

    def __init__(
        self, targets: ScalableTargets, clock: Clock, *, account_id: str, region: str
    ) -> None:
        self._targets = targets
        self._clock = clock
        self._arn_prefix = f"arn:aws:autoscaling:{region}:{account_id}:"

    def put_scaling_policy(self, params: PutScalingPolicyRequestTypeDef) -> Answer:
        target, name = target_of(self._targets, params, "registered"), params["PolicyName"]
        known = target.policies.get(name)
        policy: ScalingPolicyTypeDef = {
            "ServiceNamespace": NAMESPACE,
            "ResourceId": target.variant.resource_id,
            "ScalableDimension": DIMENSION,
            "PolicyARN": self._owned_arn("scalingPolicy", target, f"policyName/{name}"),
            "PolicyName": name,
            "CreationTime": known["CreationTime"] if known else self._clock.now(),
            "Alarms": [],
            "PolicyType": known["PolicyType"] if known else "StepScaling",
        }
        policy = cast("ScalingPolicyTypeDef", policy | _given(params, _POLICY_FIELDS))
        configuration = f"{policy['PolicyType']}PolicyConfiguration"
        if configuration not in policy:
            raise validation_exception(f"{configuration} must be specified.")
        _check_target_value(policy)
        target.policies[name] = policy
        return Answer({"PolicyARN": policy["PolicyARN"], "Alarms": []})

    def describe_scaling_policies(self, params: DescribeScalingPoliciesRequestTypeDef) -> Answer:
        check_service(params)
        targets = self._targets_of(params.get("ResourceId"))
        policies = [p for target in targets for p in target.policies.values()]
        wanted = params.get("PolicyNames")
        return answer_page(
            "ScalingPolicies",
            [p for p in policies if wanted is None or p["PolicyName"] in wanted],
            params,
            key=lambda policy: (policy["ResourceId"], policy["PolicyName"]),
        )

    def delete_scaling_policy(self, params: DeleteScalingPolicyRequestTypeDef) -> Answer:
        target, name = self._targets.find(variant_of(params)), params["PolicyName"]
        if target is None or target.policies.pop(name, None) is None:
            raise not_found("No scaling policy found", params, f"policy name: {name}")
        return Answer()

    def put_scheduled_action(self, params: PutScheduledActionRequestTypeDef) -> Answer:
        target, name = target_of(self._targets, params, "registered"), params["ScheduledActionName"]
        known = target.scheduled_actions.get(name)
        action: ScheduledActionTypeDef = {
            "ServiceNamespace": NAMESPACE,
            "ResourceId": target.variant.resource_id,
            "ScalableDimension": DIMENSION,
            "ScheduledActionName": name,
            "ScheduledActionARN": self._owned_arn(
                "scheduledAction", target, f"scheduledActionName/{name}"
            ),
            "CreationTime": known["CreationTime"] if known else self._clock.now(),
            "Schedule": known["Schedule"] if known else "",
        }
        given = {**_given(known or {}, _ACTION_FIELDS), **_given(params, _ACTION_FIELDS)}
        action = cast("ScheduledActionTypeDef", action | given)
        if not _SCHEDULE.fullmatch(action["Schedule"]):
            raise validation_exception("Schedule must be an at(), rate() or cron() expression.")
        if not action.get("ScalableTargetAction"):
            raise validation_exception("ScalableTargetAction must set a minimum or a maximum.")
        target.scheduled_actions[name] = action
        return Answer()

    def describe_scheduled_actions(self, params: DescribeScheduledActionsRequestTypeDef) -> Answer:
        check_service(params)
        targets = self._targets_of(params.get("ResourceId"))
        actions = [a for target in targets for a in target.scheduled_actions.values()]
        wanted = params.get("ScheduledActionNames")
        return answer_page(
            "ScheduledActions",
            [a for a in actions if wanted is None or a["ScheduledActionName"] in wanted],
            params,
            key=lambda action: (action["ResourceId"], action["ScheduledActionName"]),
        )

    def delete_scheduled_action(self, params: DeleteScheduledActionRequestTypeDef) -> Answer:
        target, name = self._targets.find(variant_of(params)), params["ScheduledActionName"]
        if target is None or target.scheduled_actions.pop(name, None) is None:
            raise not_found("No scheduled action found", params, f"scheduled action name: {name}")
        return Answer()

    def _targets_of(self, resource_id: str | None) -> list[ScalableTarget]:
        return [t for t in self._targets.all() if resource_id in (None, t.variant.resource_id)]

    def _owned_arn(self, kind: str, target: ScalableTarget, tail: str) -> str:
        resource = f"resource/{NAMESPACE}/{target.variant.resource_id}:{tail}"
        key = uuid5(NAMESPACE_URL, f"{kind}/{resource}")
        return f"{self._arn_prefix}{kind}:{key}:{resource}"


def _given(params: Mapping[str, object], fields: Iterable[str]) -> dict[str, object]:
    return {field: params[field] for field in fields if field in params}


def _check_target_value(policy: ScalingPolicyTypeDef) -> None:
    """Source: TargetValue, "Values must be in the range of -2^360 to 2^360"."""
    tracked = policy.get("TargetTrackingScalingPolicyConfiguration")
    if tracked is not None and not -(2.0**360) <= tracked["TargetValue"] <= 2.0**360:
        raise validation_exception("TargetValue must be in the range of -2^360 to 2^360.")
