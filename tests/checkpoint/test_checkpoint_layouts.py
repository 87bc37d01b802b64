"""Sound checkpoints of many architectures and forms are never refused; broken ones are.

The layouts are transformers' own word (`tests/oracle`): see `switchover_local.layouts`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from switchover.checkpoint.families import ARCHITECTURES
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import StoredFile, read_evidence
from switchover_local.layouts import Layout, load_layouts, rename, write_headers
from switchover_local.quantizers import FORMS, quantize

if TYPE_CHECKING:
    from switchover.checkpoint.findings import Inspection

LAYOUTS = load_layouts()
# vLLM takes it as bytes only.
WARNED_FORMS = {"bitsandbytes nf4 in bf16": {"model.quantization-unserved"}}
COMPARED = [name for name, layout in LAYOUTS.items() if layout.architecture in ARCHITECTURES]


def inspect(layout: Layout) -> Inspection:
    headers = write_headers(layout)
    stored = [StoredFile(path, size) for path, size in headers.sizes.items()]
    return inspect_model(read_evidence(stored, headers))


def said(inspection: Inspection) -> tuple[str, ...]:
    return tuple(str(reason) for reason in (*inspection.reasons, *inspection.warnings))


@pytest.mark.parametrize("name", LAYOUTS)
def test_what_transformers_saves_is_sound_without_a_warning(name: str) -> None:
    assert said(inspect(LAYOUTS[name])) == ()


@pytest.mark.parametrize("name", LAYOUTS)
def test_shards_with_an_index_are_as_sound(name: str) -> None:
    assert said(inspect(replace(LAYOUTS[name], shards=3))) == ()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", COMPARED)
def test_every_quantized_form_is_sound(name: str, form: str) -> None:
    inspection = inspect(quantize(LAYOUTS[name], form))

    codes = {reason.code for reason in inspection.warnings}
    assert (inspection.reasons, codes) == ((), WARNED_FORMS.get(form, set()))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("llava-clip", "vision_tower.", "vision_tower.vision_model."),
        ("llava-clip", "language_model.model.", "model.language_model."),
        ("llava-siglip", "vision_tower.", "model.vision_tower."),
        ("llava-siglip", "vision_tower.", "model.vision_tower.vision_model."),
        ("llava_onevision", "image_newline", "model.image_newline"),
        ("llava-pixtral", "multi_modal_projector.", "model.multi_modal_projector."),
        ("internvl", "language_model.model.", "model.language_model."),
        ("qwen2_5_vl", "model.language_model.", "model."),
        ("qwen2_5_vl", "visual.", "model.visual."),
        ("qwen2_vl", "model.layers.", "model.language_model.layers."),
        ("mistral3", "vision_tower.", "model.vision_tower."),
        ("gemma3", "language_model.model.", "model.language_model."),
        ("gemma3", "vision_tower.", "vision_tower.vision_model."),
        ("qwen3", "model.", ""),
        ("llama-tied", "model.", ""),
    ],
)
def test_names_of_older_and_newer_libraries_are_understood(name: str, old: str, new: str) -> None:
    assert inspect(rename(LAYOUTS[name], old, new)).reasons == ()


@pytest.mark.parametrize("name", COMPARED)
def test_a_lost_tensor_of_a_known_architecture_is_found(name: str) -> None:
    layout = LAYOUTS[name]
    norm = next(tensor for tensor in layout.tensors if tensor.endswith("norm.weight"))
    rest = {tensor: shape for tensor, shape in layout.tensors.items() if tensor != norm}

    codes = {reason.code for reason in inspect(replace(layout, tensors=rest)).reasons}

    assert codes == {"model.tensor-missing"}


@pytest.mark.parametrize("form", ["awq", "compressed-tensors nvfp4", "modelopt fp8"])
@pytest.mark.parametrize("name", sorted(LAYOUTS.keys() - {*COMPARED}))
def test_a_quantized_form_of_an_unknown_architecture_is_sound(name: str, form: str) -> None:
    assert said(inspect(quantize(LAYOUTS[name], form))) == ()


@pytest.mark.parametrize("form", [form for form in FORMS if form != "a method of tomorrow"])
@pytest.mark.parametrize("name", ["llama", "mixtral", "qwen2_5_vl", "mistral3"])
def test_an_embedding_of_another_model_is_found_in_every_form(name: str, form: str) -> None:
    layout = quantize(LAYOUTS[name], form)
    embedding = next(tensor for tensor in layout.tensors if "embed_tokens" in tensor)
    tensors = {**layout.tensors, embedding: [320, 72]}

    codes = {reason.code for reason in inspect(replace(layout, tensors=tensors)).reasons}

    assert codes == {"model.shape-disagrees"}


@pytest.mark.parametrize("name", COMPARED)
def test_one_layer_less_than_config_says_is_found(name: str) -> None:
    layout = LAYOUTS[name]
    rest = {tensor: shape for tensor, shape in layout.tensors.items() if "layers.1." not in tensor}

    reasons = inspect(replace(layout, tensors=rest)).reasons

    assert {reason.code for reason in reasons} == {"model.tensor-missing"}


@pytest.mark.parametrize(
    "name", [name for name in COMPARED if "vision_config" in LAYOUTS[name].config]
)
def test_a_vision_tower_of_another_width_is_found(name: str) -> None:
    layout = LAYOUTS[name]
    vision = {**layout.config["vision_config"], "hidden_size": 52, "embed_dim": 52}

    codes = {reason.code for reason in inspect(layout.with_config(vision_config=vision)).reasons}

    assert codes == {"model.shape-disagrees"}
