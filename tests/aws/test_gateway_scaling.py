"""Scaling is suspended and restored exactly; quotas are found on any page (rules §3, §6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from tests.support.samples import endpoint as reading
from tests.support.samples import plan
from tests.support.staging import HARDWARE, Staging

from switchover.aws.scaling import Quotas, Scaling
from switchover.domain.capacity import Restoration, plan_restoration
from switchover.domain.fleet import CapacitySnapshot, ScalingReading
from switchover_local.twin.scenario import Scenario

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient

WHERE: dict[str, Any] = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/demo/variant/main",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
SUSPENDED = {
    "DynamicScalingInSuspended": True,
    "DynamicScalingOutSuspended": True,
    "ScheduledScalingSuspended": True,
}


@pytest.fixture
def staging() -> Staging:
    return Staging().begin()


@pytest.fixture
def scaling(staging: Staging) -> Any:
    return staging.twin.client("application-autoscaling")


@pytest.fixture
def gateway(scaling: Any) -> Scaling:
    return Scaling(scaling)


def scale(scaling: Any, **changes: Any) -> None:
    scaling.register_scalable_target(**WHERE, MinCapacity=2, MaxCapacity=8, **changes)
    scaling.put_scaling_policy(
        **WHERE,
        PolicyName="by-load",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {
                "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
            },
        },
    )
    scaling.put_scheduled_action(
        **WHERE,
        ScheduledActionName="night",
        Schedule="cron(0 22 * * ? *)",
        ScalableTargetAction={"MinCapacity": 1, "MaxCapacity": 2},
    )


def read(gateway: Scaling) -> ScalingReading:
    return gateway.read("demo", "main")


def target(gateway: Scaling) -> dict[str, Any]:
    found = read(gateway).target
    assert found is not None
    return found


def test_a_variant_that_does_not_scale_has_no_target(gateway: Scaling) -> None:
    assert read(gateway) == ScalingReading()


def test_target_policies_and_schedules_are_read(scaling: Any, gateway: Scaling) -> None:
    scale(scaling)
    found = read(gateway)
    assert target(gateway)["MaxCapacity"] == 8
    assert [policy["PolicyName"] for policy in found.policies] == ["by-load"]
    assert [action["ScheduledActionName"] for action in found.scheduled_actions] == ["night"]


def test_other_variants_targets_are_not_read(scaling: Any, gateway: Scaling) -> None:
    scale(scaling)
    assert gateway.read("demo", "other") == ScalingReading()


def test_protection_suspends_everything_and_keeps_the_bounds(
    scaling: Any, gateway: Scaling
) -> None:
    scale(scaling)
    gateway.protect("demo", "main", read(gateway), None)
    assert target(gateway)["SuspendedState"] == SUSPENDED
    assert (target(gateway)["MinCapacity"], target(gateway)["MaxCapacity"]) == (2, 8)


def test_protection_can_widen_the_bounds(scaling: Any, gateway: Scaling) -> None:
    scale(scaling)
    gateway.protect("demo", "main", read(gateway), (6, 12))
    assert (target(gateway)["MinCapacity"], target(gateway)["MaxCapacity"]) == (6, 12)


def test_protection_never_deregisters(scaling: Any, gateway: Scaling) -> None:
    """That would delete policies and schedules (rules §3)."""
    scale(scaling)
    gateway.protect("demo", "main", read(gateway), None)
    assert (len(read(gateway).policies), len(read(gateway).scheduled_actions)) == (1, 1)


def test_a_variant_that_does_not_scale_is_not_made_to(gateway: Scaling) -> None:
    gateway.protect("demo", "main", ScalingReading(), (6, 12))
    gateway.restore("demo", "main", Restoration())
    assert read(gateway) == ScalingReading()


def test_restoring_sends_no_more_than_is_told(scaling: Any, gateway: Scaling) -> None:
    scale(scaling, SuspendedState={"ScheduledScalingSuspended": True})
    gateway.restore("demo", "main", Restoration(target={"MaxCapacity": 9}))
    assert (target(gateway)["MinCapacity"], target(gateway)["MaxCapacity"]) == (2, 9)
    assert target(gateway)["SuspendedState"]["ScheduledScalingSuspended"] is True


def test_what_a_deletion_deregistered_is_made_again(
    staging: Staging, scaling: Any, gateway: Scaling
) -> None:
    """DeleteEndpoint deregisters targets (rules §3); the snapshot has been through the ledger."""
    scale(scaling)
    kept = CapacitySnapshot(desired_instances=4, scaling=read(gateway)).model_dump_json()
    staging.twin.scaling.deregister_endpoint("demo")
    assert read(gateway) == ScalingReading()
    snapshot = CapacitySnapshot.model_validate_json(kept)
    gateway.restore(
        "demo",
        "main",
        plan_restoration(
            snapshot,
            read(gateway),
            reading(),
            plan(strategy="redeploy", allow_downtime=True),
            is_recreated=True,
        ),
    )
    found = read(gateway)
    assert target(gateway)["MaxCapacity"] == 8
    assert found.policies[0]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70
    assert found.scheduled_actions[0]["Schedule"] == "cron(0 22 * * ? *)"


def test_a_quota_is_found_beyond_the_first_page() -> None:
    """The account's list is longer than a page."""
    staging = Staging(Scenario(quotas={HARDWARE: 7}))
    quotas = staging.twin.client("service-quotas")
    assert "NextToken" in quotas.list_service_quotas(ServiceCode="sagemaker")
    assert Quotas(quotas).instances(HARDWARE) == 7


def test_a_type_that_is_not_listed_has_no_quota(staging: Staging) -> None:
    assert Quotas(staging.twin.client("service-quotas")).instances("ml.none.large") is None


def test_the_quota_of_another_use_is_not_taken() -> None:
    client: ServiceQuotasClient = boto3.client(
        "service-quotas",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )
    listed: dict[str, Any] = {
        "Quotas": [
            {"QuotaName": f"{HARDWARE} for training job usage", "Value": 1.0},
            {"QuotaName": f"{HARDWARE}x for endpoint usage", "Value": 2.0},
            {"QuotaName": f"{HARDWARE} for endpoint usage", "Value": 3.0},
        ]
    }
    with Stubber(client) as stub:
        stub.add_response("list_service_quotas", listed, {"ServiceCode": "sagemaker"})
        assert Quotas(client).instances(HARDWARE) == 3
