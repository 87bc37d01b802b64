"""Containers that load other weights than the release, or none of it: told before anything moves.

The outcome is held against what the twin's containers load, by rules of their own.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.expectations import assert_nothing_left_behind, codes
from tests.support.scene import ENDPOINT, INSTANCE_TYPE, VARIANT
from tests.support.template import ACCOUNT

if TYPE_CHECKING:
    from tests.support.world import World

REGISTRY = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
TGI = f"{REGISTRY}/huggingface-pytorch-tgi-inference:2.7.0-tgi3.3.6-gpu"
LMI = f"{REGISTRY}/djl-inference:0.36.0-lmi22.0.0-cu129"
HUB = "Qwen/Qwen2.5-VL-7B-Instruct"


def data(world: World, version: str = "v1") -> dict[str, Any]:
    source = {
        "S3Uri": f"s3://{world.bucket}/models/{ENDPOINT}/{version}/",
        "S3DataType": "S3Prefix",
        "CompressionType": "None",
    }
    return {"ModelDataSource": {"S3DataSource": source}}


def serve(
    world: World, model: dict[str, Any], variant: dict[str, Any] | None = None, **config: object
) -> None:
    """Move the endpoint to another model, as its team once did by hand."""
    role = f"arn:aws:iam::{ACCOUNT}:role/SageMakerModel"
    world.sagemaker.create_model(ModelName="by-hand", ExecutionRoleArn=role, **model)
    world.sagemaker.create_endpoint_config(
        EndpointConfigName="by-hand",
        ProductionVariants=[
            {
                "VariantName": VARIANT,
                "ModelName": "by-hand",
                "InstanceType": INSTANCE_TYPE,
                "InitialInstanceCount": 4,
                **(variant or {}),
            }
        ],
        **config,
    )
    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="by-hand")
    world.clock.advance(3600)


def loaded(world: World) -> str:
    """What the container itself says that it loaded."""
    return world.twin.invoke(ENDPOINT).model


@pytest.mark.parametrize(
    ("image", "environment"),
    [
        (TGI, {"HF_MODEL_ID": HUB}),
        (LMI, {"HF_MODEL_ID": HUB}),
        (LMI, {"OPTION_MODEL_ID": "s3://team/v1/"}),
        (f"{REGISTRY}/vllm:0.11.2-gpu-py312", {"SM_VLLM_MODEL": HUB}),
        (f"{REGISTRY}/sglang:0.5.12", {"SM_SGLANG_MODEL_PATH": HUB}),
    ],
)
def test_a_container_that_would_go_on_with_other_weights_is_not_called_updated(
    world: World, image: str, environment: dict[str, str]
) -> None:
    serve(world, {"PrimaryContainer": {"Image": image, "Environment": environment}})
    before = loaded(world)
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert codes(world.update()) == ["endpoint.weights-elsewhere"]
    assert (world.serving, loaded(world)) == ("by-hand", before)


@pytest.mark.parametrize("image", [TGI, LMI])
def test_with_weights_of_the_release_the_new_ones_are_loaded(world: World, image: str) -> None:
    serve(world, {"PrimaryContainer": {"Image": image, "Environment": {"HF_MODEL_ID": HUB}}})
    world.put_policy("weights: release")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert loaded(world) == "v2"
    made = world.sagemaker.describe_model(ModelName=world.serving_model())
    assert made["PrimaryContainer"]["Environment"] == {"HF_MODEL_ID": "/opt/ml/model"}


def test_vllm_takes_the_release_before_a_hub_id(world: World) -> None:
    container = {"Image": f"{REGISTRY}/vllm:server-sagemaker-cuda-v1"}
    serve(world, {"PrimaryContainer": {**container, "Environment": {"HF_MODEL_ID": HUB}}})
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert loaded(world) == "v2"


def test_of_a_pipeline_the_model_gets_the_release(world: World) -> None:
    prepare = {"ContainerHostname": "prepare", "Image": f"{REGISTRY}/prepare:1"}
    vlm = {"ContainerHostname": "vlm", "Image": LMI, **data(world)}
    serve(world, {"Containers": [prepare, vlm]})
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert loaded(world) == "v2"
    made = world.sagemaker.describe_model(ModelName=world.serving_model())
    assert made["Containers"][0] == prepare


def test_a_pipeline_of_two_models_needs_a_name(world: World) -> None:
    first = {"ContainerHostname": "first", "Image": LMI, **data(world)}
    second = {"ContainerHostname": "second", "Image": LMI, **data(world)}
    serve(world, {"Containers": [first, second]})
    world.offer()

    world.run()

    assert codes(world.update()) == ["endpoint.container-unclear"]


def test_the_named_container_gets_the_release(world: World) -> None:
    first = {"ContainerHostname": "first", "Image": LMI, **data(world)}
    second = {"ContainerHostname": "second", "Image": LMI, **data(world)}
    serve(world, {"Containers": [first, second]})
    world.put_policy("container: second")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert loaded(world) == "v2"


def test_an_asynchronous_endpoint_is_refused_plainly(world: World) -> None:
    container = {"Image": LMI, **data(world)}
    output = {"OutputConfig": {"S3OutputPath": "s3://out/"}}
    serve(world, {"PrimaryContainer": container}, AsyncInferenceConfig=output)
    world.offer()

    world.run()

    (reason,) = world.update().reasons
    assert reason.code == "endpoint.unsupported"
    assert "publishes no Invocations" in reason.message


def test_a_model_package_is_refused_as_what_it_is(world: World) -> None:
    package = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/vlm/3"
    serve(world, {"PrimaryContainer": {"ModelPackageName": package}})
    world.offer()

    world.run()

    assert "endpoint.model-package" in codes(world.update())


def test_a_field_from_the_future_is_refused_before_it_is_lost(world: World) -> None:
    """botocore drops what it doesn't know: the copy would silently lack the setting."""
    events = world.sagemaker.meta.events

    def add(response_dict: dict[str, Any], **_: object) -> None:
        body = json.loads(response_dict["body"])
        response_dict["body"] = json.dumps(body | {"CrossGalaxyConfig": {"Percent": 3}}).encode()

    events.register_first("before-parse.sagemaker.DescribeEndpointConfig", add)
    world.offer()

    world.run()
    events.unregister("before-parse.sagemaker.DescribeEndpointConfig", add)

    (reason,) = world.update().reasons
    assert (reason.code, reason.subject) == (
        "endpoint.unknown-field",
        "EndpointConfig.CrossGalaxyConfig",
    )
    assert_nothing_left_behind(world)


def lose_the_previous_weights(world: World) -> None:
    """As a lifecycle rule or a tidy hand does: the endpoint serves on, from its instances' copies."""
    key = f"models/{ENDPOINT}/v1/model.safetensors"
    world.s3.delete_object(Bucket=world.bucket, Key=key)


def test_a_strategy_that_could_not_go_back_is_refused_once_the_old_weights_are_gone(
    world: World,
) -> None:
    lose_the_previous_weights(world)
    world.put_policy("strategy: rolling")
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    (reason,) = world.update().reasons
    assert reason.code == "endpoint.artifacts-gone"
    assert f"models/{ENDPOINT}/v1/" in reason.subject
    assert (world.serving_model(), loaded(world)) == ("vlm-v1", "v1")


def test_a_strategy_that_keeps_the_old_fleet_goes_on_without_the_old_weights(world: World) -> None:
    lose_the_previous_weights(world)
    world.put_policy("strategy: canary")
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert loaded(world) == "v2"


def test_routing_that_keeps_requests_to_instances_is_kept_and_told(world: World) -> None:
    routing = "PREFIX_AWARE"
    container = {"Image": LMI, **data(world)}
    serve(
        world,
        {"PrimaryContainer": container},
        variant={"RoutingConfig": {"RoutingStrategy": routing}},
    )
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    config = world.sagemaker.describe_endpoint_config(EndpointConfigName=world.serving)
    assert config["ProductionVariants"][0]["RoutingConfig"] == {"RoutingStrategy": routing}
    plan = world.update().plan
    assert plan is not None
    assert any(routing in note for note in plan.notes)


# The model itself is asked

GOLDEN = json.dumps({"name": "reads", "chat": {"prompt": "What does it say?"}})
ASKS_THE_MODEL = json.dumps(
    {
        "tests": {"golden": "golden/vlm.jsonl", "identity": {"equals": "{version}"}},
        "guard": {"min_requests": 0},
    }
)


def ask_the_model(world: World) -> None:
    world.s3.put_object(Bucket=world.bucket, Key="golden/vlm.jsonl", Body=GOLDEN.encode())
    world.put_policy(ASKS_THE_MODEL)


def test_a_model_that_says_it_is_the_release_proves_it(world: World) -> None:
    ask_the_model(world)
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    proof = assert_nothing_left_behind(world).found.identity
    assert proof is not None
    assert (proof.level, loaded(world)) == ("model version", "v2")


def test_an_unknown_image_that_serves_something_else_is_found_by_asking_it(world: World) -> None:
    """Nobody knows what an image of one's own follows: the config says v2, the model says otherwise."""
    own = f"{REGISTRY}/our-vllm-fork:3"
    serve(
        world,
        {"PrimaryContainer": {"Image": own, "Environment": {"SM_VLLM_MODEL": HUB}, **data(world)}},
    )
    ask_the_model(world)
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    assert codes(world.update()) == ["golden.wrong-model"]
    assert world.serving == "by-hand"


def test_without_asking_the_outcome_says_that_only_the_config_vouches(world: World) -> None:
    world.offer()

    world.run()

    (told,) = [each["Message"] for each in world.outlets.messages if "Proven" in each["Message"]]
    assert "the model itself was not asked" in told


def test_a_container_that_is_asked_by_name_gets_the_golden_requests(world: World) -> None:
    """InferenceExecutionConfig Direct: a request without a container's name is refused."""
    prepare = {"ContainerHostname": "prepare", "Image": f"{REGISTRY}/prepare:1"}
    vlm = {"ContainerHostname": "vlm", "Image": LMI, **data(world)}
    direct = {"InferenceExecutionConfig": {"Mode": "Direct"}}
    serve(world, {"Containers": [prepare, vlm], **direct})
    ask_the_model(world)
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert [result.status for result in world.update().found.golden] == [200]
