"""A small but real checkpoint in Hugging Face's layout, shaped like Qwen2.5-VL.

It has every tensor of the architecture under its published name, in bfloat16. Tensors are narrower and
layers fewer: about 3 MB instead of 16 GB. Source of names and shapes: the architecture's public code,
https://github.com/huggingface/transformers, models/qwen2_5_vl.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from safetensors import TensorSpec, serialize_file

from switchover_local.tokenizer import (
    CHAT_TEMPLATE,
    describe_tokenizer,
    describe_tokenizer_config,
    special_token_id,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

INDEX = "model.safetensors.index.json"
_BYTES_PER_VALUE = 2  # bfloat16


@dataclass(frozen=True, slots=True)
class Sizes:
    """The numbers that fix every shape; the defaults keep Qwen2.5-VL's proportions."""

    vocabulary: int = 1024
    hidden: int = 128
    layers: int = 4
    heads: int = 4
    key_value_heads: int = 2
    intermediate: int = 352
    vision_depth: int = 4
    vision_hidden: int = 64
    vision_heads: int = 4
    vision_intermediate: int = 176
    channels: int = 3
    patch: int = 14
    temporal_patch: int = 2
    merge: int = 2


def write_checkpoint(folder: Path, seed: int, shards: int = 4, sizes: Sizes | None = None) -> None:
    """Write a complete checkpoint into `folder`; the same seed writes the same bytes.

    Raises:
        ValueError: no shard at all, or more shards than tensors.
    """
    sizes = sizes or Sizes()
    shapes = dict(describe_tensors(sizes))
    if not 1 <= shards <= len(shapes):
        raise ValueError(f"{len(shapes)} tensors fit into 1 to {len(shapes)} shards, not {shards}")
    folder.mkdir(parents=True, exist_ok=True)
    weight_map = _spread(shapes, shards)
    random = np.random.default_rng(seed)
    values = {name: _draw(random, name, shape) for name, shape in shapes.items()}
    for shard in sorted(set(weight_map.values())):
        serialize_file(
            {
                name: TensorSpec(
                    dtype="bfloat16",
                    shape=shapes[name],
                    data_ptr=values[name].ctypes.data,
                    data_len=values[name].nbytes,
                )
                for name in shapes
                if weight_map[name] == shard
            },
            str(folder / shard),
            {"format": "pt"},
        )
    total_bytes = sum(value.nbytes for value in values.values())
    _write_json(folder / INDEX, {"metadata": {"total_size": total_bytes}, "weight_map": weight_map})
    _write_json(folder / "config.json", _describe_config(sizes))
    _write_json(folder / "generation_config.json", _describe_generation())
    _write_json(folder / "preprocessor_config.json", _describe_preprocessor(sizes))
    _write_json(folder / "tokenizer.json", describe_tokenizer())
    _write_json(folder / "tokenizer_config.json", describe_tokenizer_config())
    _write_json(folder / "chat_template.json", {"chat_template": CHAT_TEMPLATE})


def list_shards(folder: Path) -> list[Path]:
    """The shards that the index names, in order, existing or not."""
    index = json.loads((folder / INDEX).read_text())
    return [folder / name for name in sorted(set(index["weight_map"].values()))]


def remove_shard(folder: Path, number: int) -> None:
    """Break the checkpoint: shard `number` (from 1) was never uploaded."""
    list_shards(folder)[number - 1].unlink()


def truncate_shard(folder: Path, number: int, kept: float = 0.5) -> None:
    """Break the checkpoint: the upload of shard `number` (from 1) was incomplete."""
    shard = list_shards(folder)[number - 1]
    content = shard.read_bytes()
    shard.write_bytes(content[: int(len(content) * kept)])


def describe_tensors(sizes: Sizes) -> Iterator[tuple[str, list[int]]]:
    """Every tensor of the architecture with its shape, vision tower first."""
    yield from _describe_vision(sizes)
    hidden, key_value = sizes.hidden, sizes.hidden // sizes.heads * sizes.key_value_heads
    yield "model.embed_tokens.weight", [sizes.vocabulary, hidden]
    for number in range(sizes.layers):
        layer = f"model.layers.{number}"
        yield f"{layer}.input_layernorm.weight", [hidden]
        for name, rows in (("q_proj", hidden), ("k_proj", key_value), ("v_proj", key_value)):
            yield f"{layer}.self_attn.{name}.weight", [rows, hidden]
            yield f"{layer}.self_attn.{name}.bias", [rows]
        yield f"{layer}.self_attn.o_proj.weight", [hidden, hidden]
        yield f"{layer}.post_attention_layernorm.weight", [hidden]
        yield f"{layer}.mlp.gate_proj.weight", [sizes.intermediate, hidden]
        yield f"{layer}.mlp.up_proj.weight", [sizes.intermediate, hidden]
        yield f"{layer}.mlp.down_proj.weight", [hidden, sizes.intermediate]
    yield "model.norm.weight", [hidden]
    yield "lm_head.weight", [sizes.vocabulary, hidden]


def _describe_vision(sizes: Sizes) -> Iterator[tuple[str, list[int]]]:
    hidden, intermediate = sizes.vision_hidden, sizes.vision_intermediate
    patch = [sizes.channels, sizes.temporal_patch, sizes.patch, sizes.patch]
    yield "visual.patch_embed.proj.weight", [hidden, *patch]
    for number in range(sizes.vision_depth):
        block = f"visual.blocks.{number}"
        yield f"{block}.norm1.weight", [hidden]
        yield f"{block}.norm2.weight", [hidden]
        for name, rows, columns in (
            ("attn.qkv", 3 * hidden, hidden),
            ("attn.proj", hidden, hidden),
            ("mlp.gate_proj", intermediate, hidden),
            ("mlp.up_proj", intermediate, hidden),
            ("mlp.down_proj", hidden, intermediate),
        ):
            yield f"{block}.{name}.weight", [rows, columns]
            yield f"{block}.{name}.bias", [rows]
    merged = hidden * sizes.merge**2
    yield "visual.merger.ln_q.weight", [hidden]
    yield "visual.merger.mlp.0.weight", [merged, merged]
    yield "visual.merger.mlp.0.bias", [merged]
    yield "visual.merger.mlp.2.weight", [sizes.hidden, merged]
    yield "visual.merger.mlp.2.bias", [sizes.hidden]


def _spread(shapes: dict[str, list[int]], shards: int) -> dict[str, str]:
    # As save_pretrained does, in order and by size, but with a given number of shards.
    total = sum(_count_bytes(shape) for shape in shapes.values())
    weight_map: dict[str, str] = {}
    written, number = 0, 1
    for left, (name, shape) in zip(range(len(shapes), 0, -1), shapes.items(), strict=True):
        is_full = written >= total * number / shards
        is_last_chance = left == shards - number
        if number < shards and weight_map and (is_full or is_last_chance):
            number += 1
        weight_map[name] = f"model-{number:05}-of-{shards:05}.safetensors"
        written += _count_bytes(shape)
    return weight_map


def _count_bytes(shape: list[int]) -> int:
    return int(np.prod(shape)) * _BYTES_PER_VALUE


def _draw(random: np.random.Generator, name: str, shape: list[int]) -> NDArray[np.uint16]:
    if "norm" in name or name.endswith("ln_q.weight"):
        values = np.ones(shape, dtype=np.float32)
    else:
        values = (0.02 * random.standard_normal(shape)).astype(np.float32)
    # bfloat16 is the upper half of a float32, which numpy has no type for.
    return (values.view(np.uint32) >> 16).astype(np.uint16)


def _describe_config(sizes: Sizes) -> dict[str, object]:
    return {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"],
        "model_type": "qwen2_5_vl",
        "torch_dtype": "bfloat16",
        "vocab_size": sizes.vocabulary,
        "hidden_size": sizes.hidden,
        "intermediate_size": sizes.intermediate,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.key_value_heads,
        "hidden_act": "silu",
        "max_position_embeddings": 128_000,
        "max_window_layers": sizes.layers,
        "rms_norm_eps": 1e-06,
        "rope_theta": 1_000_000.0,
        "rope_scaling": {"type": "mrope", "mrope_section": [4, 6, 6]},
        "sliding_window": 32_768,
        "use_sliding_window": False,
        "tie_word_embeddings": False,
        "use_cache": True,
        "attention_dropout": 0.0,
        "initializer_range": 0.02,
        "bos_token_id": special_token_id("<|endoftext|>"),
        "eos_token_id": special_token_id("<|im_end|>"),
        "vision_start_token_id": special_token_id("<|vision_start|>"),
        "vision_end_token_id": special_token_id("<|vision_end|>"),
        "vision_token_id": special_token_id("<|vision_pad|>"),
        "image_token_id": special_token_id("<|image_pad|>"),
        "video_token_id": special_token_id("<|video_pad|>"),
        "vision_config": {
            "model_type": "qwen2_5_vl",
            "depth": sizes.vision_depth,
            "hidden_size": sizes.vision_hidden,
            "intermediate_size": sizes.vision_intermediate,
            "num_heads": sizes.vision_heads,
            "out_hidden_size": sizes.hidden,
            "in_chans": sizes.channels,
            "patch_size": sizes.patch,
            "spatial_patch_size": sizes.patch,
            "temporal_patch_size": sizes.temporal_patch,
            "spatial_merge_size": sizes.merge,
            "tokens_per_second": 2,
            "window_size": 112,
            "fullatt_block_indexes": [sizes.vision_depth - 1],
            "hidden_act": "silu",
        },
    }


def _describe_generation() -> dict[str, object]:
    return {
        "bos_token_id": special_token_id("<|endoftext|>"),
        "eos_token_id": [special_token_id("<|im_end|>"), special_token_id("<|endoftext|>")],
        "pad_token_id": special_token_id("<|endoftext|>"),
        "do_sample": True,
        "repetition_penalty": 1.05,
        "temperature": 1e-06,
    }


def _describe_preprocessor(sizes: Sizes) -> dict[str, object]:
    return {
        "image_processor_type": "Qwen2VLImageProcessor",
        "processor_class": "Qwen2_5_VLProcessor",
        "min_pixels": 3136,
        "max_pixels": 12_845_056,
        "patch_size": sizes.patch,
        "temporal_patch_size": sizes.temporal_patch,
        "merge_size": sizes.merge,
        "image_mean": [0.48145466, 0.4578275, 0.40821073],
        "image_std": [0.26862954, 0.26130258, 0.27577711],
    }


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
