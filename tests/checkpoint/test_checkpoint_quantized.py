"""A quantized checkpoint is compared with config.json by the tensors that its method writes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import StoredFile, read_evidence

if TYPE_CHECKING:
    from switchover.checkpoint.findings import Inspection

# A Llama with one layer; its MLP is what a method quantizes here.
HIDDEN, INNER, VOCABULARY = 256, 512, 64
CONFIG: dict[str, object] = {
    "architectures": ["LlamaForCausalLM"],
    "hidden_size": HIDDEN,
    "intermediate_size": INNER,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "vocab_size": VOCABULARY,
    "tie_word_embeddings": True,
}
PLAIN = {
    "model.embed_tokens.weight": [VOCABULARY, HIDDEN],
    "model.norm.weight": [HIDDEN],
    "model.layers.0.input_layernorm.weight": [HIDDEN],
    "model.layers.0.post_attention_layernorm.weight": [HIDDEN],
    "model.layers.0.self_attn.q_proj.weight": [HIDDEN, HIDDEN],
    "model.layers.0.self_attn.k_proj.weight": [HIDDEN, HIDDEN],
    "model.layers.0.self_attn.v_proj.weight": [HIDDEN, HIDDEN],
    "model.layers.0.self_attn.o_proj.weight": [HIDDEN, HIDDEN],
    "model.layers.0.mlp.gate_proj.weight": [INNER, HIDDEN],
    "model.layers.0.mlp.up_proj.weight": [INNER, HIDDEN],
}
DOWN = "model.layers.0.mlp.down_proj"  # [HIDDEN, INNER]
Shapes = dict[str, list[int]]

# 4 bits, groups of 128: eight values a word, INNER ÷ 128 = 4 groups. GPTQ packs along the input,
# AWQ along the output.
GPTQ = {"quant_method": "gptq", "bits": 4, "group_size": 128}
GPTQ_DOWN: Shapes = {
    f"{DOWN}.qweight": [INNER // 8, HIDDEN],
    f"{DOWN}.qzeros": [4, HIDDEN // 8],
    f"{DOWN}.scales": [4, HIDDEN],
    f"{DOWN}.g_idx": [INNER],
}
AWQ = {"quant_method": "awq", "bits": 4, "group_size": 128, "version": "gemm"}
AWQ_DOWN: Shapes = {
    f"{DOWN}.qweight": [INNER, HIDDEN // 8],
    f"{DOWN}.qzeros": [4, HIDDEN // 8],
    f"{DOWN}.scales": [4, HIDDEN],
}
FP8 = {"quant_method": "fp8", "weight_block_size": [128, 128]}
FP8_DOWN: Shapes = {f"{DOWN}.weight": [HIDDEN, INNER], f"{DOWN}.weight_scale_inv": [2, 4]}
PACKED = {
    "quant_method": "compressed-tensors",
    "format": "pack-quantized",
    "config_groups": {"group_0": {"weights": {"num_bits": 4, "group_size": 128}}},
}
PACKED_DOWN: Shapes = {
    f"{DOWN}.weight_packed": [HIDDEN, INNER // 8],
    f"{DOWN}.weight_scale": [HIDDEN, 4],
    f"{DOWN}.weight_shape": [2],
}
NF4 = {"quant_method": "bitsandbytes", "load_in_4bit": True}
NF4_DOWN: Shapes = {
    f"{DOWN}.weight": [HIDDEN * INNER // 2, 1],
    f"{DOWN}.weight.absmax": [HIDDEN * INNER // 64],
    f"{DOWN}.weight.quant_map": [16],
    f"{DOWN}.weight.quant_state.bitsandbytes__nf4": [90],
}
INT8 = {"load_in_8bit": True}
INT8_DOWN: Shapes = {f"{DOWN}.weight": [HIDDEN, INNER], f"{DOWN}.SCB": [HIDDEN]}


class InMemory:
    """A release's files as a mapping of path to content; weights end with their header."""

    def __init__(self, content: dict[str, bytes]) -> None:
        self.content = content

    def read(self, path: str, start: int, length: int) -> bytes:
        return self.content[path][start : start + length]


def inspect(
    shapes: Shapes, quantization: object | None, side_file: dict[str, object] | None = None
) -> Inspection:
    header: dict[str, object] = {}
    end = 0
    for name, shape in (PLAIN | shapes).items():
        values = 1
        for dimension in shape:
            values *= dimension
        header[name] = {"dtype": "U8", "shape": shape, "data_offsets": [end, end + values]}
        end += values
    raw = json.dumps(header).encode()
    config = CONFIG | ({"quantization_config": quantization} if quantization else {})
    files = {
        "model.safetensors": len(raw).to_bytes(8, "little") + raw,
        "config.json": json.dumps(config).encode(),
        "tokenizer.model": b"\n\x0e\n\x05<unk>",
    }
    if side_file is not None:
        files["quantize_config.json"] = json.dumps(side_file).encode()
    stored = [
        StoredFile(path, len(content) + (end if path == "model.safetensors" else 0))
        for path, content in files.items()
    ]
    return inspect_model(read_evidence(stored, InMemory(files)))


METHODS = [
    pytest.param(GPTQ, GPTQ_DOWN, id="gptq"),
    pytest.param(AWQ, AWQ_DOWN, id="awq"),
    pytest.param(FP8, FP8_DOWN, id="fp8"),
    pytest.param(PACKED, PACKED_DOWN, id="compressed-tensors"),
    pytest.param(NF4, NF4_DOWN, id="bitsandbytes-4"),
    pytest.param(INT8, INT8_DOWN, id="bitsandbytes-8"),
]


@pytest.mark.parametrize(("said", "down"), METHODS)
def test_a_sound_quantized_checkpoint_gives_no_reason(
    said: dict[str, object], down: Shapes
) -> None:
    inspection = inspect(down, said)

    assert (inspection.reasons, inspection.unchecked) == ((), ())


@pytest.mark.parametrize(("said", "down"), METHODS)
def test_a_quantized_weight_of_another_width_is_refused(
    said: dict[str, object], down: Shapes
) -> None:
    weight, shape = next(iter(down.items()))

    (reason,) = inspect(down | {weight: [shape[0] + 1, *shape[1:]]}, said).reasons

    assert reason.code == "model.shape-disagrees"
    assert weight in reason.subject


@pytest.mark.parametrize(
    ("said", "down", "lacking"),
    [
        (GPTQ, GPTQ_DOWN, f"{DOWN}.scales"),
        (GPTQ, GPTQ_DOWN, f"{DOWN}.qzeros"),
        (AWQ, AWQ_DOWN, f"{DOWN}.scales"),
        (PACKED, PACKED_DOWN, f"{DOWN}.weight_scale"),
        (NF4, NF4_DOWN, f"{DOWN}.weight.absmax"),
        (NF4, NF4_DOWN, f"{DOWN}.weight.quant_map"),
    ],
)
def test_a_quantized_weight_without_its_scales_is_refused(
    said: dict[str, object], down: Shapes, lacking: str
) -> None:
    rest = {name: shape for name, shape in down.items() if name != lacking}

    (reason,) = inspect(rest, said).reasons

    assert (reason.code, reason.subject) == ("model.tensor-missing", lacking)


@pytest.mark.parametrize(
    ("said", "down", "scale"),
    [(FP8, FP8_DOWN, f"{DOWN}.weight_scale_inv"), (INT8, INT8_DOWN, f"{DOWN}.SCB")],
)
def test_scales_of_another_count_are_refused(
    said: dict[str, object], down: Shapes, scale: str
) -> None:
    (reason,) = inspect(down | {scale: [3, 3]}, said).reasons

    assert reason.code == "model.shape-disagrees"
    assert reason.subject.endswith(scale)


def test_a_layer_that_is_neither_plain_nor_packed_is_missing() -> None:
    (reason,) = inspect({}, GPTQ).reasons

    assert (reason.code, reason.subject) == ("model.tensor-missing", f"{DOWN}.weight")


def test_a_layer_that_was_not_quantized_is_compared_as_it_is() -> None:
    (reason,) = inspect({f"{DOWN}.weight": [HIDDEN, INNER + 1]}, GPTQ).reasons

    assert reason.code == "model.shape-disagrees"


def test_the_config_that_older_tools_write_beside_is_believed() -> None:
    inspection = inspect(GPTQ_DOWN, None, side_file={"bits": 4, "group_size": 128})

    assert inspection.reasons == ()


def test_quantized_weights_that_nothing_speaks_of_are_refused() -> None:
    reasons = {reason.code: reason for reason in inspect(GPTQ_DOWN, None).reasons}

    assert "quantization_config" in reasons["model.quantization-unsaid"].subject


def test_a_method_that_is_not_known_is_said() -> None:
    inspection = inspect({f"{DOWN}.strange": [1]}, {"quant_method": "novel"})

    assert inspection.reasons == ()
    assert inspection.unchecked == ("The shapes of tensors that 'novel' quantized.",)


def test_impossible_numbers_of_a_method_are_refused() -> None:
    (reason,) = inspect(GPTQ_DOWN, GPTQ | {"bits": "four"}).reasons

    assert reason.code == "model.config-invalid"
    assert "'four' is not accepted" in reason.message
