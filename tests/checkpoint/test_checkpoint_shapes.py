"""The shapes that follow from config.json, compared with the tensors of published models."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from switchover.checkpoint.families import ARCHITECTURES, expect_tensors

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

CLIP_336 = {
    "model_type": "clip_vision_model",
    "hidden_size": 1024,
    "image_size": 336,
    "intermediate_size": 4096,
    "num_hidden_layers": 24,
    "patch_size": 14,
}
# Nested configs are published without what equals the config class's default.
LLAVA_15_7B = {
    "tie_word_embeddings": False,
    "text_config": {"model_type": "llama", "vocab_size": 32064},
    "vision_config": CLIP_336,
}
LLAVA_16_MISTRAL_7B = {
    "tie_word_embeddings": False,
    "text_config": {
        "model_type": "mistral",
        "intermediate_size": 14336,
        "num_key_value_heads": 8,
        "vocab_size": 32064,
    },
    "vision_config": CLIP_336,
}
INTERN_VIT_300M = {
    "hidden_size": 1024,
    "image_size": 448,
    "intermediate_size": 4096,
    "norm_type": "layer_norm",
    "num_hidden_layers": 24,
    "patch_size": 14,
    "qk_normalization": False,
    "qkv_bias": True,
}
INTERNVL2_8B = {
    "downsample_ratio": 0.5,
    "llm_config": {
        "model_type": "internlm2",
        "hidden_size": 4096,
        "intermediate_size": 14336,
        "num_attention_heads": 32,
        "num_hidden_layers": 32,
        "num_key_value_heads": 8,
        "vocab_size": 92553,
        "tie_word_embeddings": False,
    },
    "vision_config": INTERN_VIT_300M,
}
QWEN_OF_INTERNVL3 = {**QWEN2_7B, "model_type": "qwen2", "vocab_size": 151674}
INTERNVL3_8B = {**INTERNVL2_8B, "llm_config": QWEN_OF_INTERNVL3}
INTERNVL3_8B_HF = {
    "downsample_ratio": 0.5,
    "text_config": QWEN_OF_INTERNVL3,
    "vision_config": {
        "attention_bias": True,
        "hidden_size": 1024,
        "image_size": [448, 448],
        "intermediate_size": 4096,
        "num_hidden_layers": 24,
        "patch_size": [14, 14],
    },
}
MIXTRAL_8X7B = {
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "num_local_experts": 8,
    "vocab_size": 32000,
    "tie_word_embeddings": False,
}
QWEN3_30B_A3B = {
    "hidden_size": 2048,
    "head_dim": 128,
    "intermediate_size": 6144,
    "moe_intermediate_size": 768,
    "num_hidden_layers": 48,
    "num_attention_heads": 32,
    "num_key_value_heads": 4,
    "num_experts": 128,
    "decoder_sparse_step": 1,
    "mlp_only_layers": [],
    "vocab_size": 151936,
    "tie_word_embeddings": False,
}
QWEN15_MOE_A27B = {
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "moe_intermediate_size": 1408,
    "shared_expert_intermediate_size": 5632,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "num_key_value_heads": 16,
    "num_experts": 60,
    "decoder_sparse_step": 1,
    "vocab_size": 151936,
    "tie_word_embeddings": False,
}


def count_parameters(architecture: str, config: dict[str, object]) -> int:
    total = 0
    for tensor in expect_tensors(ARCHITECTURES[architecture], config).tensors:  # type: ignore[arg-type]
        elements = tensor.count if tensor.is_required else 0
        for dimension in tensor.shape or ():
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
        ("LlavaForConditionalGeneration", LLAVA_15_7B, 7_063_427_072),
        ("LlavaNextForConditionalGeneration", LLAVA_16_MISTRAL_7B, 7_566_747_648),
        ("InternVLChatModel", INTERNVL2_8B, 8_075_365_376),
        ("InternVLChatModel", INTERNVL3_8B, 7_944_373_760),
        ("InternVLForConditionalGeneration", INTERNVL3_8B_HF, 7_944_373_760),
        ("MixtralForCausalLM", MIXTRAL_8X7B, 46_702_792_704),
        ("Qwen3MoeForCausalLM", QWEN3_30B_A3B, 30_532_122_624),
        ("Qwen2MoeForCausalLM", QWEN15_MOE_A27B, 14_315_784_192),
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
        for tensor in expect_tensors(ARCHITECTURES["Qwen3ForCausalLM"], QWEN3_06B).tensors
    }

    assert not expected["lm_head.weight"].is_required
    assert expected["model.embed_tokens.weight"].is_required


def test_a_siglip_tower_has_no_class_embedding() -> None:
    config = {**LLAVA_15_7B, "vision_config": {"model_type": "siglip_vision_model"}}

    expected = expect_tensors(ARCHITECTURES["LlavaOnevisionForConditionalGeneration"], config)  # type: ignore[arg-type]

    shapes = {tensor.name: tensor.shape for tensor in expected.tensors}
    assert "vision_tower.embeddings.class_embedding" not in shapes
    # 224 ÷ 16 = 14 patches a side, 768 wide: the defaults of transformers' SiglipVisionConfig.
    assert shapes["vision_tower.embeddings.position_embedding.weight"] == (196, 768)
    assert shapes["image_newline"] == (4096,)


def test_a_language_model_that_is_not_known_is_said() -> None:
    config = {**LLAVA_15_7B, "text_config": {"model_type": "novel"}}

    expected = expect_tensors(ARCHITECTURES["LlavaForConditionalGeneration"], config)  # type: ignore[arg-type]

    assert expected.tensors == ()
    assert "model_type 'novel' is not known here" in expected.unknown[0]


def test_experts_in_only_some_layers_are_said_not_to_be_compared() -> None:
    config = {**QWEN3_30B_A3B, "mlp_only_layers": [0]}

    expected = expect_tensors(ARCHITECTURES["Qwen3MoeForCausalLM"], config)  # type: ignore[arg-type]

    assert not any("experts" in tensor.name for tensor in expected.tensors)
    assert "only some layers have experts" in expected.unknown[0]


def test_a_size_that_neither_config_nor_its_class_has_is_named() -> None:
    with pytest.raises(ValidationError, match="intermediate_size"):
        expect_tensors(ARCHITECTURES["InternLM2ForCausalLM"], {"hidden_size": 4096})
