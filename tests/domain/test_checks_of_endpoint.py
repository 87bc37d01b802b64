"""Whether an endpoint can have a guarded update, with the evidence (rules §3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.cases import case
from tests.support.samples import OLD, live_config, live_model, live_release

from switchover.domain.checks.endpoint import (
    check_scaling,
    check_shape,
    check_status,
    check_variant,
    check_way_back,
    find_shape_faults,
)
from switchover.domain.fleet import ScalingReading
from switchover.domain.preflight import CheckState
from switchover.domain.readings import Unmeasured

_SCALES = ScalingReading(
    target={"MinCapacity": 2, "MaxCapacity": 8}, policies=({},), scheduled_actions=()
)


def shape_faults(config: dict[str, Any] | None = None, **changes: Any) -> list[str]:
    live = live_release(config=config or live_config(), **changes)
    return [str(reason) for reason in find_shape_faults(live)]


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


@pytest.mark.parametrize(
    ("package", "words"),
    [
        (
            "arn:aws:sagemaker:us-east-1:000000000000:model-package/vlm/3",
            "a package of this account's Model Registry",
        ),
        ("vlm-package", "a package of this account's Model Registry"),
        (
            "arn:aws:sagemaker:us-east-1:111122223333:model-package/jumpstart/1",
            "a package of account 111122223333: of Marketplace, JumpStart or another team",
        ),
    ],
)
def test_a_model_package_is_told_as_whose_it_is(package: str, words: str) -> None:
    """Only Marketplace's lose the bake: the registry's own are refused for where their weights are."""
    model = live_model(ModelPackageName=package)
    [fault] = find_shape_faults(live_release(model=model))
    assert fault.code == "endpoint.model-package"
    assert words in fault.message
    assert "bake" not in str(fault)


def test_the_data_of_a_private_hub_are_told_as_such() -> None:
    hub = "arn:aws:sagemaker:us-east-1:000000000000:hub-content/team/ModelReference/llama/1"
    source = {"S3Uri": "s3://hub/", "HubAccessConfig": {"HubContentArn": hub}}
    model = live_model(ModelDataSource={"S3DataSource": source})
    [fault] = find_shape_faults(live_release(model=model))
    assert fault.code == "endpoint.private-hub"
    assert hub in fault.message


def test_an_asynchronous_endpoint_is_refused_with_what_it_lacks() -> None:
    """It publishes no Invocations and refuses InvokeEndpoint, so that every guard would be blind."""
    config = {**live_config(), "AsyncInferenceConfig": {"OutputConfig": {}}}
    [fault] = find_shape_faults(live_release(config=config))
    assert fault.code == "endpoint.unsupported"
    assert "publishes no Invocations" in fault.message
    assert "real-time" in fault.remedy


def test_a_multi_model_endpoint_is_refused() -> None:
    assert "multi-model" in shape_faults(model=live_model(Mode="MultiModel"))[0]


def test_every_container_of_a_pipeline_is_looked_at() -> None:
    model = {"ModelName": "m", "Containers": [{}, {"Mode": "MultiModel"}]}
    assert "multi-model" in shape_faults(model=model)[0]


def test_the_status_has_its_reading_as_evidence() -> None:
    check = check_status(case())
    assert check.state is CheckState.PASSED
    assert f"InService since 2026-01-04 12:00 UTC on {OLD}, 4 instances" in check.evidence


def test_an_unsupported_shape_refuses_with_every_fault() -> None:
    config = live_config(ServerlessConfig={}, InstanceType="ml.inf1.xlarge")
    check = check_shape(case(live=live_release(config=config)))
    assert check.state is CheckState.REFUSED
    assert len(check.reasons) == 2


def test_another_variants_policy_is_refused_with_both_names() -> None:
    """SageMaker updates variants of the same name only (rules §3)."""
    [reason] = check_variant(case(wishes={"variant": "blue"})).reasons
    assert "'blue' is not the live variant 'main'" in reason.message


def test_a_goal_with_another_variant_is_refused() -> None:
    goal = live_release(config=live_config(VariantName="blue"))
    [reason] = check_variant(case(goal=goal)).reasons
    assert "the variant 'blue', the live one 'main'" in reason.message


def test_a_config_that_is_gone_leaves_no_way_back() -> None:
    [reason] = check_way_back(case(live=None)).reasons
    assert reason.code == "endpoint.no-way-back"
    assert OLD in reason.message


def test_a_way_back_names_config_and_model() -> None:
    assert f"config {OLD} and model model-v1 are there" in check_way_back(case()).evidence


def test_scaling_is_told_with_its_bounds() -> None:
    check = check_scaling(case(scaling=_SCALES, goal=None))
    assert check.state is CheckState.PASSED
    assert "scales between 2 and 8 instances (scaling policies: 1" in check.evidence


def test_a_variant_that_does_not_scale_is_fine() -> None:
    check = check_scaling(case(scaling=ScalingReading()))
    assert "doesn't scale by itself" in check.evidence


def test_a_goal_on_another_instance_type_is_refused_where_scaling_is_registered() -> None:
    """SageMaker refuses that UpdateEndpoint (rules §3)."""
    goal = live_release(config=live_config(InstanceType="ml.g5.xlarge"))
    [reason] = check_scaling(case(scaling=_SCALES, goal=goal)).reasons
    assert reason.code == "scaling.instance-type-changes"


def test_a_goal_on_another_instance_type_is_fine_where_nothing_scales() -> None:
    goal = live_release(config=live_config(InstanceType="ml.g5.xlarge"))
    assert check_scaling(case(scaling=ScalingReading(), goal=goal)).reasons == ()


def test_scaling_that_cannot_be_read_is_neither_good_nor_bad() -> None:
    check = check_scaling(case(scaling=Unmeasured("AccessDenied")))
    assert (check.state, check.evidence) == (CheckState.UNKNOWN, "AccessDenied")
