"""Which weights a container loads: the release's, or others that its environment names."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.cases import case
from tests.support.samples import live_model, live_release, planned

from switchover.domain.checks.model import check_container, check_copy, check_weights
from switchover.domain.containers.choosing import choose_container
from switchover.domain.containers.properties import find_weights_elsewhere, keeps_to_release
from switchover.domain.containers.servers import server_of
from switchover.domain.containers.weights import find_weight_source, point_at_release
from switchover.domain.java_properties import read_properties
from switchover.domain.plans.cloning import clone_model, model_uri_of
from switchover.domain.plans.plan import Plan
from switchover.domain.preflight import CheckState
from switchover.domain.reasons import Reason

REGISTRY = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
LMI = f"{REGISTRY}/djl-inference:0.36.0-lmi22.0.0-cu129"
TGI = f"{REGISTRY}/huggingface-pytorch-tgi-inference:2.7.0-tgi3.3.6-gpu-py311-cu124-ubuntu22.04"
TEI = f"{REGISTRY}/tei:2.0.1-tei1.8.2-gpu-py310-cu122-ubuntu22.04"
TOOLKIT = f"{REGISTRY}/huggingface-pytorch-inference:2.6.0-transformers4.51.3-gpu-py312-cu124"
VLLM = f"{REGISTRY}/vllm:server-sagemaker-cuda-v1"
SGLANG = f"{REGISTRY}/sglang:server-sagemaker-cuda-v1"
LLAMA_CPP = f"{REGISTRY}/huggingface-llamacpp:b9522-cpu-ubuntu24.04"
OWN = f"{REGISTRY}/team/serving:7"
HUB = "Qwen/Qwen2.5-VL-7B-Instruct"
OLD = "s3://models/models/chat/v1/"


def container(image: str, environment: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    source = {"S3Uri": OLD, "S3DataType": "S3Prefix", "CompressionType": "None"}
    return {
        "Image": image,
        "ModelDataSource": {"S3DataSource": source},
        **({"Environment": environment} if environment else {}),
        **more,
    }


@pytest.mark.parametrize(
    ("image", "variable", "value"),
    [
        (LMI, "HF_MODEL_ID", HUB),
        (LMI, "HF_MODEL_ID", OLD),
        (LMI, "OPTION_MODEL_ID", HUB),
        (LMI, "OPTION_S3URL", OLD),
        (LMI, "HF_MODEL_ID", "/opt/ml/additional-model-data-sources/base"),
        (TGI, "HF_MODEL_ID", HUB),
        (TGI, "MODEL_ID", HUB),
        (TGI, "HF_MODEL_ID", "/data/model"),
        (TGI, "HF_MODEL_ID", "/opt/ml/model/../other"),
        (TGI, "HF_MODEL_ID", "/opt/ml/models"),
        (TEI, "HF_MODEL_ID", "BAAI/bge-m3"),
        (TOOLKIT, "HF_MODEL_ID", "distilbert-base-uncased"),
        (VLLM, "SM_VLLM_MODEL", HUB),
        (VLLM, "SM_VLLM_MODEL", OLD),
        (SGLANG, "SM_SGLANG_MODEL_PATH", HUB),
        (SGLANG, "SM_SGLANG_MODEL", HUB),
        (LLAMA_CPP, "SM_LLAMA_CPP_MODEL", "/models/a.gguf"),
        (f"{REGISTRY}/vllm@sha256:{'0' * 64}", "SM_VLLM_MODEL", HUB),
        ("localhost:5000/deepjavalibrary/djl-serving", "HF_MODEL_ID", HUB),
    ],
)
def test_other_weights_in_the_environment_are_found(image: str, variable: str, value: str) -> None:
    source = find_weight_source(container(image, {variable: value}))
    assert dict(source.elsewhere) == {variable: value}


@pytest.mark.parametrize(
    ("image", "environment"),
    [
        (LMI, {"HF_MODEL_ID": "/opt/ml/model"}),
        (LMI, {"OPTION_MODEL_ID": "/opt/ml/model/", "OPTION_ROLLING_BATCH": "vllm"}),
        (TGI, {"HF_MODEL_ID": "/opt/ml/model", "MODEL_ID": HUB}),
        (TGI, {"HF_MODEL_ID": "file:///opt/ml/model/merged"}),
        (TGI, {"HF_MODEL_ID": "//opt/ml//model/"}),
        (VLLM, {"SM_VLLM_MAX_MODEL_LEN": "8192"}),
        (VLLM, {"SM_VLLM_MODEL": "/opt/ml/model"}),
        (VLLM, {"HF_MODEL_ID": HUB}),
        (VLLM, {"SM_VLLM_MODEL": "", "HF_MODEL_ID": HUB}),
        (SGLANG, {}),
        (SGLANG, {"HF_MODEL_ID": HUB}),
        (TOOLKIT, {"HF_TASK": "text-classification"}),
        (LLAMA_CPP, {"SM_LLAMA_CPP_MODEL": "/opt/ml/model/q4.gguf"}),
        (f"{REGISTRY}/sagemaker-tritonserver:25.04-py3", {"HF_MODEL_ID": HUB}),
        (f"{REGISTRY}/tensorflow-inference:2.19-gpu", {"MODEL_ID": HUB}),
        (f"{REGISTRY}/pytorch-inference:2.6-gpu", {"SAGEMAKER_PROGRAM": "inference.py"}),
        (f"{REGISTRY}/pytorch-inference:2.6", {"SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}),
        (OWN, {"TEAM": "vision"}),
        (OWN, {"MODEL_DIR": "/opt/ml/model/", "MODEL_CACHE_ROOT": "/var/models"}),
        (OWN, {"MODEL_SERVER_WORKERS": "1", "SERVED_MODEL_NAME": HUB, "MODEL_TYPE": "vlm"}),
        (TEI, {"HF_MODEL_ID": "/opt/ml/model/", "HF_MODEL_REVISION": "abc"}),
        (VLLM, {"SM_VLLM_MAX_LORA_RANK": "16", "TOKENIZERS_PARALLELISM": "false"}),
        (VLLM, {"SM_VLLM_TOKENIZER": "/opt/ml/model/tokenizer"}),
        # JumpStart's own.
        (
            f"{REGISTRY}/pytorch-inference:2.6",
            {
                "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                "MODEL_CACHE_ROOT": "/opt/ml/model",
                "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
                "ENDPOINT_SERVER_TIMEOUT": "3600",
            },
        ),
    ],
)
def test_a_container_that_loads_the_release_is_passed(
    image: str, environment: dict[str, str]
) -> None:
    """vLLM's and SGLang's images look at /opt/ml/model before HF_MODEL_ID."""
    source = find_weight_source(container(image, environment))
    assert (dict(source.elsewhere), source.doubts) == ({}, ())


@pytest.mark.parametrize(
    ("image", "environment", "words"),
    [
        (OWN, {"HF_MODEL_ID": HUB}, "it is unknown whether this image uses it"),
        (OWN, {"SM_VLLM_MODEL": HUB}, "it is unknown whether this image uses it"),
        (
            f"{REGISTRY}/huggingface-pytorch-inference:2.9-transformers5.2-gpu",
            {"HF_MODEL_ID": HUB},
            "it is unknown",
        ),
        (LMI, {"HF_MODEL_ID": HUB, "OPTION_MODEL_ID": "/opt/ml/model"}, "is undocumented"),
        (
            f"{REGISTRY}/sagemaker-xgboost:1.7-1",
            {"SAGEMAKER_SUBMIT_DIRECTORY": "s3://code/sourcedir.tar.gz"},
            "may load anything",
        ),
        (LMI, {"SERVING_LOAD_MODELS": "test::Python=s3://old/"}, "may load anything"),
        # NIM downloads what this names (NVIDIA NIM for LLMs, Configuration).
        (f"{REGISTRY}/nim-llm:1.8", {"NIM_MODEL_NAME": "meta/llama-3.1-8b"}, "it is unknown"),
        (OWN, {"MODEL_NAME": HUB}, "it is unknown"),
        (OWN, {"MODEL_PATH": "/mnt/efs/v1"}, "it is unknown"),
        (OWN, {"weights_uri": OLD}, "it is unknown"),
        ("docker.io/vllm/vllm-openai:v0.11.0", {"VLLM_MODEL": HUB}, "it is unknown"),
        (f"{REGISTRY}/pytorch-inference:2.6", {"MODEL_ID": HUB}, "it is unknown"),
        (VLLM, {"SM_VLLM_TOKENIZER": HUB}, "may not fit the release"),
        (VLLM, {"SM_VLLM_LORA_MODULES": "legal=team/legal-lora"}, "may not fit the release"),
        (VLLM, {"SM_VLLM_SPECULATIVE_CONFIG": '{"model": "a/eagle3"}'}, "may not fit the release"),
        (SGLANG, {"SM_SGLANG_TOKENIZER_PATH": "/old"}, "may not fit the release"),
        (TGI, {"HF_MODEL_ID": "/opt/ml/model", "LORA_ADAPTERS": "a/b"}, "may not fit the release"),
        (
            LMI,
            {
                "OPTION_SPECULATIVE_DRAFT_MODEL": "/opt/ml/additional-model-data-sources/draft",
                "OPTION_MODEL_ID": "/opt/ml/model",
            },
            "may not fit the release",
        ),
    ],
)
def test_what_cannot_be_judged_is_neither_refused_nor_passed(
    image: str, environment: dict[str, str], words: str
) -> None:
    source = find_weight_source(container(image, environment))
    assert dict(source.elsewhere) == {}
    assert words in " ".join(source.doubts)


def test_an_own_image_that_has_no_model_data_may_never_look_for_any() -> None:
    source = find_weight_source({"Image": OWN})
    assert "it is unknown whether this image reads /opt/ml/model" in source.doubts[0]


@pytest.mark.parametrize("image", [OWN, f"{REGISTRY}/my-vllm:1", "", "vllm-openai:v0.11"])
def test_a_name_that_only_resembles_is_no_known_server(image: str) -> None:
    assert server_of(image).repositories == frozenset()


def test_the_check_refuses_and_says_what_to_set() -> None:
    model = live_model(Image=TGI, Environment={"HF_MODEL_ID": HUB})
    check = check_weights(case(live=live_release(model=model)))
    [reason] = check.reasons
    assert reason.code == "endpoint.weights-elsewhere"
    assert reason.subject == "model model-v1: environment HF_MODEL_ID"
    assert HUB in reason.message
    assert "weights: release" in reason.remedy


def test_a_doubt_is_told_as_not_judged() -> None:
    model = live_model(Image=OWN, Environment={"MODEL_ID": HUB})
    check = check_weights(case(live=live_release(model=model)))
    assert (check.state, check.evidence[:11]) == (CheckState.UNKNOWN, "not judged:")


def test_the_releases_own_properties_win_over_the_environment() -> None:
    """ "Configurations specified in the serving.properties files will override" (LMI)."""
    model = live_model(Image=LMI, Environment={"HF_MODEL_ID": HUB})
    check = check_weights(
        case(live=live_release(model=model), serving_properties="option.model_id=/opt/ml/model\n")
    )
    assert check.state is CheckState.PASSED


def test_properties_that_name_no_model_leave_the_environment_in_charge() -> None:
    model = live_model(Image=LMI, Environment={"HF_MODEL_ID": HUB})
    check = check_weights(
        case(live=live_release(model=model), serving_properties="option.rolling_batch=vllm")
    )
    assert check.state is CheckState.REFUSED


# The policy's `weights: release`


@pytest.mark.parametrize(
    ("image", "before", "after"),
    [
        (
            TGI,
            {"HF_MODEL_ID": HUB, "SM_NUM_GPUS": "1"},
            {"HF_MODEL_ID": "/opt/ml/model", "SM_NUM_GPUS": "1"},
        ),
        (LMI, {"OPTION_MODEL_ID": OLD}, {"OPTION_MODEL_ID": "/opt/ml/model"}),
        (
            VLLM,
            {"SM_VLLM_MODEL": HUB, "HF_TOKEN": "x"},
            {"SM_VLLM_MODEL": "/opt/ml/model", "HF_TOKEN": "x"},
        ),
        (VLLM, {"SM_VLLM_MODEL": "/opt/ml/model/a"}, {"SM_VLLM_MODEL": "/opt/ml/model/a"}),
        (TOOLKIT, {"HF_MODEL_ID": HUB, "HF_TASK": "ner"}, {"HF_TASK": "ner"}),
        (OWN, {"HF_MODEL_ID": HUB}, {"HF_MODEL_ID": "/opt/ml/model"}),
    ],
)
def test_only_the_variable_that_names_weights_is_changed(
    image: str, before: dict[str, str], after: dict[str, str]
) -> None:
    assert point_at_release(container(image, before))["Environment"] == after


def test_a_container_without_environment_gets_none() -> None:
    assert "Environment" not in point_at_release(container(VLLM))


def test_the_last_variable_leaves_no_empty_environment() -> None:
    assert "Environment" not in point_at_release(container(TOOLKIT, {"HF_MODEL_ID": HUB}))


def test_weights_of_the_release_are_passed_and_cloned() -> None:
    model = live_model(Image=TGI, Environment={"HF_MODEL_ID": HUB})
    wishes = {"weights": "release"}
    check = check_weights(case(live=live_release(model=model), wishes=wishes))
    assert check.state is CheckState.PASSED
    made = clone_model(
        live_release(model=model), "new", "s3://a/b/", is_archive=False, sets_weights=True
    )
    assert made["PrimaryContainer"]["Environment"] == {"HF_MODEL_ID": "/opt/ml/model"}


def test_the_plan_itself_holds_the_changed_environment() -> None:
    plan = planned(weights="release")
    assert isinstance(plan, Plan)
    assert "Environment" not in (plan.target.model_request or {})["PrimaryContainer"]


# Pipelines


def pipeline(*containers: dict[str, Any]) -> dict[str, Any]:
    return {"ModelName": "model-v1", "Containers": list(containers)}


PREPARE = {"ContainerHostname": "prepare", "Image": f"{REGISTRY}/prepare:1"}
VLM = container(LMI, ContainerHostname="vlm")
OTHER = container(LMI, ContainerHostname="other")


@pytest.mark.parametrize(
    ("containers", "named", "chosen"),
    [
        ((PREPARE, VLM), None, 1),
        ((VLM, PREPARE), None, 0),
        ((PREPARE, VLM), "vlm", 1),
        ((PREPARE, VLM), "prepare", 0),
        ((VLM, OTHER), "other", 1),
        ((PREPARE,), None, 0),
    ],
)
def test_the_container_with_the_weights_or_the_named_one_is_chosen(
    containers: tuple[dict[str, Any], ...], named: str | None, chosen: int
) -> None:
    assert choose_container(pipeline(*containers), named) == chosen


@pytest.mark.parametrize(
    ("containers", "named", "words"),
    [
        (
            (VLM, OTHER),
            None,
            "2 of its 2 containers have weights: vlm (s3://models/models/chat/v1/)",
        ),
        ((PREPARE, PREPARE), None, "none of its 2 containers has weights"),
        ((PREPARE, VLM), "vlmm", "no container of model model-v1 is called 'vlmm'"),
        (
            (
                container(OWN, ContainerHostname="prepare"),
                {"Image": TGI, "Environment": {"HF_MODEL_ID": HUB}},
            ),
            None,
            "2 of its 2 containers have weights",
        ),
    ],
)
def test_a_guess_is_refused_with_the_list(
    containers: tuple[dict[str, Any], ...], named: str | None, words: str
) -> None:
    """A container that loads from the hub has weights too, though it has no model data."""
    found = choose_container(pipeline(*containers), named)
    assert isinstance(found, Reason)
    assert found.code == "endpoint.container-unclear"
    assert words in found.message


def test_a_named_primary_container_must_be_of_that_name() -> None:
    found = choose_container(live_model(), "vlm")
    assert isinstance(found, Reason)


def test_the_chosen_container_alone_gets_the_release() -> None:
    live = live_release(model=pipeline(PREPARE, VLM))
    made = clone_model(live, "new", "s3://a/v2/", is_archive=False, container=1)
    assert made["Containers"][0] == PREPARE
    assert model_uri_of(made, 1) == "s3://a/v2/"


def test_the_live_pipeline_itself_is_not_changed() -> None:
    live = live_release(model=pipeline(PREPARE, VLM))
    clone_model(live, "new", "s3://a/v2/", is_archive=False, container=1)
    assert live.model["Containers"][1] == VLM


def test_the_check_names_the_container() -> None:
    check = check_container(case(live=live_release(model=pipeline(PREPARE, VLM))))
    assert (check.state, check.evidence) == (CheckState.PASSED, "vlm of 2 containers")


def test_additional_data_that_stay_are_noted() -> None:
    model = live_model(AdditionalModelDataSources=[{"ChannelName": "draft"}])
    check = check_container(case(live=live_release(model=model)))
    assert check.state is CheckState.NOTED
    assert "draft" in check.evidence


# serving.properties


@pytest.mark.parametrize(
    "text",
    [
        f"option.model_id={HUB}",
        f"engine=Python\noption.model_id = {HUB}\n",
        f"option.model_id: {HUB}\r\nengine=MPI",
        f"  option.model_id {HUB}",
        "option.s3url=s3://old/v1/",
        "option.model_id=s3://old/v1/",
        "option.model_id=djl://ai.djl.huggingface.pytorch/x",
        "option.model_\\\n  id=gpt2",
        "option.model\\u005fid=gpt2",
        "option.model_id=/opt/ml/model\noption.model_id=gpt2",
    ],
)
def test_properties_that_name_other_weights_are_refused(text: str) -> None:
    """Comments, continuation and escapes as `java.util.Properties.load` reads them."""
    [reason] = find_weights_elsewhere(text)
    assert reason.code == "model.weights-elsewhere"
    assert reason.subject.startswith("serving.properties: option.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "engine=Python\noption.rolling_batch=vllm",
        f"# option.model_id={HUB}",
        f"  ! option.model_id={HUB}",
        "option.model_id=/opt/ml/model",
        "option.model_id=.",
        "option.model_id=",
        f"option.draft_model_id={HUB}",
        f"xoption.model_id={HUB}",
    ],
)
def test_properties_that_leave_the_release_alone_are_fine(text: str) -> None:
    assert find_weights_elsewhere(text) == ()


def test_properties_are_read_as_java_reads_them() -> None:
    assert dict(read_properties("a=1\\\n   2\nb\\ c:d\\=e\nf\n\\#g=h=i")) == {
        "a": "12",
        "b c": "d=e",
        "f": "",
        "#g": "h=i",
    }


def test_only_a_named_model_keeps_the_server_to_the_release() -> None:
    assert [keeps_to_release(text) for text in ("option.model_id=./", "engine=Python", "")] == [
        True,
        False,
        False,
    ]


# Fields that AWS sends and this botocore doesn't know


def test_a_field_that_cannot_be_copied_is_refused_by_name() -> None:
    live = live_release(unknown_fields=("EndpointConfig.CrossRegionTrafficConfig",))
    [reason] = check_copy(case(live=live)).reasons
    assert (reason.code, reason.subject) == (
        "endpoint.unknown-field",
        "EndpointConfig.CrossRegionTrafficConfig",
    )
