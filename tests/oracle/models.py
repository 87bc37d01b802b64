"""The architectures whose layouts are taken from transformers, each in sizes small enough to build.

The sizes keep every module of a published model. Width, inner width and vocabulary are different
numbers, so that a mix-up is found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Model:
    """One layout to write: its file's name, and what to build."""

    name: str
    model_type: str
    architecture: str
    sizes: dict[str, Any] = field(default_factory=dict)


VOCABULARY = 320
TEXT: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "pad_token_id": None,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "tie_word_embeddings": False,
}
WIDE_HEADS = {**TEXT, "head_dim": 32}
MOE = {
    **WIDE_HEADS,
    "moe_intermediate_size": 160,
    "num_experts": 4,
    "num_experts_per_tok": 2,
}
TIED = {"tie_word_embeddings": True}
CLIP: dict[str, Any] = {
    "model_type": "clip_vision_model",
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 28,
    "patch_size": 14,
    "projection_dim": 40,
}
SIGLIP = {**CLIP, "model_type": "siglip_vision_model", "vision_use_head": False}
PIXTRAL = {
    "model_type": "pixtral",
    "hidden_size": 48,
    "intermediate_size": 80,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "image_size": 28,
    "patch_size": 14,
}
QWEN2_VISION = {
    "depth": 2, "embed_dim": 48, "hidden_size": 64, "num_heads": 4, "mlp_ratio": 2,
    "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2,
}  # fmt: skip
QWEN25_VISION = {
    "depth": 2, "hidden_size": 48, "intermediate_size": 80, "out_hidden_size": 64, "num_heads": 4,
    "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2,
    "fullatt_block_indexes": [1],
}  # fmt: skip
QWEN3_VISION = {
    "depth": 2, "hidden_size": 48, "intermediate_size": 80, "out_hidden_size": 64, "num_heads": 4,
    "patch_size": 16, "spatial_merge_size": 2, "temporal_patch_size": 2,
    "num_position_embeddings": 16, "deepstack_visual_indexes": [0, 1],
}  # fmt: skip
GLM_VISION = {
    "depth": 2, "hidden_size": 48, "intermediate_size": 80, "out_hidden_size": 64, "num_heads": 4,
    "patch_size": 14, "spatial_merge_size": 2, "temporal_patch_size": 2, "image_size": 28,
}  # fmt: skip
INTERNVL_VISION = {
    "hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 2, "num_attention_heads": 4,
    "image_size": [28, 28], "patch_size": [14, 14], "attention_bias": True,
}  # fmt: skip
MROPE = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]}
GLM_TEXT = {**TEXT, "rope_parameters": {**MROPE, "partial_rotary_factor": 1.0}}
DEEPSEEK = {
    **TEXT,
    "moe_intermediate_size": 160,
    "n_routed_experts": 4,
    "n_shared_experts": 1,
    "n_group": 2,
    "topk_group": 1,
    "num_experts_per_tok": 2,
    "first_k_dense_replace": 1,
    "kv_lora_rank": 16,
    "q_lora_rank": 24,
    "qk_nope_head_dim": 16,
    "qk_rope_head_dim": 8,
    "v_head_dim": 16,
    "num_key_value_heads": 4,
}
BERT = {
    "vocab_size": VOCABULARY, "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2,
    "num_attention_heads": 4, "max_position_embeddings": 64,
}  # fmt: skip

MODELS: tuple[Model, ...] = (
    Model("llama", "llama", "LlamaForCausalLM", TEXT),
    Model("llama-tied", "llama", "LlamaForCausalLM", {**TEXT, **TIED}),
    Model("mistral", "mistral", "MistralForCausalLM", WIDE_HEADS),
    Model("ministral3", "ministral3", "Ministral3ForCausalLM", WIDE_HEADS),
    Model("mixtral", "mixtral", "MixtralForCausalLM", {**TEXT, "num_local_experts": 4}),
    Model("qwen2", "qwen2", "Qwen2ForCausalLM", TEXT),
    Model("qwen2-tied", "qwen2", "Qwen2ForCausalLM", {**TEXT, **TIED}),
    Model(
        "qwen2_moe", "qwen2_moe", "Qwen2MoeForCausalLM",
        {**TEXT, "num_experts": 4, "moe_intermediate_size": 160,
         "shared_expert_intermediate_size": 224},
    ),
    Model("qwen3", "qwen3", "Qwen3ForCausalLM", WIDE_HEADS),
    Model("qwen3-tied", "qwen3", "Qwen3ForCausalLM", {**WIDE_HEADS, **TIED}),
    Model("qwen3-embedding", "qwen3", "Qwen3Model", WIDE_HEADS),
    Model("qwen3-reranker", "qwen3", "Qwen3ForSequenceClassification", WIDE_HEADS),
    Model("qwen3_moe", "qwen3_moe", "Qwen3MoeForCausalLM", MOE),
    Model("qwen3_moe-some-dense", "qwen3_moe", "Qwen3MoeForCausalLM",
          {**MOE, "mlp_only_layers": [0]}),
    Model("qwen3_next", "qwen3_next", "Qwen3NextForCausalLM",
          {**MOE, "shared_expert_intermediate_size": 224}),
    Model("gemma2", "gemma2", "Gemma2ForCausalLM", {**WIDE_HEADS, **TIED}),
    Model("gemma3-text", "gemma3_text", "Gemma3ForCausalLM", {**WIDE_HEADS, **TIED}),
    Model("phi3", "phi3", "Phi3ForCausalLM", TEXT),
    Model("gpt_oss", "gpt_oss", "GptOssForCausalLM", {**WIDE_HEADS, "num_local_experts": 4}),
    Model("deepseek_v3", "deepseek_v3", "DeepseekV3ForCausalLM", DEEPSEEK),
    Model("glm4", "glm4", "Glm4ForCausalLM", WIDE_HEADS),
    Model("olmo2", "olmo2", "Olmo2ForCausalLM", TEXT),
    Model("granite", "granite", "GraniteForCausalLM", {**TEXT, **TIED}),
    Model("falcon", "falcon", "FalconForCausalLM",
          {"vocab_size": VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2,
           "num_attention_heads": 4}),
    Model("cohere2", "cohere2", "Cohere2ForCausalLM", {**TEXT, **TIED}),
    Model("starcoder2", "starcoder2", "Starcoder2ForCausalLM", {**TEXT, **TIED}),
    Model("mamba2", "mamba2", "Mamba2ForCausalLM",
          {"vocab_size": VOCABULARY, "hidden_size": 64, "num_hidden_layers": 2, "head_dim": 16,
           "num_heads": 8, "expand": 2, "n_groups": 1, "state_size": 8}),
    Model("t5", "t5", "T5ForConditionalGeneration",
          {"vocab_size": VOCABULARY, "d_model": 64, "d_ff": 96, "d_kv": 16, "num_layers": 2,
           "num_heads": 4}),
    Model("llama4", "llama4", "Llama4ForConditionalGeneration",
          {"text_config": {**WIDE_HEADS, "num_local_experts": 4, "intermediate_size_mlp": 80},
           "vision_config": {"hidden_size": 48, "intermediate_size": 192, "num_hidden_layers": 2,
                             "num_attention_heads": 4, "image_size": 28, "patch_size": 14,
                             "vision_output_dim": 72, "projector_input_dim": 72,
                             "projector_output_dim": 72}}),
    Model("mllama", "mllama", "MllamaForConditionalGeneration",
          {"text_config": {**TEXT, "cross_attention_layers": [1]},
           "vision_config": {"hidden_size": 48, "intermediate_size": 80, "num_hidden_layers": 2,
                             "num_global_layers": 1, "attention_heads": 4, "image_size": 28,
                             "patch_size": 14, "vision_output_dim": 96, "max_num_tiles": 2,
                             "intermediate_layers_indices": [0],
                             "supported_aspect_ratios": [[1, 1], [1, 2]]}}),
    Model("gemma3", "gemma3", "Gemma3ForConditionalGeneration",
          {"text_config": {**WIDE_HEADS}, "vision_config": SIGLIP, "mm_tokens_per_image": 4}),
    Model("mistral3", "mistral3", "Mistral3ForConditionalGeneration",
          {"text_config": {**WIDE_HEADS, "model_type": "mistral"}, "vision_config": PIXTRAL,
           "spatial_merge_size": 2, "tie_word_embeddings": False}),
    Model("internvl", "internvl", "InternVLForConditionalGeneration",
          {"text_config": {**TEXT, "model_type": "qwen2"}, "vision_config": INTERNVL_VISION,
           "tie_word_embeddings": False}),
    Model("llava-clip", "llava", "LlavaForConditionalGeneration",
          {"text_config": {**TEXT, "model_type": "llama"}, "vision_config": CLIP,
           "tie_word_embeddings": False}),
    Model("llava-siglip", "llava", "LlavaForConditionalGeneration",
          {"text_config": {**TEXT, "model_type": "qwen2"}, "vision_config": SIGLIP,
           "tie_word_embeddings": False}),
    Model("llava-pixtral", "llava", "LlavaForConditionalGeneration",
          {"text_config": {**WIDE_HEADS, "model_type": "mistral"}, "vision_config": PIXTRAL,
           "tie_word_embeddings": False}),
    Model("llava_next", "llava_next", "LlavaNextForConditionalGeneration",
          {"text_config": {**TEXT, "model_type": "mistral"}, "vision_config": CLIP,
           "tie_word_embeddings": False}),
    Model("llava_onevision", "llava_onevision", "LlavaOnevisionForConditionalGeneration",
          {"text_config": {**TEXT, "model_type": "qwen2"}, "vision_config": SIGLIP,
           "tie_word_embeddings": False}),
    Model("paligemma", "paligemma", "PaliGemmaForConditionalGeneration",
          {"text_config": {**WIDE_HEADS, "model_type": "gemma2", **TIED},
           "vision_config": {**SIGLIP, "projection_dim": 64}, "projection_dim": 64}),
    Model("qwen2_vl", "qwen2_vl", "Qwen2VLForConditionalGeneration",
          {"text_config": {**TEXT, "rope_parameters": MROPE}, "vision_config": QWEN2_VISION,
           "tie_word_embeddings": False}),
    Model("qwen2_5_vl", "qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration",
          {"text_config": {**TEXT, "rope_parameters": MROPE}, "vision_config": QWEN25_VISION,
           "tie_word_embeddings": False}),
    Model("qwen2_5_vl-tied", "qwen2_5_vl", "Qwen2_5_VLForConditionalGeneration",
          {"text_config": {**TEXT, **TIED, "rope_parameters": MROPE},
           "vision_config": QWEN25_VISION, **TIED}),
    Model("qwen3_vl", "qwen3_vl", "Qwen3VLForConditionalGeneration",
          {"text_config": {**WIDE_HEADS, "rope_parameters": MROPE}, "vision_config": QWEN3_VISION,
           "tie_word_embeddings": False}),
    Model("qwen3_vl_moe", "qwen3_vl_moe", "Qwen3VLMoeForConditionalGeneration",
          {"text_config": {**MOE, "rope_parameters": MROPE}, "vision_config": QWEN3_VISION,
           "tie_word_embeddings": False}),
    Model("glm4v", "glm4v", "Glm4vForConditionalGeneration",
          {"text_config": GLM_TEXT, "vision_config": GLM_VISION, "tie_word_embeddings": False}),
    Model("glm4v_moe", "glm4v_moe", "Glm4vMoeForConditionalGeneration",
          {"text_config": {**GLM_TEXT, "moe_intermediate_size": 160, "n_routed_experts": 4,
                           "n_shared_experts": 1, "num_experts_per_tok": 2,
                           "first_k_dense_replace": 1},
           "vision_config": GLM_VISION, "tie_word_embeddings": False}),
    Model("idefics3", "idefics3", "Idefics3ForConditionalGeneration",
          {"text_config": {**TEXT, "model_type": "llama"},
           "vision_config": {**CLIP, "model_type": "idefics3_vision"}, "scale_factor": 2,
           "tie_word_embeddings": False}),
    Model("smolvlm", "smolvlm", "SmolVLMForConditionalGeneration",
          {"text_config": {**TEXT, "model_type": "llama"},
           "vision_config": {**CLIP, "model_type": "smolvlm_vision"}, "scale_factor": 2,
           "tie_word_embeddings": False}),
    Model("blip_2", "blip-2", "Blip2ForConditionalGeneration",
          {"text_config": {"model_type": "opt", "vocab_size": VOCABULARY, "hidden_size": 64,
                           "ffn_dim": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
                           "word_embed_proj_dim": 64, "max_position_embeddings": 64},
           "vision_config": {**CLIP, "model_type": "blip_2_vision_model"},
           "qformer_config": {**BERT, "encoder_hidden_size": 48}, "num_query_tokens": 4}),
    Model("phi4_multimodal", "phi4_multimodal", "Phi4MultimodalForCausalLM",
          {**TEXT, "vision_config": {"hidden_size": 48, "intermediate_size": 80,
                                     "num_hidden_layers": 2, "num_attention_heads": 4,
                                     "crop_size": 28, "patch_size": 14},
           "audio_config": {"hidden_size": 32, "intermediate_size": 48, "num_blocks": 1,
                            "num_attention_heads": 4, "ext_pw_out_channel": 32,
                            "nemo_conv_channels": 32, "input_size": 80}}),
    Model("clip", "clip", "CLIPModel",
          {"text_config": {"vocab_size": VOCABULARY, "hidden_size": 64, "intermediate_size": 96,
                           "num_hidden_layers": 2, "num_attention_heads": 4,
                           "projection_dim": 40},
           "vision_config": CLIP, "projection_dim": 40}),
    Model("siglip", "siglip", "SiglipModel",
          {"text_config": {"vocab_size": VOCABULARY, "hidden_size": 48, "intermediate_size": 80,
                           "num_hidden_layers": 2, "num_attention_heads": 4},
           "vision_config": {**CLIP, "model_type": "siglip_vision_model"}}),
    Model("bert-embedding", "bert", "BertModel", BERT),
    Model("xlm_roberta-embedding", "xlm-roberta", "XLMRobertaModel", BERT),
    Model("bge-reranker", "xlm-roberta", "XLMRobertaForSequenceClassification", BERT),
    Model("modernbert-reranker", "modernbert", "ModernBertForSequenceClassification",
          {**BERT, "pad_token_id": 0, "cls_token_id": 1, "sep_token_id": 2}),
    Model("whisper", "whisper", "WhisperForConditionalGeneration",
          {"vocab_size": VOCABULARY, "d_model": 64, "encoder_layers": 2, "decoder_layers": 2,
           "encoder_attention_heads": 4, "decoder_attention_heads": 4, "encoder_ffn_dim": 96,
           "decoder_ffn_dim": 96, "max_source_positions": 32, "max_target_positions": 32,
           "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
           "decoder_start_token_id": 1}),
)  # fmt: skip
