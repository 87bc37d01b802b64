"""A new config and model are the live ones, whole, with other model data (rules §1.5, §1.6)."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.aws_models import answers, faults_of, input_shape
from tests.support.samples import live_config, live_model, live_release

from switchover.domain.fleet import LiveRelease
from switchover.domain.plans.cloning import (
    clone_config,
    clone_model,
    find_differences,
    model_uri_of,
)

URI = "s3://models/models/chat/v2/"
REQUEST: dict[str, Any] = {
    "ModelName": "m",
    "PrimaryContainer": {"Image": "vllm:1", "Environment": {"A": "1"}},
    "Containers": [{"Image": "x"}, {"Image": "vllm:1"}],
    "VpcConfig": {"Subnets": ["a", "b"]},
    "EnableNetworkIsolation": True,
}
CONFIG_FIELDS = frozenset(input_shape("sagemaker", "CreateEndpointConfig").members)
MODEL_FIELDS = frozenset(input_shape("sagemaker", "CreateModel").members)
THOROUGH = settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)


def live(config: dict[str, Any], model: dict[str, Any], **changes: Any) -> LiveRelease:
    return LiveRelease(
        config=config,
        creatable_config_fields=CONFIG_FIELDS,
        model=model,
        creatable_model_fields=MODEL_FIELDS,
        **changes,
    )


def without(mapping: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}


@given(config=answers("sagemaker", "DescribeEndpointConfig"))
@THOROUGH
def test_every_field_of_a_config_survives_but_its_name_and_models(config: dict[str, Any]) -> None:
    """A list of known fields would drop timeouts, volume, AMI, routing, KMS, capture, VPC (§8.20)."""
    made = clone_config(live(config, {}), "new", "new-model")
    assert made["EndpointConfigName"] == "new"
    kept = without(config, "EndpointConfigName", "EndpointConfigArn", "CreationTime")
    expected = deepcopy(kept)
    for variant in expected["ProductionVariants"]:
        variant["ModelName"] = "new-model"
        for pool in variant.get("InstancePools", ()):
            if "ModelNameOverride" in pool:
                pool["ModelNameOverride"] = "new-model"
    assert without(made, "EndpointConfigName") == expected


@given(model=answers("sagemaker", "DescribeModel"), is_archive=st.booleans())
@THOROUGH
def test_every_field_of_a_model_survives_but_its_name_and_data(
    model: dict[str, Any],
    is_archive: bool,  # noqa: FBT001
) -> None:
    whole = {"PrimaryContainer": {}, **without(model, "Containers")}
    made = clone_model(live({}, whole), "new", URI, is_archive=is_archive)
    data_fields = ("ModelDataUrl", "ModelDataSource")
    assert without(made["PrimaryContainer"], *data_fields) == without(
        whole["PrimaryContainer"], *data_fields
    )
    described_only = ("ModelArn", "CreationTime", "DeploymentRecommendation")
    assert without(made, "ModelName", "PrimaryContainer") == without(
        whole, "ModelName", "PrimaryContainer", *described_only
    )


@given(config=answers("sagemaker", "DescribeEndpointConfig"))
@THOROUGH
def test_the_live_answer_itself_is_not_changed(config: dict[str, Any]) -> None:
    before = deepcopy(config)
    clone_config(live(config, {}), "new", "new-model", instances=7)
    assert config == before


def test_what_describe_adds_is_not_sent_back() -> None:
    made = clone_config(live(live_config(), live_model()), "new", "new-model")
    assert set(made) <= CONFIG_FIELDS
    assert faults_of("sagemaker", "CreateEndpointConfig", made) == ""


def test_a_cloned_model_is_one_that_create_model_takes() -> None:
    made = clone_model(live(live_config(), live_model()), "new", URI, is_archive=False)
    assert faults_of("sagemaker", "CreateModel", made) == ""


def test_the_release_replaces_the_data_of_a_folder() -> None:
    made = clone_model(live_release(), "new", URI, is_archive=False)
    source = made["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
    assert source == {"S3Uri": URI, "S3DataType": "S3Prefix", "CompressionType": "None"}


def test_an_archive_is_one_gzipped_object() -> None:
    made = clone_model(live_release(), "new", f"{URI}model.tar.gz", is_archive=True)
    source = made["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
    assert (source["S3DataType"], source["CompressionType"]) == ("S3Object", "Gzip")


def test_an_old_style_data_url_is_replaced_not_kept_beside() -> None:
    """A container takes one of the two."""
    model = live_model(ModelDataUrl="s3://models/old.tar.gz")
    del model["PrimaryContainer"]["ModelDataSource"]
    made = clone_model(live_release(model=model), "new", URI, is_archive=False)
    assert "ModelDataUrl" not in made["PrimaryContainer"]
    assert model_uri_of(made) == URI


@pytest.mark.parametrize("stale", ["ETag", "ManifestEtag", "ManifestS3Uri"])
def test_what_describes_the_old_data_is_dropped(stale: str) -> None:
    """A stale ETag fails; a stale manifest would load the old files (rules §1.6)."""
    model = live_model()
    model["PrimaryContainer"]["ModelDataSource"]["S3DataSource"][stale] = "s3://models/old"
    made = clone_model(live_release(model=model), "new", URI, is_archive=False)
    assert stale not in made["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]


def test_the_acceptance_of_a_licence_is_kept() -> None:
    model = live_model()
    source = model["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
    source["ModelAccessConfig"] = {"AcceptEula": True}
    made = clone_model(live_release(model=model), "new", URI, is_archive=False)
    kept = made["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]
    assert kept["ModelAccessConfig"] == {"AcceptEula": True}


def test_in_a_pipeline_the_first_container_gets_the_data() -> None:
    model = live_model()
    container = model.pop("PrimaryContainer")
    model["Containers"] = [container, {"Image": "after"}]
    made = clone_model(live_release(model=model), "new", URI, is_archive=False)
    assert model_uri_of(made) == URI
    assert made["Containers"][1] == {"Image": "after"}


def test_tags_are_kept_but_for_awss_own() -> None:
    """A request that carries an `aws:` tag is refused (rules §1.5)."""
    tags = ({"Key": "team", "Value": "ml"}, {"Key": "aws:cloudformation:stack", "Value": "x"})
    found = live_release(config_tags=tags, model_tags=tags)
    kept = [{"Key": "team", "Value": "ml"}]
    assert clone_config(found, "new", "new-model")["Tags"] == kept
    assert clone_model(found, "new", URI, is_archive=False)["Tags"] == kept


def test_without_tags_none_are_sent() -> None:
    assert "Tags" not in clone_config(live_release(), "new", "new-model")


def test_a_fleet_made_anew_starts_with_the_asked_size() -> None:
    made = clone_config(live_release(2), "new", "new-model", instances=7)
    assert made["ProductionVariants"][0]["InitialInstanceCount"] == 7


def test_a_retained_fleet_leaves_the_initial_size_alone() -> None:
    made = clone_config(live_release(2), "new", "new-model")
    assert made["ProductionVariants"][0]["InitialInstanceCount"] == 2


@pytest.mark.parametrize(
    ("model", "uri"),
    [
        ({}, None),
        ({"PrimaryContainer": {"Image": "x"}}, None),
        ({"PrimaryContainer": {"ModelDataUrl": "s3://b/x.tar.gz"}}, "s3://b/x.tar.gz"),
        ({"Containers": [{"ModelDataUrl": "s3://b/1"}, {"ModelDataUrl": "s3://b/2"}]}, "s3://b/1"),
        (live_model(), "s3://models/models/chat/v1/"),
    ],
)
def test_where_a_model_takes_its_data_from(model: dict[str, Any], uri: str | None) -> None:
    assert model_uri_of(model) == uri


@pytest.mark.parametrize(
    "changes",
    [
        {"PrimaryContainer": {"Image": "vllm:1", "Environment": {"A": "2"}}},
        {"PrimaryContainer": {"Image": "vllm:1"}},
        {"PrimaryContainer": None},
        {"Containers": [{"Image": "vllm:1"}]},
        {"Containers": []},
        {"VpcConfig": {"Subnets": ["b", "a"]}},
        {"EnableNetworkIsolation": False},
    ],
    ids=str,
)
def test_what_differs_from_a_request_was_not_made_of_it(changes: dict[str, Any]) -> None:
    assert find_differences(REQUEST, {**REQUEST, **changes}) == tuple(changes)


def test_defaults_beside_a_request_and_its_tags_make_no_difference() -> None:
    described = {
        **REQUEST,
        "PrimaryContainer": {**REQUEST["PrimaryContainer"], "Mode": "SingleModel"},
        "ModelArn": "arn",
    }
    assert find_differences({**REQUEST, "Tags": [{"Key": "team", "Value": "a"}]}, described) == ()
