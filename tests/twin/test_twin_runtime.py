"""Requests to a live endpoint: who answers, what it costs, what is measured."""

from __future__ import annotations

import json
from cProfile import Profile
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.staging import (
    START,
    Staging,
    all_at_once,
    canary,
    linear,
    refusal_of,
    rolling,
)

from switchover_local.twin.runtime.traffic import ConstantRate, Load
from switchover_local.twin.scenario import Behaviour, ModelBehaviour, Scenario, Switches
from switchover_local.twin.wire.messages import Request
from switchover_local.twin.wire.refusals import Refusal


def _behaving(**behaviour: object) -> Staging:
    entry = ModelBehaviour(model="s3://models/v1/", behaviour=Behaviour.model_validate(behaviour))
    return Staging(Scenario(models=(entry,))).begin()


def _metric(
    staging: Staging, name: str, statistic: str, namespace: str = "AWS/SageMaker", **extra: str
) -> list[float]:
    dimensions = {"EndpointName": "demo", "VariantName": "main", **extra}
    answer = staging.cloudwatch.get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=START,
        EndTime=staging.clock.now(),
        Period=86_400,
        Statistics=[statistic],
    )
    return [point[statistic] for point in answer["Datapoints"]]


def test_the_reply_is_a_chat_completion_that_names_its_model() -> None:
    staging = Staging().begin()
    runtime = staging.twin.client("sagemaker-runtime")

    answer = runtime.invoke_endpoint(
        EndpointName="demo", ContentType="application/json", Body=b'{"messages": []}'
    )

    completion = json.loads(answer["Body"].read())
    assert completion["object"] == "chat.completion"
    assert completion["model"] == "v1"
    assert completion["choices"][0]["message"] == {"role": "assistant", "content": "This is v1."}
    assert answer["InvokedProductionVariant"] == "main"
    assert answer["ContentType"] == "application/json"


def test_the_reply_is_what_the_scenario_says() -> None:
    staging = _behaving(reply="A red bicycle.")
    runtime = staging.twin.client("sagemaker-runtime")

    answer = runtime.invoke_endpoint(EndpointName="demo", Body=b"{}")

    completion = json.loads(answer["Body"].read())
    assert completion["choices"][0]["message"]["content"] == "A red bicycle."


def test_a_streamed_reply_adds_up_to_the_same_words() -> None:
    staging = _behaving(reply="A red bicycle.")
    runtime = staging.twin.client("sagemaker-runtime")

    answer = runtime.invoke_endpoint_with_response_stream(EndpointName="demo", Body=b"{}")

    lines = [event["PayloadPart"]["Bytes"].decode() for event in answer["Body"]]
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-1]]
    assert "".join(c["choices"][0]["delta"]["content"] for c in chunks) == "A red bicycle."
    assert lines[-1] == "data: [DONE]\n\n"


def test_an_unknown_endpoint_is_a_validation_error() -> None:
    runtime = Staging().twin.client("sagemaker-runtime")

    with pytest.raises(ClientError) as refused:
        runtime.invoke_endpoint(EndpointName="nowhere", Body=b"{}")

    assert refusal_of(refused.value) == (
        "ValidationError",
        "Endpoint nowhere of account 000000000000 not found.",
    )


def test_a_container_that_fails_is_a_model_error() -> None:
    staging = _behaving(server_error_rate=1)
    runtime = staging.twin.client("sagemaker-runtime")

    with pytest.raises(runtime.exceptions.ModelError) as refused:
        runtime.invoke_endpoint(EndpointName="demo", Body=b"{}")

    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert refused.value.response["OriginalStatusCode"] == 500
    assert "v1 failed" in refused.value.response["OriginalMessage"]


def test_latency_is_measured_in_microseconds_in_both_sets_of_dimensions() -> None:
    staging = _behaving(latency_us=250_000, latency_spread=0)

    staging.twin.invoke("demo")
    staging.clock.advance(60)

    assert _metric(staging, "ModelLatency", "Average") == [250_000]
    by_config = _metric(staging, "ModelLatency", "Average", EndpointConfigName="config-v1")
    assert by_config == [250_000]


@pytest.mark.parametrize(
    ("behaviour", "rates"),
    [
        ({}, {"Invocation4XXErrors": 0, "Invocation5XXErrors": 0, "InvocationModelErrors": 0}),
        (
            {"server_error_rate": 1},
            {"Invocation4XXErrors": 0, "Invocation5XXErrors": 1, "InvocationModelErrors": 1},
        ),
        (
            {"client_error_rate": 1},
            {"Invocation4XXErrors": 1, "Invocation5XXErrors": 0, "InvocationModelErrors": 1},
        ),
    ],
)
def test_errors_are_measured_as_rates(behaviour: dict[str, Any], rates: dict[str, float]) -> None:
    staging = _behaving(**behaviour)
    load = Load(staging.clock, staging.twin.invoke, "demo", ConstantRate(4), jitter=0)
    load.start()
    load.stop()
    staging.clock.advance(60)

    assert {name: _metric(staging, name, "Average")[0] for name in rates} == rates
    assert _metric(staging, "Invocations", "Sum") == [4]


def test_invocations_per_instance_are_shared_out() -> None:
    staging = Staging().begin(instances=4)

    staging.twin.invoke("demo")
    staging.clock.advance(60)

    assert _metric(staging, "InvocationsPerInstance", "Sum") == [0.25]


def test_the_new_configs_series_begins_with_its_first_traffic() -> None:
    staging = Staging().begin(instances=2)
    staging.update(canary(size=1))
    staging.clock.advance(480)
    for _ in range(50):
        staging.twin.invoke("demo")

    assert _metric(staging, "Invocations", "Sum", EndpointConfigName="config-v2") == []

    staging.clock.advance(10)
    for _ in range(300):
        staging.twin.invoke("demo")
    staging.clock.advance(60)

    (canary_share,) = _metric(staging, "Invocations", "Sum", EndpointConfigName="config-v2")
    assert canary_share / 300 == pytest.approx(1 / 3, abs=0.08)


def test_gpu_metrics_count_every_gpu_and_know_no_config() -> None:
    staging = Staging()
    staging.create_config("v1", InstanceType="ml.g6e.12xlarge")
    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")
    staging.clock.advance(900)
    namespace = "/aws/sagemaker/Endpoints"

    (gpu,) = _metric(staging, "GPUUtilization", "Average", namespace=namespace)

    assert gpu == pytest.approx(4 * 55, rel=0.1)
    by_config = _metric(
        staging, "GPUUtilization", "Average", namespace=namespace, EndpointConfigName="config-v1"
    )
    assert by_config == []


def test_gpu_metrics_may_know_the_config() -> None:
    staging = Staging(Scenario(switches=Switches(gpu_metrics_by_config=True))).begin()
    staging.clock.advance(120)

    by_config = _metric(
        staging,
        "GPUUtilization",
        "Average",
        namespace="/aws/sagemaker/Endpoints",
        EndpointConfigName="config-v1",
    )

    assert len(by_config) == 1


def test_a_request_can_ask_for_its_variant() -> None:
    staging = Staging().begin()

    with pytest.raises(Refusal, match="ValidationError: Variant other of endpoint demo not found"):
        staging.twin.invoke("demo", target_variant="other")

    assert staging.twin.invoke("demo", target_variant="main").variant_name == "main"


def test_a_changed_behaviour_shows_at_the_next_request() -> None:
    staging = Staging().begin()
    staging.twin.invoke("demo")

    staging.twin.set_behaviour("s3://models/v1/", Behaviour(reply="changed"))

    assert staging.twin.invoke("demo").text == "changed"


def test_an_endpoint_that_was_made_again_answers_from_its_new_config() -> None:
    stage = Staging().begin()
    stage.twin.invoke("demo")

    stage.sagemaker.delete_endpoint(EndpointName="demo")
    stage.clock.advance(600)
    stage.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v2")
    stage.clock.advance(3600)

    assert stage.twin.invoke("demo").config_name == "config-v2"


def test_a_request_costs_little_below_the_protocol_layer() -> None:
    twin = Staging().begin().twin
    twin.invoke("demo")
    profile = Profile()

    profile.runcall(twin.invoke, "demo")

    # Two for each of fourteen metrics, and two dozen to choose an instance and its answer. What that
    # makes a second is a benchmark's to say.
    assert sum(entry.callcount for entry in profile.getstats()) < 80


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"TargetVariant": "other"}, "Variant other of endpoint demo not found"),
        ({"TargetModel": "a.tar.gz"}, "demo is not a multi-model endpoint and does not support"),
        ({"InferenceComponentName": "c"}, "Inference Component Name header is not allowed for"),
        ({"TargetVariant": "not_a_name"}, "at 'targetVariant' failed to satisfy constraint"),
        ({"CustomAttributes": "a\x00b"}, "must consist of visible US-ASCII characters"),
        ({"CustomAttributes": "x" * 1025}, "at 'customAttributes' failed to satisfy constraint"),
        ({"InferenceId": "x" * 65}, "at 'inferenceId' failed to satisfy constraint"),
    ],
)
def test_a_header_for_another_kind_of_endpoint_is_a_validation_error(
    header: dict[str, str], words: str
) -> None:
    runtime = Staging().begin().twin.client("sagemaker-runtime")

    with pytest.raises(ClientError, match=words) as refused:
        runtime.invoke_endpoint(EndpointName="demo", Body=b"{}", **header)

    assert refusal_of(refused.value)[0] == "ValidationError"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({}, "Inference Component Name header is required for endpoints to which you plan"),
        ({"InferenceComponentName": "c"}, "Inference component c of endpoint demo not found"),
    ],
)
def test_an_endpoint_for_inference_components_is_asked_by_component(
    header: dict[str, str], words: str
) -> None:
    staging = Staging()
    staging.create_config("v1", ModelName=None)
    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")
    staging.clock.advance(3600)
    runtime = staging.twin.client("sagemaker-runtime")

    with pytest.raises(ClientError, match=words):
        runtime.invoke_endpoint(EndpointName="demo", Body=b"{}", **header)


@pytest.mark.parametrize(
    ("limit", "length", "status"),
    [
        (26_214_400, 26_214_400, 200),
        (26_214_400, 26_214_401, 413),
        (6_291_456, 6_291_456, 200),
        (6_291_456, 6_291_457, 413),
    ],
)
def test_a_body_is_taken_up_to_the_limit(limit: int, length: int, status: int) -> None:
    staging = Staging(Scenario(switches=Switches(invoke_body_limit_bytes=limit))).begin()

    response = staging.twin.handle(
        Request("POST", "/endpoints/demo/invocations", {}, bytes(length))
    )

    assert response is not None
    assert response.status == status


@pytest.mark.parametrize("name", ["Demo", "DEMO", "demo "])
def test_the_case_of_an_endpoints_name_must_match_to_ask_it(name: str) -> None:
    staging = Staging().begin()

    with pytest.raises(Refusal, match="not found"):
        staging.twin.invoke(name)


@pytest.mark.parametrize("deployment", [canary(), linear(), rolling(), all_at_once()])
@pytest.mark.parametrize("metric", ["Invocations", "ModelLatency", "InvocationsPerInstance"])
@pytest.mark.parametrize("statistic", ["Sum", "SampleCount"])
def test_the_metrics_of_both_configs_add_up_to_the_variants(
    deployment: dict[str, Any], metric: str, statistic: str
) -> None:
    staging = Staging().begin()
    load = Load(staging.clock, staging.twin.invoke, "demo", ConstantRate(0.5))
    load.start()
    staging.update(deployment)
    staging.settle()

    (whole,), (old,), (new,) = (
        _metric(staging, metric, statistic, **config)
        for config in (
            {},
            {"EndpointConfigName": "config-v1"},
            {"EndpointConfigName": "config-v2"},
        )
    )

    assert old > 0
    assert new > 0
    assert old + new == pytest.approx(whole)
