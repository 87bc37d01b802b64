"""Application Auto Scaling as the twin answers for it: one method per operation."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from switchover_local.twin.wire.messages import Answer
from switchover_local.twin.wire.paging import cut_page
from switchover_local.twin.wire.refusals import Refusal, validation_exception

from .targets import DIMENSION, NAMESPACE, SUSPENSIONS, ScalableTarget, Variant

if TYPE_CHECKING:
    from switchover_local.twin.clock import Clock

    from .targets import ScalableTargets

_RESOURCE = re.compile(r"endpoint/(?P<endpoint>[^/]+)/variant/(?P<variant>[^/]+)")
_PAGE = 50
_SCHEDULE = re.compile(r"(at|rate|cron)\(.+\)")

_POLICY_FIELDS = (
    "PolicyType",
    "StepScalingPolicyConfiguration",
    "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScalingPolicyConfiguration",
)
_ACTION_FIELDS = ("Schedule", "Timezone", "StartTime", "EndTime", "ScalableTargetAction")


class ScalingOperations:
    """Scalable targets, and the policies and scheduled actions that hang on them."""

    def __init__(
        self, targets: ScalableTargets, clock: Clock, *, account_id: str, region: str
    ) -> None:
        self._targets = targets
        self._clock = clock
        self._account_id = account_id
        self._region = region

    def register_scalable_target(self, params: dict[str, Any]) -> Answer:
        variant = _variant(params)
        if not self._targets.can_scale(variant):
            raise validation_exception(
                f"Production variant doesn't exist: {variant.resource_id}"
            )  # AWS's own words for SageMaker aren't known; for ECS: "ECS service doesn't exist: …"
        known = self._targets.find(variant)
        target = self._new_target(variant, params) if known is None else known
        target = replace(
            target,
            min_capacity=params.get("MinCapacity", target.min_capacity),
            max_capacity=params.get("MaxCapacity", target.max_capacity),
            role_arn=params.get("RoleARN", target.role_arn),
            suspended=_suspended(target.suspended, params.get("SuspendedState", {})),
            tags=target.tags | params.get("Tags", {}),
        )
        if not 0 <= target.min_capacity <= target.max_capacity:
            raise validation_exception(
                "Maximum capacity cannot be less than minimum capacity, and neither negative."
            )
        self._targets.put(target)
        self._targets.raise_to_minimum(variant.endpoint)
        return Answer({"ScalableTargetARN": target.arn})

    def describe_scalable_targets(self, params: dict[str, Any]) -> Answer:
        _check_service(params)
        wanted = params.get("ResourceIds")
        described = [
            _describe_target(target)
            for target in self._targets.all()
            if wanted is None or target.variant.resource_id in wanted
        ]
        return _page("ScalableTargets", described, params, "ScalableDimension")

    def deregister_scalable_target(self, params: dict[str, Any]) -> Answer:
        self._targets.remove(self._required(params, "found"))
        return Answer()

    def put_scaling_policy(self, params: dict[str, Any]) -> Answer:
        target, name = self._required(params, "registered"), params["PolicyName"]
        known = target.policies.get(name)
        policy = {
            **target.identity(),
            "PolicyARN": self._policy_arn(target, name),
            "PolicyName": name,
            "CreationTime": known["CreationTime"] if known else self._clock.now(),
            "Alarms": [],
            "PolicyType": known["PolicyType"] if known else "StepScaling",
        } | {f: params[f] for f in _POLICY_FIELDS if f in params}
        configuration = f"{policy['PolicyType']}PolicyConfiguration"
        if configuration not in policy:
            raise validation_exception(f"{configuration} must be specified.")
        _check_target_value(policy)
        target.policies[name] = policy
        return Answer({"PolicyARN": policy["PolicyARN"], "Alarms": []})

    def describe_scaling_policies(self, params: dict[str, Any]) -> Answer:
        policies = [p for target in self._described(params) for p in target.policies.values()]
        wanted = params.get("PolicyNames")
        chosen = [p for p in policies if wanted is None or p["PolicyName"] in wanted]
        return _page("ScalingPolicies", chosen, params, "PolicyName")

    def delete_scaling_policy(self, params: dict[str, Any]) -> Answer:
        target, name = self._targets.find(_variant(params)), params["PolicyName"]
        if target is None or target.policies.pop(name, None) is None:
            raise _not_found(f"No scaling policy found for {_named(params)}, policy name: {name}")
        return Answer()

    def put_scheduled_action(self, params: dict[str, Any]) -> Answer:
        target, name = self._required(params, "registered"), params["ScheduledActionName"]
        known = target.scheduled_actions.get(name)
        action = {
            **target.identity(),
            "ScheduledActionName": name,
            "ScheduledActionARN": self._action_arn(target, name),
            "CreationTime": self._clock.now(),
        }
        action |= known or {}
        action |= {f: params[f] for f in _ACTION_FIELDS if f in params}
        if not _SCHEDULE.fullmatch(action.get("Schedule", "")):
            raise validation_exception("Schedule must be an at(), rate() or cron() expression.")
        if not action.get("ScalableTargetAction"):
            raise validation_exception("ScalableTargetAction must set a minimum or a maximum.")
        target.scheduled_actions[name] = action
        return Answer()

    def describe_scheduled_actions(self, params: dict[str, Any]) -> Answer:
        actions = [a for t in self._described(params) for a in t.scheduled_actions.values()]
        wanted = params.get("ScheduledActionNames")
        chosen = [a for a in actions if wanted is None or a["ScheduledActionName"] in wanted]
        return _page("ScheduledActions", chosen, params, "ScheduledActionName")

    def delete_scheduled_action(self, params: dict[str, Any]) -> Answer:
        target, name = self._targets.find(_variant(params)), params["ScheduledActionName"]
        if target is None or target.scheduled_actions.pop(name, None) is None:
            raise _not_found(
                f"No scheduled action found for {_named(params)}, scheduled action name: {name}"
            )
        return Answer()

    def tag_resource(self, params: dict[str, Any]) -> Answer:
        self._tagged(params["ResourceARN"]).update(params["Tags"])
        return Answer()

    def untag_resource(self, params: dict[str, Any]) -> Answer:
        tags = self._tagged(params["ResourceARN"])
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return Answer()

    def list_tags_for_resource(self, params: dict[str, Any]) -> Answer:
        return Answer({"Tags": dict(self._tagged(params["ResourceARN"]))})

    def _new_target(self, variant: Variant, params: dict[str, Any]) -> ScalableTarget:
        if "MinCapacity" not in params or "MaxCapacity" not in params:
            raise validation_exception(
                "MinCapacity and MaxCapacity must be specified to register a new scalable target."
            )
        return ScalableTarget(
            variant=variant,
            arn=(
                f"arn:aws:application-autoscaling:{self._region}:{self._account_id}:"
                f"scalable-target/{_key(variant.resource_id)}"
            ),
            role_arn=(
                f"arn:aws:iam::{self._account_id}:role/aws-service-role/"
                "sagemaker.application-autoscaling.amazonaws.com/"
                "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
            ),
            created_at=self._clock.now(),
            min_capacity=params["MinCapacity"],
            max_capacity=params["MaxCapacity"],
        )

    def _required(self, params: dict[str, Any], verb: str) -> ScalableTarget:
        target = self._targets.find(_variant(params))
        if target is None:
            raise _not_found(f"No scalable target {verb} for {_named(params)}")
        return target

    def _described(self, params: dict[str, Any]) -> list[ScalableTarget]:
        _check_service(params)
        wanted = params.get("ResourceId")
        return [t for t in self._targets.all() if wanted in (None, t.variant.resource_id)]

    def _tagged(self, arn: str) -> dict[str, str]:
        for target in self._targets.all():
            if target.arn == arn:
                return target.tags
        raise Refusal("ResourceNotFoundException", f"No scalable target has the ARN {arn}")

    def _policy_arn(self, target: ScalableTarget, name: str) -> str:
        return self._owned_arn("scalingPolicy", target, f"policyName/{name}")

    def _action_arn(self, target: ScalableTarget, name: str) -> str:
        return self._owned_arn("scheduledAction", target, f"scheduledActionName/{name}")

    def _owned_arn(self, kind: str, target: ScalableTarget, tail: str) -> str:
        resource = f"resource/{NAMESPACE}/{target.variant.resource_id}:{tail}"
        key = uuid5(NAMESPACE_URL, f"{kind}/{resource}")
        return f"arn:aws:autoscaling:{self._region}:{self._account_id}:{kind}:{key}:{resource}"


def _check_target_value(policy: dict[str, Any]) -> None:
    """Source: TargetValue, "Values must be in the range of -2^360 to 2^360"."""
    tracked = policy.get("TargetTrackingScalingPolicyConfiguration", {})
    if not -(2.0**360) <= tracked.get("TargetValue", 0.0) <= 2.0**360:
        raise validation_exception("TargetValue must be in the range of -2^360 to 2^360.")


def _variant(params: dict[str, Any]) -> Variant:
    _check_service(params)
    match = _RESOURCE.fullmatch(params["ResourceId"])
    if match is None:
        raise validation_exception(
            "Unsupported service namespace, resource type or scalable dimension"
        )
    return Variant(match["endpoint"], match["variant"])


def _check_service(params: dict[str, Any]) -> None:
    if params["ServiceNamespace"] != NAMESPACE:
        raise validation_exception(f"The twin scales {NAMESPACE} only.")
    if params.get("ScalableDimension", DIMENSION) != DIMENSION:
        raise validation_exception(
            "Unsupported service namespace, resource type or scalable dimension"
        )


def _suspended(before: frozenset[str], asked: dict[str, bool]) -> frozenset[str]:
    # What becomes of a suspension that a partial SuspendedState doesn't name isn't documented:
    # it stays, as every other field of RegisterScalableTarget does.
    return frozenset(name for name in SUSPENSIONS if asked.get(name, name in before))


def _describe_target(target: ScalableTarget) -> dict[str, Any]:
    return {
        **target.identity(),
        "ScalableTargetARN": target.arn,
        "MinCapacity": target.min_capacity,
        "MaxCapacity": target.max_capacity,
        "RoleARN": target.role_arn,
        "CreationTime": target.created_at,
        "SuspendedState": {name: name in target.suspended for name in SUSPENSIONS},
    }


def _page(name: str, items: list[dict[str, Any]], params: dict[str, Any], own_name: str) -> Answer:
    """One page of what hangs on variants, each with its own name among those of its variant."""
    refusal = Refusal("InvalidNextTokenException", "Invalid pagination token")
    size = min(params.get("MaxResults", _PAGE), _PAGE)
    if size < 1:  # "This value can be between 1 and 50", which the service model doesn't have
        raise validation_exception("MaxResults must be between 1 and 50.")
    page, more = cut_page(
        items,
        params.get("NextToken"),
        size,
        key=lambda item: (item["ResourceId"], item[own_name]),
        refusal=refusal,
    )
    return Answer({name: page, **more})


def _named(params: dict[str, Any]) -> str:
    return (
        f"service namespace: {params['ServiceNamespace']}, resource ID: {params['ResourceId']}, "
        f"scalable dimension: {params['ScalableDimension']}"
    )


def _not_found(message: str) -> Refusal:
    return Refusal("ObjectNotFoundException", message)


def _key(resource_id: str) -> str:
    return uuid5(NAMESPACE_URL, resource_id).hex
