"""Application Auto Scaling keeps what it's told, forgets what AWS forgets, and guards the floor."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from switchover_local.twin.autoscaling.policy_operations import PolicyOperations
from switchover_local.twin.autoscaling.target_operations import TargetOperations
from switchover_local.twin.autoscaling.targets import ScalableTargets
from switchover_local.twin.clock import SteppedClock
from switchover_local.twin.wire.messages import Call
from switchover_local.twin.wire.refusals import Refusal
from switchover_local.twin.wire.service import Service

SERVICE = "application-autoscaling"
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
def scaling(targets: ScalableTargets) -> Service:
    return service(targets)


def service(targets: ScalableTargets) -> Service:
    clock, account = SteppedClock(NOON), {"account_id": "000000000000", "region": "us-east-1"}
    return Service(
        SERVICE,
        TargetOperations(targets, clock, **account),
        PolicyOperations(targets, clock, **account),
    )


def ask(scaling: Service, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    return dict(scaling.perform(Call(SERVICE, operation, "json", params)).members)


def describe(scaling: Service) -> dict[str, Any]:
    (target,) = ask(scaling, "DescribeScalableTargets", EVERYWHERE)["ScalableTargets"]
    return dict(target)


def test_a_target_is_described_as_it_was_registered(scaling: Service) -> None:
    ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS)

    described = describe(scaling)

    assert (TARGET | BOUNDS).items() <= described.items()
    assert described["CreationTime"] == NOON
    assert not any(described["SuspendedState"].values())


def test_what_a_second_registration_does_not_name_stays(scaling: Service) -> None:
    role = "arn:aws:iam::111122223333:role/scaler"
    suspended = {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": True,
        "ScheduledScalingSuspended": False,
    }
    first = ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS | {"RoleARN": role})
    ask(scaling, "RegisterScalableTarget", TARGET | {"SuspendedState": suspended})
    second = ask(scaling, "RegisterScalableTarget", TARGET | {"MaxCapacity": 9})

    described = describe(scaling)

    assert first == second
    assert (described["MinCapacity"], described["MaxCapacity"]) == (2, 9)
    assert (described["RoleARN"], described["SuspendedState"]) == (role, suspended)


def test_a_suspension_is_lifted_only_where_it_is_named(scaling: Service) -> None:
    everything = {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": True,
        "ScheduledScalingSuspended": True,
    }
    ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS | {"SuspendedState": everything})

    ask(
        scaling,
        "RegisterScalableTarget",
        TARGET | {"SuspendedState": {"DynamicScalingInSuspended": False}},
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
    scaling: Service,
    request_: dict[str, Any],
    complaint: str,
) -> None:
    with pytest.raises(Refusal, match=f"ValidationException.*{complaint}"):
        ask(scaling, "RegisterScalableTarget", request_)

    assert targets.target("shop", "main") is None


def test_deregistering_takes_policies_and_scheduled_actions_along(
    scaling: Service,
) -> None:
    ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS)
    ask(scaling, "PutScalingPolicy", TARGET | TRACKING)
    ask(scaling, "PutScheduledAction", TARGET | NIGHTLY)

    ask(scaling, "DeregisterScalableTarget", TARGET)
    ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS)

    assert ask(scaling, "DescribeScalingPolicies", EVERYWHERE)["ScalingPolicies"] == []
    assert ask(scaling, "DescribeScheduledActions", EVERYWHERE)["ScheduledActions"] == []


def test_a_policy_comes_back_as_it_was_put(scaling: Service) -> None:
    ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS)
    arn = ask(scaling, "PutScalingPolicy", TARGET | TRACKING)["PolicyARN"]

    (policy,) = ask(
        scaling,
        "DescribeScalingPolicies",
        {"ServiceNamespace": "sagemaker", "ResourceId": TARGET["ResourceId"]},
    )["ScalingPolicies"]

    assert (TARGET | TRACKING).items() <= policy.items()
    assert policy["PolicyARN"] == arn


def test_a_scheduled_action_is_changed_in_part(scaling: Service) -> None:
    ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS)
    ask(scaling, "PutScheduledAction", TARGET | NIGHTLY)

    ask(
        scaling,
        "PutScheduledAction",
        TARGET | {"ScheduledActionName": "night", "Schedule": "rate(1 day)"},
    )

    (action,) = ask(scaling, "DescribeScheduledActions", EVERYWHERE)["ScheduledActions"]
    assert action["Schedule"] == "rate(1 day)"
    assert action["ScalableTargetAction"] == NIGHTLY["ScalableTargetAction"]


@pytest.mark.parametrize(
    ("operation", "more", "message"),
    [
        ("DeregisterScalableTarget", {}, f"No scalable target found for {NAMED_TARGET}"),
        ("PutScalingPolicy", TRACKING, f"No scalable target registered for {NAMED_TARGET}"),
        ("PutScheduledAction", NIGHTLY, f"No scalable target registered for {NAMED_TARGET}"),
        (
            "DeleteScalingPolicy",
            {"PolicyName": "p"},
            f"No scaling policy found for {NAMED_TARGET}, policy name: p",
        ),
        (
            "DeleteScheduledAction",
            {"ScheduledActionName": "a"},
            f"No scheduled action found for {NAMED_TARGET}, scheduled action name: a",
        ),
    ],
)
def test_what_is_not_there_is_refused_in_awss_words(
    scaling: Service, operation: str, more: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refusal) as refused:
        ask(scaling, operation, TARGET | more)

    assert (refused.value.code, refused.value.message) == ("ObjectNotFoundException", message)


def test_policies_and_actions_can_be_deleted(targets: ScalableTargets, scaling: Service) -> None:
    ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS)
    ask(scaling, "PutScalingPolicy", TARGET | TRACKING)
    ask(scaling, "PutScheduledAction", TARGET | NIGHTLY)

    ask(scaling, "DeleteScalingPolicy", TARGET | {"PolicyName": "keep-busy"})
    ask(scaling, "DeleteScheduledAction", TARGET | {"ScheduledActionName": "night"})

    target = targets.target("shop", "main")
    assert target is not None
    assert (target.policies, target.scheduled_actions) == ({}, {})


@pytest.mark.parametrize(
    ("operation", "nonsense"),
    [
        ("PutScalingPolicy", {"PolicyName": "p", "PolicyType": "TargetTrackingScaling"}),
        ("PutScalingPolicy", {"PolicyName": "p"}),
        ("PutScheduledAction", NIGHTLY | {"Schedule": "every night"}),
        ("PutScheduledAction", {"ScheduledActionName": "a", "Schedule": "rate(1 day)"}),
    ],
)
def test_a_policy_or_action_without_substance_is_refused(
    scaling: Service, operation: str, nonsense: dict[str, Any]
) -> None:
    ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS)

    with pytest.raises(Refusal, match="ValidationException"):
        ask(scaling, operation, TARGET | nonsense)


def test_a_deleted_endpoint_leaves_no_target_and_the_others_stay(
    targets: ScalableTargets, scaling: Service
) -> None:
    other = TARGET | {"ResourceId": "endpoint/help/variant/main"}
    ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS)
    ask(scaling, "RegisterScalableTarget", other | BOUNDS)

    targets.deregister_endpoint("shop")

    assert describe(scaling)["ResourceId"] == other["ResourceId"]


def test_a_registration_raises_the_fleet_to_its_minimum(scaling: Service, fleet: Fleet) -> None:
    ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS)

    assert fleet.instances == {("shop", "main"): 2, ("help", "main"): 1}


def test_suspended_scaling_raises_nothing_until_it_is_resumed(
    scaling: Service, fleet: Fleet
) -> None:
    ask(
        scaling,
        "RegisterScalableTarget",
        TARGET | BOUNDS | {"SuspendedState": {"DynamicScalingOutSuspended": True}},
    )
    suspended = fleet.instances["shop", "main"]
    ask(
        scaling,
        "RegisterScalableTarget",
        TARGET | {"SuspendedState": {"DynamicScalingOutSuspended": False}},
    )

    assert (suspended, fleet.instances["shop", "main"]) == (1, 2)


def test_targets_come_in_pages() -> None:
    fleet = Fleet()
    fleet.instances = {(f"e{number:03}", "main"): 1 for number in range(60)}
    scaling = service(ScalableTargets(fleet))
    for endpoint, variant in fleet.instances:
        resource = {"ResourceId": f"endpoint/{endpoint}/variant/{variant}"}
        ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS | resource)

    first = ask(scaling, "DescribeScalableTargets", {"ServiceNamespace": "sagemaker"})
    second = ask(
        scaling,
        "DescribeScalableTargets",
        {"ServiceNamespace": "sagemaker", "NextToken": first["NextToken"]},
    )

    pages = [first["ScalableTargets"], second["ScalableTargets"]]
    assert [len(page) for page in pages] == [50, 10]
    assert "NextToken" not in second


def test_tags_hang_on_the_targets_arn(scaling: Service) -> None:
    registered = ask(scaling, "RegisterScalableTarget", TARGET | BOUNDS | {"Tags": {"a": "1"}})
    arn = registered["ScalableTargetARN"]
    ask(scaling, "TagResource", {"ResourceARN": arn, "Tags": {"b": "2"}})
    ask(scaling, "UntagResource", {"ResourceARN": arn, "TagKeys": ["a"]})

    assert ask(scaling, "ListTagsForResource", {"ResourceARN": arn}) == {"Tags": {"b": "2"}}
