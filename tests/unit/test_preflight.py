"""Nothing is touched before everything was checked; every fault has its own words (rules §3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.samples import (
    NOW,
    OLD,
    endpoint,
    live_config,
    live_model,
    live_release,
    policy,
)

from switchover.domain.fleet import Absent, AlarmReading, AlarmState, EndpointStatus
from switchover.domain.preflight import (
    call_refused,
    check_alarms,
    check_endpoint,
    check_quota,
    check_release_is_new,
    check_shape,
    check_strategy,
    check_variant,
    check_way_back,
    claim_held,
    execution_stopped,
)


def shape_faults(config: dict[str, Any] | None = None, **changes: Any) -> list[str]:
    live = live_release(config=config or live_config(), **changes)
    return [str(reason) for reason in check_shape(live)]


def test_an_endpoint_in_service_passes() -> None:
    assert list(check_endpoint(endpoint())) == []


def test_an_unknown_endpoint_is_told_by_name() -> None:
    [reason] = check_endpoint(Absent(name="chat", read_at=NOW))
    assert (reason.code, reason.subject) == ("endpoint.unknown", "endpoint chat")
    assert "Correct `endpoint` in the release" in reason.remedy


@pytest.mark.parametrize(
    "status", [each for each in EndpointStatus if each is not EndpointStatus.IN_SERVICE]
)
def test_every_other_status_is_refused_with_its_name(status: EndpointStatus) -> None:
    [reason] = check_endpoint(endpoint(status=status))
    assert reason.message == f"is {status.value}, not InService."


def test_a_config_that_is_gone_leaves_no_way_back() -> None:
    [reason] = check_way_back(endpoint(), None)
    assert reason.code == "endpoint.no-way-back"
    assert OLD in reason.message


def test_a_plain_endpoint_has_the_right_shape() -> None:
    assert shape_faults() == []


@pytest.mark.parametrize(
    ("variant", "words"),
    [
        ({"ServerlessConfig": {"MemorySizeInMB": 4096, "MaxConcurrency": 1}}, "is serverless"),
        ({"InstanceType": "ml.inf1.xlarge"}, "runs on Inf1, where SageMaker drops the bake silently"),
    ],
)  # fmt: skip
def test_an_endpoint_that_guardrails_do_not_cover_is_refused(
    variant: dict[str, Any], words: str
) -> None:
    [fault] = shape_faults(live_config(**variant))
    assert fault.startswith(f"config {OLD}: ")
    assert words in fault


def test_a_serverless_endpoint_is_told_that_and_nothing_untrue() -> None:
    """It has no InstanceType, but no pools either."""
    config = live_config(ServerlessConfig={"MaxConcurrency": 1})
    del config["ProductionVariants"][0]["InstanceType"]
    assert len(shape_faults(config)) == 1


def test_instance_pools_are_refused() -> None:
    config = live_config(InstancePools=[{"InstanceType": "ml.g5.xlarge", "Priority": 1}])
    del config["ProductionVariants"][0]["InstanceType"]
    [fault] = shape_faults(config)
    assert "takes its instances from pools" in fault


def test_inf2_is_no_inf1() -> None:
    assert shape_faults(live_config(InstanceType="ml.inf2.xlarge")) == []


def test_inference_components_are_updated_otherwise() -> None:
    config = live_config()
    del config["ProductionVariants"][0]["ModelName"]
    assert any("serves inference components" in fault for fault in shape_faults(config, model={}))


def test_several_variants_are_refused() -> None:
    config = live_config()
    config["ProductionVariants"] *= 2
    [fault] = shape_faults(config)
    assert "has 2 production variants, not one" in fault


def test_shadow_variants_are_refused() -> None:
    config = {**live_config(), "ShadowProductionVariants": [{}]}
    assert "has shadow variants" in shape_faults(config)[0]


def test_a_marketplace_package_is_refused() -> None:
    model = live_model(ModelPackageName="arn:aws:sagemaker:us-east-1:000000000000:model-package/x")
    assert "Marketplace" in shape_faults(model=model)[0]


def test_a_multi_model_endpoint_is_refused() -> None:
    assert "multi-model" in shape_faults(model=live_model(Mode="MultiModel"))[0]


def test_every_container_of_a_pipeline_is_looked_at() -> None:
    model = {"ModelName": "m", "Containers": [{}, {"Mode": "MultiModel"}]}
    assert "multi-model" in shape_faults(model=model)[0]


def test_another_variants_policy_is_refused_with_both_names() -> None:
    """SageMaker updates variants of the same name only (rules §3)."""
    [reason] = check_variant(policy(variant="blue"), live_release())
    assert "'blue' is not the live variant 'main'" in reason.message


def test_a_release_that_serves_already_changes_nothing() -> None:
    [reason] = check_release_is_new(live_release(), "s3://models/releases/chat/v1/")
    assert "already serves s3://models/releases/chat/v1/" in reason.message


def test_another_release_is_new() -> None:
    assert list(check_release_is_new(live_release(), "s3://models/releases/chat/v2/")) == []


def test_redeploy_without_leave_for_downtime_is_refused() -> None:
    [reason] = check_strategy(policy(strategy="redeploy"))
    assert reason.code == "strategy.downtime-not-allowed"
    assert "allow_downtime: true" in reason.remedy


def test_redeploy_with_leave_passes() -> None:
    assert list(check_strategy(policy(strategy="redeploy", allow_downtime=True))) == []


def test_redeploy_has_no_fleet_to_raise() -> None:
    during = {"during": {"min": 1, "max": 2}}
    [reason] = check_strategy(policy(strategy="redeploy", allow_downtime=True, capacity=during))
    assert reason.code == "capacity.pointless"


def test_a_red_alarm_is_told_with_cloudwatchs_own_reason() -> None:
    alarm = AlarmReading(name="errors", state=AlarmState.ALARM, reason="Threshold crossed")
    [reason] = check_alarms((alarm,), ())
    assert (reason.code, reason.subject) == ("alarm.already-red", "alarm errors")
    assert "Threshold crossed" in reason.message


@pytest.mark.parametrize("state", [AlarmState.OK, AlarmState.INSUFFICIENT_DATA])
def test_a_quiet_alarm_passes(state: AlarmState) -> None:
    assert list(check_alarms((AlarmReading(name="errors", state=state),), ("errors",))) == []


def test_a_listed_alarm_that_does_not_exist_is_refused() -> None:
    """What SageMaker does with one is unknown (rules §2.7)."""
    alarm = AlarmReading(name="errors", state=AlarmState.MISSING)
    [reason] = check_alarms((alarm,), ("errors",))
    assert (reason.code, reason.subject) == ("alarm.missing", "alarm errors")


def test_a_standing_alarm_may_be_missing_before_the_first_update() -> None:
    assert list(check_alarms((AlarmReading(name="x", state=AlarmState.MISSING),), ())) == []


def test_a_quota_below_the_peak_is_told_with_both_numbers() -> None:
    [reason] = check_quota("ml.g6e.2xlarge", 9, 8)
    assert reason.subject == "quota ml.g6e.2xlarge for endpoint usage"
    assert "allows 8 instances, and the update needs 9" in reason.message


@pytest.mark.parametrize("quota", [8, 9, None])
def test_a_quota_that_suffices_or_is_unknown_passes(quota: int | None) -> None:
    assert list(check_quota("ml.g6e.2xlarge", 8, quota)) == []


def test_a_held_claim_names_its_holder() -> None:
    assert "is being updated by chat-v2-1" in claim_held("chat", "chat-v2-1").message


def test_a_stopped_execution_is_named() -> None:
    assert execution_stopped("arn:x").subject == "execution arn:x"


def test_awss_refusal_is_told_in_its_own_words() -> None:
    assert call_refused("config x", "No room.").message == "AWS refused: No room."
