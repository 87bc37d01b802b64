"""What config.json says of each known architecture, held against published models' tensors."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from switchover.domain.checkpoint_shapes import ARCHITECTURES, expect_tensors

# The published sizes of each model, as its config.json has them.
QWEN2_VL_2B = {
    "hidden_size": 1536,
    "intermediate_size": 8960,
    "num_hidden_layers": 28,
    "num_attention_heads": 12,
    "num_key_value_heads": 2,
    "vocab_size": 151936,
    "tie_word_embeddings": True,
    "vision_config": {
        "depth": 32,
        "embed_dim": 1280,
        "mlp_ratio": 4,
        "num_heads": 16,
        "in_chans": 3,
        "hidden_size": 1536,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "spatial_patch_size": 14,
        "temporal_patch_size": 2,
    },
}
QWEN25_VL_7B = {
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "tie_word_embeddings": False,
    "vision_config": {
        "depth": 32,
        "hidden_size": 1280,
        "intermediate_size": 3420,
        "num_heads": 16,
        "in_chans": 3,
        "out_hidden_size": 3584,
        "patch_size": 14,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
    },
}
LLAMA_3_8B = {
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
}
MISTRAL_NEMO = {
    "hidden_size": 5120,
    "intermediate_size": 14336,
    "num_hidden_layers": 40,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "vocab_size": 131072,
    "tie_word_embeddings": False,
}
QWEN2_7B = {
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
    "tie_word_embeddings": False,
}
QWEN3_06B = {
    "hidden_size": 1024,
    "intermediate_size": 3072,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "vocab_size": 151936,
    "tie_word_embeddings": True,
}


def count_parameters(architecture: str, config: dict[str, object]) -> int:
    total = 0
    for tensor in expect_tensors(ARCHITECTURES[architecture], config):  # type: ignore[arg-type]
        elements = tensor.count if tensor.is_required else 0
        for dimension in tensor.shape:
            elements *= dimension
        total += elements
    return total


@pytest.mark.parametrize(
    ("architecture", "config", "parameters"),
    [
        # Each model's own count: metadata.total_size of its index ÷ 2 bytes, or its model card.
        ("LlamaForCausalLM", LLAMA_3_8B, 8_030_261_248),
        ("MistralForCausalLM", MISTRAL_NEMO, 12_247_782_400),
        ("Qwen2ForCausalLM", QWEN2_7B, 7_615_616_512),
        ("Qwen3ForCausalLM", QWEN3_06B, 596_049_920),
        ("Qwen2VLForConditionalGeneration", QWEN2_VL_2B, 2_208_985_600),
        ("Qwen2_5_VLForConditionalGeneration", QWEN25_VL_7B, 8_292_166_656),
    ],
)
def test_the_expected_tensors_are_all_that_the_published_model_has(
    architecture: str, config: dict[str, object], parameters: int
) -> None:
    assert count_parameters(architecture, config) == parameters


def test_a_nested_text_config_is_read_like_a_flat_one() -> None:
    flat = {key: value for key, value in QWEN25_VL_7B.items() if key != "vision_config"}
    nested = {"text_config": flat, "vision_config": QWEN25_VL_7B["vision_config"]}
    architecture = ARCHITECTURES["Qwen2_5_VLForConditionalGeneration"]

    assert expect_tensors(architecture, nested) == expect_tensors(  # type: ignore[arg-type]
        architecture,
        QWEN25_VL_7B,  # type: ignore[arg-type]
    )


def test_tied_embeddings_need_no_head_of_their_own() -> None:
    expected = {
        tensor.name: tensor
        for tensor in expect_tensors(ARCHITECTURES["Qwen3ForCausalLM"], QWEN3_06B)
    }

    assert not expected["lm_head.weight"].is_required
    assert expected["model.embed_tokens.weight"].is_required


def test_a_size_that_config_lacks_is_named() -> None:
    with pytest.raises(ValidationError, match="intermediate_size"):
        expect_tensors(ARCHITECTURES["LlamaForCausalLM"], {"hidden_size": 4096})
