"""The API of Application Auto Scaling for scalable targets and their tags."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from switchover_local.twin.wire.messages import Answer
from switchover_local.twin.wire.refusals import Refusal, validation_exception

from .requests import answer_page, check_service, target_of, variant_of
from .targets import DIMENSION, NAMESPACE, SUSPENSIONS, ScalableTarget, Variant

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling.type_defs import (
        DeregisterScalableTargetRequestTypeDef,
        DescribeScalableTargetsRequestTypeDef,
        ListTagsForResourceRequestTypeDef,
        RegisterScalableTargetRequestTypeDef,
        ScalableTargetTypeDef,
        SuspendedStateTypeDef,
        TagResourceRequestTypeDef,
        UntagResourceRequestTypeDef,
    )

    from switchover_local.twin.clock import Clock

    from .targets import ScalableTargets, Suspension


class TargetOperations:
    """Registering variants, so that they can be scaled."""

    def __init__(
        self, targets: ScalableTargets, clock: Clock, *, account_id: str, region: str
    ) -> None:
        self._targets = targets
        self._clock = clock
        self._account_id = account_id
        self._region = region

    def register_scalable_target(self, params: RegisterScalableTargetRequestTypeDef) -> Answer:
        variant = variant_of(params)
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
            tags={**target.tags, **params.get("Tags", {})},
        )
        if not 0 <= target.min_capacity <= target.max_capacity:
            raise validation_exception(
                "Maximum capacity cannot be less than minimum capacity, and neither negative."
            )
        self._targets.put(target)
        self._targets.raise_to_minimum(variant.endpoint)
        return Answer({"ScalableTargetARN": target.arn})

    def describe_scalable_targets(self, params: DescribeScalableTargetsRequestTypeDef) -> Answer:
        check_service(params)
        wanted = params.get("ResourceIds")
        described = [
            _describe(target)
            for target in self._targets.all()
            if wanted is None or target.variant.resource_id in wanted
        ]
        return answer_page(
            "ScalableTargets",
            described,
            params,
            key=lambda target: (target["ResourceId"], target["ScalableDimension"]),
        )

    def deregister_scalable_target(self, params: DeregisterScalableTargetRequestTypeDef) -> Answer:
        self._targets.remove(target_of(self._targets, params, "found"))
        return Answer()

    def tag_resource(self, params: TagResourceRequestTypeDef) -> Answer:
        self._tagged(params["ResourceARN"]).update(params["Tags"])
        return Answer()

    def untag_resource(self, params: UntagResourceRequestTypeDef) -> Answer:
        tags = self._tagged(params["ResourceARN"])
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return Answer()

    def list_tags_for_resource(self, params: ListTagsForResourceRequestTypeDef) -> Answer:
        return Answer({"Tags": dict(self._tagged(params["ResourceARN"]))})

    def _new_target(
        self, variant: Variant, params: RegisterScalableTargetRequestTypeDef
    ) -> ScalableTarget:
        if "MinCapacity" not in params or "MaxCapacity" not in params:
            raise validation_exception(
                "MinCapacity and MaxCapacity must be specified to register a new scalable target."
            )
        return ScalableTarget(
            variant=variant,
            arn=(
                f"arn:aws:application-autoscaling:{self._region}:{self._account_id}:"
                f"scalable-target/{uuid5(NAMESPACE_URL, variant.resource_id).hex}"
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

    def _tagged(self, arn: str) -> dict[str, str]:
        for target in self._targets.all():
            if target.arn == arn:
                return target.tags
        raise Refusal("ResourceNotFoundException", f"No scalable target has the ARN {arn}")


def _suspended(
    before: frozenset[Suspension], asked: SuspendedStateTypeDef
) -> frozenset[Suspension]:
    # The documents don't say whether a partial SuspendedState ends the suspensions that it doesn't name.
    # Here they stay, like every other field of RegisterScalableTarget that isn't given.
    return frozenset(name for name in SUSPENSIONS if asked.get(name, name in before))


def _describe(target: ScalableTarget) -> ScalableTargetTypeDef:
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": target.variant.resource_id,
        "ScalableDimension": DIMENSION,
        "ScalableTargetARN": target.arn,
        "MinCapacity": target.min_capacity,
        "MaxCapacity": target.max_capacity,
        "RoleARN": target.role_arn,
        "CreationTime": target.created_at,
        "SuspendedState": {
            "DynamicScalingInSuspended": "DynamicScalingInSuspended" in target.suspended,
            "DynamicScalingOutSuspended": "DynamicScalingOutSuspended" in target.suspended,
            "ScheduledScalingSuspended": "ScheduledScalingSuspended" in target.suspended,
        },
    }
