"""The weights that a container really loads: those its environment names, or the model data.

Written from the entry points of the serving images, independently of the product: tests compare the
product's claims about the serving model with this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .specs import Container

_MOUNT = "/opt/ml/model"
# By a part of the repository's name: the variables that win over model data.
_OVER_DATA: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("tgi-inference", ("HF_MODEL_ID", "MODEL_ID")),
    ("text-generation-inference", ("HF_MODEL_ID", "MODEL_ID")),
    ("text-embeddings-inference", ("HF_MODEL_ID", "MODEL_ID")),
    ("tei", ("HF_MODEL_ID", "MODEL_ID")),
    ("huggingface-pytorch-inference", ("HF_MODEL_ID",)),
    ("djl", ("OPTION_MODEL_ID", "HF_MODEL_ID")),
    ("vllm", ("SM_VLLM_MODEL",)),
    ("sglang", ("SM_SGLANG_MODEL_PATH",)),
)
_WITHOUT_DATA = "HF_MODEL_ID"


def loaded_source(container: Container) -> str:
    """The source of the weights that the container serves: an S3 URI, a hub id, or its own image."""
    repository = container.image.rpartition("/")[2].partition(":")[0]
    over_data = next((names for part, names in _OVER_DATA if part in repository), ())
    named = _first_named(container.environment, over_data)
    if named and named != _MOUNT and not named.startswith(f"{_MOUNT}/"):
        return named
    if container.has_data:
        return container.source
    return container.environment.get(_WITHOUT_DATA) or container.source


def _first_named(environment: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((environment[name] for name in names if environment.get(name)), "")
