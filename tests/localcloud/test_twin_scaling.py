"""Application Auto Scaling keeps what it's told, forgets what AWS forgets, and guards the floor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from switchover_local.twin.autoscaling.operations import ScalingOperations
from switchover_local.twin.autoscaling.targets import ScalableTargets
from switchover_local.twin.clock import SteppedClock
from switchover_local.twin.wire.refusals import Refusal

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/shop/variant/main",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
EVERYWHERE = {"ServiceNamespace": "sagemaker"}
BOUNDS = {"MinCapacity": 2, "MaxCapacity": 8}
NAMED_TARGET = (
    "service namespace: sagemaker, resource ID: endpoint/shop/variant/main, "
    "scalable dimension: sagemaker:variant:DesiredInstanceCount"
)
TRACKING: dict[str, Any] = {
    "PolicyName": "keep-busy",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {
        "TargetValue": 70.0,
        "PredefinedMetricSpecification": {
            "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
        },
    },
}
NIGHTLY: dict[str, Any] = {
    "ScheduledActionName": "night",
    "Schedule": "cron(0 20 * * ? *)",
    "ScalableTargetAction": {"MinCapacity": 1, "MaxCapacity": 2},
}


class Fleet:
    """Two endpoints of one variant each; a resize takes effect at once."""

    def __init__(self) -> None:
        self.instances = {("shop", "main"): 1, ("help", "main"): 1}

    def has_variant(self, endpoint: str, variant: str) -> bool:
        return (endpoint, variant) in self.instances

    def raise_instances(self, endpoint: str, variant: str, at_least: int) -> None:
        key = endpoint, variant
        self.instances[key] = max(self.instances[key], at_least)


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


@pytest.fixture
def targets(fleet: Fleet) -> ScalableTargets:
    return ScalableTargets(fleet)


@pytest.fixture
def scaling(targets: ScalableTargets) -> ScalingOperations:
    return operations(targets)


def operations(targets: ScalableTargets) -> ScalingOperations:
    return ScalingOperations(
        targets, SteppedClock(NOON), account_id="000000000000", region="us-east-1"
    )


def describe(scaling: ScalingOperations) -> dict[str, Any]:
    (target,) = scaling.describe_scalable_targets(EVERYWHERE).members["ScalableTargets"]
    return dict(target)


def test_a_target_is_described_as_it_was_registered(scaling: ScalingOperations) -> None:
    scaling.register_scalable_target(TARGET | BOUNDS)

    described = describe(scaling)

    assert (TARGET | BOUNDS).items() <= described.items()
    assert described["CreationTime"] == NOON
    assert not any(described["SuspendedState"].values())


def test_what_a_second_registration_does_not_name_stays(scaling: ScalingOperations) -> None:
    role = "arn:aws:iam::111122223333:role/scaler"
    suspended = {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": True,
        "ScheduledScalingSuspended": False,
    }
    first = scaling.register_scalable_target(TARGET | BOUNDS | {"RoleARN": role})
    scaling.register_scalable_target(TARGET | {"SuspendedState": suspended})
    second = scaling.register_scalable_target(TARGET | {"MaxCapacity": 9})

    described = describe(scaling)

    assert first == second
    assert (described["MinCapacity"], described["MaxCapacity"]) == (2, 9)
    assert (described["RoleARN"], described["SuspendedState"]) == (role, suspended)


def test_a_suspension_is_lifted_only_where_it_is_named(scaling: ScalingOperations) -> None:
    everything = {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": True,
        "ScheduledScalingSuspended": True,
    }
    scaling.register_scalable_target(TARGET | BOUNDS | {"SuspendedState": everything})

    scaling.register_scalable_target(
        TARGET | {"SuspendedState": {"DynamicScalingInSuspended": False}}
    )

    lifted = {"DynamicScalingInSuspended": False}
    assert describe(scaling)["SuspendedState"] == everything | lifted


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (TARGET | BOUNDS | {"ResourceId": "endpoint/shop/variant/other"}, "doesn't exist"),
        (TARGET | BOUNDS | {"ResourceId": "endpoint/nope/variant/main"}, "doesn't exist"),
        (TARGET | BOUNDS | {"ResourceId": "endpoint/shop"}, "Unsupported"),
        (TARGET | BOUNDS | {"ScalableDimension": "ecs:service:DesiredCount"}, "Unsupported"),
        (TARGET | BOUNDS | {"ServiceNamespace": "ecs"}, "sagemaker only"),
        (TARGET | {"MinCapacity": 1}, "MinCapacity and MaxCapacity"),
        (TARGET | {"MinCapacity": 3, "MaxCapacity": 2}, "Maximum capacity"),
        (TARGET | {"MinCapacity": -1, "MaxCapacity": 2}, "Maximum capacity"),
    ],
)
def test_a_registration_that_makes_no_sense_is_refused(
    targets: ScalableTargets,
    scaling: ScalingOperations,
    request_: dict[str, Any],
    complaint: str,
) -> None:
    with pytest.raises(Refusal, match=f"ValidationException.*{complaint}"):
        scaling.register_scalable_target(request_)

    assert targets.target("shop", "main") is None


def test_deregistering_takes_policies_and_scheduled_actions_along(
    scaling: ScalingOperations,
) -> None:
    scaling.register_scalable_target(TARGET | BOUNDS)
    scaling.put_scaling_policy(TARGET | TRACKING)
    scaling.put_scheduled_action(TARGET | NIGHTLY)

    scaling.deregister_scalable_target(TARGET)
    scaling.register_scalable_target(TARGET | BOUNDS)

    assert scaling.describe_scaling_policies(EVERYWHERE).members["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(EVERYWHERE).members["ScheduledActions"] == []


def test_a_policy_comes_back_as_it_was_put(scaling: ScalingOperations) -> None:
    scaling.register_scalable_target(TARGET | BOUNDS)
    arn = scaling.put_scaling_policy(TARGET | TRACKING).members["PolicyARN"]

    (policy,) = scaling.describe_scaling_policies(
        {"ServiceNamespace": "sagemaker", "ResourceId": TARGET["ResourceId"]}
    ).members["ScalingPolicies"]

    assert (TARGET | TRACKING).items() <= policy.items()
    assert policy["PolicyARN"] == arn


def test_a_scheduled_action_is_changed_in_part(scaling: ScalingOperations) -> None:
    scaling.register_scalable_target(TARGET | BOUNDS)
    scaling.put_scheduled_action(TARGET | NIGHTLY)

    scaling.put_scheduled_action(
        TARGET | {"ScheduledActionName": "night", "Schedule": "rate(1 day)"}
    )

    (action,) = scaling.describe_scheduled_actions(EVERYWHERE).members["ScheduledActions"]
    assert action["Schedule"] == "rate(1 day)"
    assert action["ScalableTargetAction"] == NIGHTLY["ScalableTargetAction"]


@pytest.mark.parametrize(
    ("operation", "more", "message"),
    [
        ("deregister_scalable_target", {}, f"No scalable target found for {NAMED_TARGET}"),
        ("put_scaling_policy", TRACKING, f"No scalable target registered for {NAMED_TARGET}"),
        ("put_scheduled_action", NIGHTLY, f"No scalable target registered for {NAMED_TARGET}"),
        (
            "delete_scaling_policy",
            {"PolicyName": "p"},
            f"No scaling policy found for {NAMED_TARGET}, policy name: p",
        ),
        (
            "delete_scheduled_action",
            {"ScheduledActionName": "a"},
            f"No scheduled action found for {NAMED_TARGET}, scheduled action name: a",
        ),
    ],
)
def test_what_is_not_there_is_refused_in_awss_words(
    scaling: ScalingOperations, operation: str, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refusal) as refused:
        getattr(scaling, operation)(TARGET | more)

    assert (refused.value.code, refused.value.message) == ("ObjectNotFoundException", message)


def test_policies_and_actions_can_be_deleted(
    targets: ScalableTargets, scaling: ScalingOperations
) -> None:
    scaling.register_scalable_target(TARGET | BOUNDS)
    scaling.put_scaling_policy(TARGET | TRACKING)
    scaling.put_scheduled_action(TARGET | NIGHTLY)

    scaling.delete_scaling_policy(TARGET | {"PolicyName": "keep-busy"})
    scaling.delete_scheduled_action(TARGET | {"ScheduledActionName": "night"})

    target = targets.target("shop", "main")
    assert target is not None
    assert (target.policies, target.scheduled_actions) == ({}, {})


@pytest.mark.parametrize(
    ("operation", "nonsense"),
    [
        ("put_scaling_policy", {"PolicyName": "p", "PolicyType": "TargetTrackingScaling"}),
        ("put_scaling_policy", {"PolicyName": "p"}),
        ("put_scheduled_action", NIGHTLY | {"Schedule": "every night"}),
        ("put_scheduled_action", {"ScheduledActionName": "a", "Schedule": "rate(1 day)"}),
    ],
)
def test_a_policy_or_action_without_substance_is_refused(
    scaling: ScalingOperations, operation: str, nonsense: dict[str, Any]
) -> None:
    scaling.register_scalable_target(TARGET | BOUNDS)

    with pytest.raises(Refusal, match="ValidationException"):
        getattr(scaling, operation)(TARGET | nonsense)


def test_a_deleted_endpoint_leaves_no_target_and_the_others_stay(
    targets: ScalableTargets, scaling: ScalingOperations
) -> None:
    other = TARGET | {"ResourceId": "endpoint/help/variant/main"}
    scaling.register_scalable_target(TARGET | BOUNDS)
    scaling.register_scalable_target(other | BOUNDS)

    targets.deregister_endpoint("shop")

    assert describe(scaling)["ResourceId"] == other["ResourceId"]


def test_a_registration_raises_the_fleet_to_its_minimum(
    scaling: ScalingOperations, fleet: Fleet
) -> None:
    scaling.register_scalable_target(TARGET | BOUNDS)

    assert fleet.instances == {("shop", "main"): 2, ("help", "main"): 1}


def test_suspended_scaling_raises_nothing_until_it_is_resumed(
    scaling: ScalingOperations, fleet: Fleet
) -> None:
    scaling.register_scalable_target(
        TARGET | BOUNDS | {"SuspendedState": {"DynamicScalingOutSuspended": True}}
    )
    suspended = fleet.instances["shop", "main"]
    scaling.register_scalable_target(
        TARGET | {"SuspendedState": {"DynamicScalingOutSuspended": False}}
    )

    assert (suspended, fleet.instances["shop", "main"]) == (1, 2)


def test_targets_come_in_pages() -> None:
    fleet = Fleet()
    fleet.instances = {(f"e{number:03}", "main"): 1 for number in range(60)}
    scaling = operations(ScalableTargets(fleet))
    for endpoint, variant in fleet.instances:
        resource = {"ResourceId": f"endpoint/{endpoint}/variant/{variant}"}
        scaling.register_scalable_target(TARGET | BOUNDS | resource)

    first = scaling.describe_scalable_targets({"ServiceNamespace": "sagemaker"})
    second = scaling.describe_scalable_targets(
        {"ServiceNamespace": "sagemaker", "NextToken": first.members["NextToken"]}
    )

    pages = [first.members["ScalableTargets"], second.members["ScalableTargets"]]
    assert [len(page) for page in pages] == [50, 10]
    assert "NextToken" not in second.members


def test_tags_hang_on_the_targets_arn(scaling: ScalingOperations) -> None:
    registered = scaling.register_scalable_target(TARGET | BOUNDS | {"Tags": {"a": "1"}})
    arn = registered.members["ScalableTargetARN"]
    scaling.tag_resource({"ResourceARN": arn, "Tags": {"b": "2"}})
    scaling.untag_resource({"ResourceARN": arn, "TagKeys": ["a"]})

    assert scaling.list_tags_for_resource({"ResourceARN": arn}).members == {"Tags": {"b": "2"}}
