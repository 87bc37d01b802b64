"""The twin's containers load what their environment says; asynchronous endpoints answer as AWS's do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.staging import HARDWARE, LAUNCH, ROLE, Staging, refusal_of

from switchover_local.twin.scenario import Behaviour

REGISTRY = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
HUB = "Qwen/Qwen2.5-VL-7B-Instruct"
ASYNC = {"OutputConfig": {"S3OutputPath": "s3://out/"}}


def with_data(version: str) -> dict[str, Any]:
    source = {
        "S3Uri": f"s3://models/{version}/",
        "S3DataType": "S3Prefix",
        "CompressionType": "None",
    }
    return {"ModelDataSource": {"S3DataSource": source}}


def serve(staging: Staging, model: dict[str, Any], **config: object) -> None:
    staging.sagemaker.create_model(ModelName="m", ExecutionRoleArn=ROLE, **model)
    variant = {
        "VariantName": "main",
        "ModelName": "m",
        "InstanceType": HARDWARE,
        "InitialInstanceCount": 1,
    }
    staging.sagemaker.create_endpoint_config(
        EndpointConfigName="c",
        ProductionVariants=[variant],
        **config,  # type: ignore[arg-type]
    )
    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="c")
    staging.clock.advance(LAUNCH)


def ask(staging: Staging) -> dict[str, Any]:
    answer = staging.twin.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="demo", Body=b"{}"
    )
    told: dict[str, Any] = json.loads(answer["Body"].read())
    return told


@pytest.mark.parametrize(
    ("repository", "environment", "loaded"),
    [
        ("huggingface-pytorch-tgi-inference", {"HF_MODEL_ID": HUB}, "Qwen2.5-VL-7B-Instruct"),
        ("djl-inference", {"HF_MODEL_ID": "s3://models/v1/"}, "v1"),
        ("djl-inference", {"HF_MODEL_ID": "/opt/ml/model"}, "v2"),
        ("vllm", {"SM_VLLM_MODEL": HUB}, "Qwen2.5-VL-7B-Instruct"),
        ("vllm", {"HF_MODEL_ID": HUB}, "v2"),
        ("sglang", {}, "v2"),
        ("own", {"HF_MODEL_ID": HUB}, "v2"),
    ],
)
def test_a_container_serves_what_it_loads(
    repository: str, environment: dict[str, str], loaded: str
) -> None:
    staging = Staging()
    container = {
        "Image": f"{REGISTRY}/{repository}:1",
        "Environment": environment,
        **with_data("v2"),
    }
    serve(staging, {"PrimaryContainer": container})
    assert ask(staging)["model"] == loaded


def test_without_model_data_a_hub_id_is_what_serves() -> None:
    staging = Staging()
    container = {"Image": f"{REGISTRY}/vllm:1", "Environment": {"HF_MODEL_ID": HUB}}
    serve(staging, {"PrimaryContainer": container})
    assert ask(staging)["model"] == "Qwen2.5-VL-7B-Instruct"


def test_of_a_pipeline_the_last_container_answers() -> None:
    staging = Staging()
    prepare = {"ContainerHostname": "prepare", "Image": "prepare:1", **with_data("v9")}
    serve(staging, {"Containers": [prepare, {"Image": "vllm:1", **with_data("v2")}]})
    assert ask(staging)["model"] == "v2"


# Asynchronous endpoints


@pytest.fixture
def queueing() -> Staging:
    staging = Staging()
    model = {"PrimaryContainer": {"Image": "vllm:1", **with_data("v1")}}
    serve(staging, model, AsyncInferenceConfig=ASYNC)
    return staging


def metrics(staging: Staging) -> set[str]:
    pages = staging.cloudwatch.get_paginator("list_metrics").paginate(Namespace="AWS/SageMaker")
    return {metric["MetricName"] for page in pages for metric in page["Metrics"]}


def test_an_asynchronous_endpoint_refuses_invoke_endpoint(queueing: Staging) -> None:
    with pytest.raises(ClientError) as refused:
        ask(queueing)
    assert refusal_of(refused.value)[0] == "ValidationError"


def test_an_asynchronous_endpoint_publishes_no_invocations(queueing: Staging) -> None:
    """AWS calls its list the whole list for asynchronous endpoints."""
    queueing.twin.invoke("demo")
    queueing.clock.advance(180)
    found = metrics(queueing)
    assert {"InvocationsProcessed", "ModelLatency", "InvocationFailures"} <= found
    assert not {"Invocations", "InvocationsPerInstance", "OverheadLatency"} & found


def resize(staging: Staging, count: int) -> None:
    staging.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="demo",
        DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredInstanceCount": count}],
    )


def test_an_asynchronous_endpoint_may_have_no_instance(queueing: Staging) -> None:
    resize(queueing, 0)
    queueing.settle()
    assert queueing.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 0


def test_a_real_time_endpoint_may_not() -> None:
    staging = Staging().begin()
    with pytest.raises(ClientError, match="must be at least 1"):
        resize(staging, 0)


def test_an_endpoint_without_instances_can_grow_after_a_rollback(queueing: Staging) -> None:
    queueing.twin.set_behaviour("s3://models/v2/", Behaviour(unhealthy_from_instance=1))
    resize(queueing, 0)
    queueing.settle()
    queueing.create_config("v2", instances=1)
    queueing.update()
    queueing.settle()

    resize(queueing, 2)
    queueing.settle()

    assert queueing.twin.serving_config("demo") == "c"
    assert queueing.twin.instances("demo")[-1].serving == 2
