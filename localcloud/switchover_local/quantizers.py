"""What each quantizer writes instead of a linear layer's weight, and into config.json.

After the writers themselves: AutoAWQ (WQLinear_GEMM), GPTQModel (TorchQuantLinear), bitsandbytes
(Linear4bit, Linear8bitLt), transformers (FP8Linear, FbgemmFp8Linear), compressed-tensors
(compressors/quantized_compressors), NVIDIA ModelOpt (export/unified_export_hf).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from switchover_local.layouts import Layout

    Parts = Callable[[str, int, int], Iterator[tuple[str, list[int]]]]

# Publishers don't quantize these: embeddings, heads, routers, and parts outside the language model.
_LEFT = (
    "embed", "lm_head", "output.weight", "score", "router", "mlp.gate.", "visual", "vision",
    "projector", "audio", "qformer", "query", "mlp1", "connector", "shared_expert_gate", "conv",
)  # fmt: skip
_GROUP = 32


def quantize(layout: Layout, form: str) -> Layout:
    """The layout as a quantizer would save it."""
    parts, said, beside = FORMS[form]
    tensors: dict[str, list[int]] = {}
    for name, shape in layout.tensors.items():
        is_linear = name.endswith(".weight") and len(shape) == 2
        if is_linear and not any(left in name for left in _LEFT):
            tensors |= dict(parts(name.removesuffix(".weight"), shape[0], shape[1]))
        else:
            tensors[name] = shape
    config = {**layout.config, **({"quantization_config": said} if said else {})}
    companions = {**layout.companions, **beside}
    return replace(layout, config=config, tensors=tensors, companions=companions)


def _awq(base: str, rows: int, columns: int) -> Iterator[tuple[str, list[int]]]:
    yield f"{base}.qweight", [columns, rows // 8]
    yield f"{base}.qzeros", [columns // _GROUP, rows // 8]
    yield f"{base}.scales", [columns // _GROUP, rows]


def _gptq(base: str, rows: int, columns: int) -> Iterator[tuple[str, list[int]]]:
    yield f"{base}.qweight", [columns // 8, rows]
    yield f"{base}.qzeros", [columns // _GROUP, rows // 8]
    yield f"{base}.scales", [columns // _GROUP, rows]
    yield f"{base}.g_idx", [columns]


def _nf4(bytes_per_value: int) -> Parts:
    def parts(base: str, rows: int, columns: int) -> Iterator[tuple[str, list[int]]]:
        yield f"{base}.weight", [rows * columns // 2 // bytes_per_value, 1]
        yield f"{base}.weight.absmax", [rows * columns // 64]
        yield f"{base}.weight.quant_map", [16]
        yield f"{base}.weight.nested_absmax", [1]
        yield f"{base}.weight.nested_quant_map", [256]
        yield f"{base}.weight.quant_state.bitsandbytes__nf4", [90]

    return parts


def _int8(base: str, rows: int, columns: int) -> Iterator[tuple[str, list[int]]]:
    yield f"{base}.weight", [rows, columns]
    yield f"{base}.SCB", [rows]


def _fp8_blocks(base: str, rows: int, columns: int) -> Iterator[tuple[str, list[int]]]:
    yield f"{base}.weight", [rows, columns]
    yield f"{base}.weight_scale_inv", [-(-rows // 128), -(-columns // 128)]


def _scaled(*names: str) -> Parts:
    """A weight of the same shape, with a scale for each row, or one for all (an empty shape)."""

    def parts(base: str, rows: int, columns: int) -> Iterator[tuple[str, list[int]]]:
        yield f"{base}.weight", [rows, columns]
        for name in names:
            yield f"{base}.{name}", [rows, 1] if name == "weight_scale" else [1]

    return parts


def _packed(bits: int, group: int | None) -> Parts:
    def parts(base: str, rows: int, columns: int) -> Iterator[tuple[str, list[int]]]:
        yield f"{base}.weight_packed", [rows, columns * bits // 32]
        yield f"{base}.weight_scale", [rows, columns // group if group else 1]
        yield f"{base}.weight_shape", [2]

    return parts


def _nvfp4(weight: str, scales: str, *others: str) -> Parts:
    """Two values in a byte, a scale for 16 of them, and one for the whole tensor."""

    def parts(base: str, rows: int, columns: int) -> Iterator[tuple[str, list[int]]]:
        yield f"{base}.{weight}", [rows, columns // 2]
        yield f"{base}.{scales}", [rows, columns // 16]
        for name in others:
            yield f"{base}.{name}", [1]

    return parts


def _mxfp4(base: str, rows: int, columns: int) -> Iterator[tuple[str, list[int]]]:
    yield f"{base}.weight_packed", [rows, columns // 2]
    yield f"{base}.weight_scale", [rows, columns // 32]


def _novel(base: str, rows: int, columns: int) -> Iterator[tuple[str, list[int]]]:
    yield f"{base}.codebook", [rows]
    yield f"{base}.codes", [columns, rows, 3]


def _compressed(format_: str, group_name: str = "group_0", **weights: object) -> dict[str, Any]:
    group = {"targets": ["Linear"], "weights": weights, "input_activations": None}
    return {
        "quant_method": "compressed-tensors",
        "format": format_,
        "quantization_status": "compressed",
        "ignore": ["lm_head"],
        "config_groups": {group_name: group},
    }


def _bitsandbytes(storage: str) -> dict[str, Any]:
    return {
        "quant_method": "bitsandbytes",
        "load_in_4bit": True,
        "bnb_4bit_quant_type": "nf4",
        "bnb_4bit_quant_storage": storage,
        "bnb_4bit_use_double_quant": True,
    }


def _modelopt(algorithm: str) -> dict[str, Any]:
    quantization = {"quant_algo": algorithm, "kv_cache_quant_algo": None, "group_size": 16}
    return {
        "hf_quant_config.json": {"producer": {"name": "modelopt"}, "quantization": quantization}
    }


# The tensors instead of the weight, the entry in config.json, and further files.
FORMS: dict[str, tuple[Parts, dict[str, Any], dict[str, Any]]] = {
    "awq": (_awq, {"quant_method": "awq", "bits": 4, "group_size": _GROUP, "version": "gemm"}, {}),
    "gptq": (_gptq, {"quant_method": "gptq", "bits": 4, "group_size": _GROUP}, {}),
    "bitsandbytes nf4": (_nf4(1), _bitsandbytes("uint8"), {}),
    "bitsandbytes nf4 in bf16": (_nf4(2), _bitsandbytes("bfloat16"), {}),
    "bitsandbytes int8": (_int8, {"quant_method": "bitsandbytes", "load_in_8bit": True}, {}),
    "fp8 blocks": (
        _fp8_blocks,
        {"quant_method": "fp8", "weight_block_size": [128, 128], "activation_scheme": "dynamic"},
        {},
    ),
    "fbgemm fp8": (_scaled("weight_scale"), {"quant_method": "fbgemm_fp8"}, {}),
    "compressed-tensors w4a16": (
        _packed(4, _GROUP),
        _compressed("pack-quantized", num_bits=4, strategy="group", group_size=_GROUP),
        {},
    ),
    "compressed-tensors w8a16 by row": (
        _packed(8, None),
        _compressed("pack-quantized", "W8A16", num_bits=8, strategy="channel", group_size=None),
        {},
    ),
    "compressed-tensors fp8": (
        _scaled("weight_scale", "input_scale"),
        _compressed("float-quantized", num_bits=8, strategy="channel", group_size=None),
        {},
    ),
    "compressed-tensors int8": (
        _scaled("weight_scale"),
        _compressed("int-quantized", num_bits=8, strategy="channel", group_size=None),
        {},
    ),
    "compressed-tensors nvfp4": (
        _nvfp4("weight_packed", "weight_scale", "weight_global_scale", "input_global_scale"),
        _compressed("nvfp4-pack-quantized", num_bits=4, strategy="tensor_group", group_size=16),
        {},
    ),
    "compressed-tensors mxfp4": (
        _mxfp4,
        _compressed("mxfp4-pack-quantized", num_bits=4, strategy="group", group_size=32),
        {},
    ),
    "modelopt fp8": (_scaled("weight_scale", "input_scale"), {}, _modelopt("FP8")),
    "modelopt nvfp4": (
        _nvfp4("weight", "weight_scale", "weight_scale_2", "input_scale"),
        {},
        _modelopt("NVFP4"),
    ),
    "a method of tomorrow": (_novel, {"quant_method": "novel"}, {}),
}  # fmt: skip
