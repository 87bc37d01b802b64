"""Finds the model server of an image, and the variables with which that server finds weights."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from enum import StrEnum

# Where SageMaker puts model data (Developer Guide, "Use your own inference code with hosting services").
MODEL_FOLDER = "/opt/ml/model"


class Precedence(StrEnum):
    """Which variable counts if several are set."""

    FIRST_SET = "first set"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ModelServer:
    """One kind of serving container.

    `variables` name the weights, the strongest first. `fallbacks` name weights only if SageMaker put
    no model data into the container, so they don't count for a release. `drops_variables`: the server
    downloads the variable's value, even if the value is a path. `reads_properties`: the server
    follows the release's own `serving.properties` first. `runs_code_of_users`: the model is loaded by
    code in the model data or elsewhere.
    """

    name: str
    repositories: frozenset[str]
    variables: tuple[str, ...] = ()
    fallbacks: tuple[str, ...] = ()
    precedence: Precedence = Precedence.FIRST_SET
    drops_variables: bool = False
    reads_properties: bool = False
    runs_code_of_users: bool = False
    tag_holds: str = ""

    def runs(self, image: str) -> bool:
        """Whether an image runs this server, by the last part of its repository and by its tag."""
        repository, tag = _repository_and_tag(image)
        return repository in self.repositories and self.tag_holds in tag


# The sources are the entry points of the images, and their documents.
_SERVERS = (
    # `sagemaker-entrypoint.sh` of huggingface/text-generation-inference: HF_MODEL_ID must be set, and is
    # exported as MODEL_ID, which the launcher reads.
    ModelServer(
        name="Text Generation Inference",
        repositories=frozenset({"huggingface-pytorch-tgi-inference", "text-generation-inference"}),
        variables=("HF_MODEL_ID", "MODEL_ID"),
    ),
    # `sagemaker-entrypoint-cuda-all.sh` of huggingface/text-embeddings-inference: the same.
    ModelServer(
        name="Text Embeddings Inference",
        repositories=frozenset({"tei", "tei-cpu", "text-embeddings-inference"}),
        variables=("HF_MODEL_ID", "MODEL_ID"),
    ),
    # `mms_model_server.py` of aws/sagemaker-huggingface-inference-toolkit: HF_MODEL_ID is always
    # downloaded from the hub. Images with transformers 5 run another server.
    ModelServer(
        name="Hugging Face inference toolkit",
        repositories=frozenset(
            {
                "huggingface-pytorch-inference",
                "huggingface-pytorch-inference-neuron",
                "huggingface-pytorch-inference-neuronx",
                "huggingface-tensorflow-inference",
            }
        ),
        variables=("HF_MODEL_ID",),
        drops_variables=True,
        tag_holds="transformers4.",
    ),
    # LMI, "Container and Model Configurations": OPTION_<X> is option.<x> of serving.properties;
    # `properties.py` of deepjavalibrary/djl-serving takes model_id before the model's folder. Whether
    # HF_MODEL_ID or OPTION_MODEL_ID is stronger changed between versions (djl-serving #1825).
    ModelServer(
        name="LMI (DJL Serving)",
        repositories=frozenset({"djl-inference", "djl-serving"}),
        variables=("OPTION_MODEL_ID", "OPTION_S3URL", "HF_MODEL_ID"),
        precedence=Precedence.UNKNOWN,
        reads_properties=True,
    ),
    # AWS Deep Learning Containers, "vLLM: Amazon SageMaker AI Deployment", Specifying the Model:
    # SM_VLLM_MODEL, then /opt/ml/model, then HF_MODEL_ID.
    ModelServer(
        name="vLLM",
        repositories=frozenset({"vllm", "vllm-omni", "huggingface-vllm", "huggingface-vllm-omni"}),
        variables=("SM_VLLM_MODEL",),
        fallbacks=("HF_MODEL_ID",),
    ),
    # `sagemaker_entrypoint.sh` of aws/deep-learning-containers, scripts/docker/sglang: --model-path is
    # SM_SGLANG_MODEL_PATH, else /opt/ml/model. SGLang knows --model as another name of it.
    ModelServer(
        name="SGLang",
        repositories=frozenset({"sglang", "huggingface-sglang", "sglang-sagemaker"}),
        variables=("SM_SGLANG_MODEL_PATH", "SM_SGLANG_MODEL"),
        fallbacks=("HF_MODEL_ID",),
        precedence=Precedence.UNKNOWN,
    ),
    # `sagemaker_entrypoint.sh`, scripts/docker/llama_cpp: SM_LLAMA_CPP_MODEL, else the first *.gguf under
    # SM_LLAMA_CPP_MODEL_DIR, else under /opt/ml/model. They name files, so the release's folder can't
    # be their value.
    ModelServer(
        name="llama.cpp",
        repositories=frozenset({"llama-cpp", "llamacpp", "huggingface-llamacpp"}),
        variables=("SM_LLAMA_CPP_MODEL", "SM_LLAMA_CPP_MODEL_DIR"),
        fallbacks=("HF_MODEL_ID",),
        drops_variables=True,
    ),
    # These load /opt/ml/model: their variables choose a model or code in it, not other weights (SageMaker
    # Developer Guide, "Triton Inference Server"; README of aws/sagemaker-tensorflow-serving-container;
    # README of aws/sagemaker-inference-toolkit: model_fn is given the folder).
    ModelServer(
        name="Triton",
        repositories=frozenset({"sagemaker-tritonserver", "tritonserver", "nvidia-tritonserver"}),
    ),
    ModelServer(
        name="TensorFlow Serving",
        repositories=frozenset({"tensorflow-inference", "tensorflow-inference-graviton"}),
    ),
    ModelServer(
        name="SageMaker inference toolkit",
        repositories=frozenset(
            {
                "pytorch-inference",
                "pytorch-inference-graviton",
                "mxnet-inference",
                "sagemaker-scikit-learn",
                "sagemaker-xgboost",
            }
        ),
        runs_code_of_users=True,
    ),
)
UNKNOWN_SERVER = ModelServer(name="an image that isn't known here", repositories=frozenset())
# All variables that name weights for some server: an unknown container may follow any of them, or none.
WEIGHT_VARIABLES = tuple(
    dict.fromkeys(name for server in _SERVERS for name in (*server.variables, *server.fallbacks))
)


def server_of(image: str) -> ModelServer:
    """The server of an image, by its repository's name in any registry.

    AWS recommends to copy its images into own registries under the same name.
    """
    return next((server for server in _SERVERS if server.runs(image)), UNKNOWN_SERVER)


def is_in_model_folder(value: str) -> bool:
    """Whether a value names the folder of the model data, or something below it."""
    # POSIX may treat two leading slashes as another path; Linux doesn't.
    path = posixpath.normpath(value.removeprefix("file://").replace("//", "/"))
    return path == MODEL_FOLDER or path.startswith(f"{MODEL_FOLDER}/")


def _repository_and_tag(image: str) -> tuple[str, str]:
    name = image.rpartition("/")[2].partition("@")[0]
    repository, _, tag = name.partition(":")
    return repository, tag
