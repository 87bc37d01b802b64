"""What well-known model repositories hold, by name, as of 2024 and 2025."""

from __future__ import annotations

HF = ".gitattributes README.md config.json generation_config.json tokenizer_config.json"
SHARDS = (
    "model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json"
)
FAST = "special_tokens_map.json tokenizer.json"
BPE = "merges.txt vocab.json tokenizer.json"
VISION = "preprocessor_config.json processor_config.json"

# They load without trust_remote_code, and hold no pickles.
SOUND = {
    "meta-llama/Llama-3.1-8B-Instruct": f"{HF} {SHARDS} {FAST} LICENSE USE_POLICY.md original/params.json"
    " original/tokenizer.model original/consolidated.00.pth",
    "Qwen/Qwen2.5-VL-7B-Instruct": f"{HF} {SHARDS} {BPE} chat_template.json preprocessor_config.json",
    "Qwen/Qwen3-VL-8B-Instruct": f"{HF} {SHARDS} {BPE} {VISION} video_preprocessor_config.json",
    "Qwen/Qwen3-8B": f"{HF} {SHARDS} {BPE} LICENSE",
    "Qwen/Qwen2.5-7B-Instruct-AWQ": f"{HF} {SHARDS} {BPE} LICENSE",
    "Qwen/Qwen3-Embedding-8B": f"{HF} {SHARDS} {BPE} 1_Pooling/config.json modules.json"
    " config_sentence_transformers.json",
    "mistralai/Mistral-7B-Instruct-v0.3": f"{HF} {SHARDS} {FAST} consolidated.safetensors params.json"
    " tokenizer.model tokenizer.model.v3",
    "mistralai/Mistral-Small-3.2-24B-Instruct-2506": f"{HF} {SHARDS} consolidated.safetensors params.json"
    " tekken.json SYSTEM_PROMPT.txt",
    "mistralai/Pixtral-12B-2409": "README.md consolidated.safetensors params.json tekken.json",
    "google/gemma-3-4b-it": f"{HF} {SHARDS} {FAST} {VISION} added_tokens.json chat_template.json"
    " tokenizer.model",
    "google/paligemma2-3b-pt-224": f"{HF} {SHARDS} {FAST} {VISION} added_tokens.json tokenizer.model",
    "openai/gpt-oss-20b": f"{HF} {SHARDS} {FAST} LICENSE USAGE_POLICY chat_template.jinja"
    " original/config.json original/dtypes.json original/model.safetensors metal/model.bin",
    "openai/whisper-tiny": f"{HF} {BPE} model.safetensors added_tokens.json flax_model.msgpack"
    " normalizer.json preprocessor_config.json special_tokens_map.json",
    "intfloat/multilingual-e5-large-instruct": f"{HF} {FAST} model.safetensors 1_Pooling/config.json"
    " modules.json sentence_xlm-roberta_config.json sentencepiece.bpe.model"
    " config_sentence_transformers.json onnx/config.json onnx/model.onnx onnx/model.onnx_data"
    " onnx/sentencepiece.bpe.model",
    "bartowski/Meta-Llama-3.1-8B-Instruct-GGUF": ".gitattributes README.md"
    " Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf Meta-Llama-3.1-8B-Instruct.imatrix",
    "TheBloke/Llama-2-7B-Chat-GPTQ": f"{HF} {FAST} model.safetensors quantize_config.json LICENSE.txt"
    " Notice USE_POLICY.md tokenizer.model",
    "a LoRA adapter": "README.md adapter_config.json adapter_model.safetensors",
    "stabilityai/stable-diffusion-xl-base-1.0": ".gitattributes LICENSE.md README.md 01.png pipeline.png"
    " model_index.json sd_xl_base_1.0.safetensors scheduler/scheduler_config.json"
    " text_encoder/config.json text_encoder/model.safetensors text_encoder/flax_model.msgpack"
    " text_encoder/model.onnx text_encoder/openvino_model.xml text_encoder/openvino_model.bin"
    " tokenizer/merges.txt tokenizer/special_tokens_map.json tokenizer/tokenizer_config.json"
    " tokenizer/vocab.json unet/config.json unet/diffusion_pytorch_model.fp16.safetensors"
    " unet/model.onnx unet/model.onnx_data vae/config.json vae/diffusion_pytorch_model.safetensors",
    "black-forest-labs/FLUX.1-schnell": "README.md ae.safetensors flux1-schnell.safetensors"
    " schnell_grid.jpeg model_index.json transformer/config.json text_encoder_2/config.json"
    " transformer/diffusion_pytorch_model-00001-of-00003.safetensors tokenizer_2/spiece.model"
    " transformer/diffusion_pytorch_model.safetensors.index.json scheduler/scheduler_config.json",
    "timm/vit_small_patch16_224": ".gitattributes README.md config.json model.safetensors",
    "google/siglip-so400m-patch14-384": f"{HF} {FAST} model.safetensors spiece.model"
    " preprocessor_config.json",
    "llava-hf/llava-1.5-7b-hf": f"{HF} {SHARDS} {FAST} {VISION} added_tokens.json chat_template.json"
    " chat_template.jinja tokenizer.model",
    "HuggingFaceTB/SmolVLM-Instruct": f"{HF} {BPE} {VISION} model.safetensors added_tokens.json"
    " chat_template.json mixture_the_cauldron.png smolvlm-data.pdf SmolVLM.png"
    " onnx/decoder_model_merged_q4f16.onnx onnx/embed_tokens.onnx_data",
    "state-spaces/mamba-2.8b-hf": f"{HF} {SHARDS} {FAST}",
    "ai21labs/AI21-Jamba-1.5-Mini": f"{HF} {SHARDS} {FAST} tokenizer.model",
    "CohereForAI/aya-vision-8b": f"{HF} {SHARDS} {FAST} preprocessor_config.json processor_config.json"
    " chat_template.jinja aya-vision-8B.png aya-fig1.png",
    "tiiuae/Falcon3-7B-Instruct": f"{HF} {SHARDS} {FAST} LICENSE",
    "bigcode/starcoder2-7b": f"{HF} {SHARDS} {BPE} special_tokens_map.json",
    "Systran/faster-whisper-large-v3": "README.md config.json model.bin preprocessor_config.json"
    " tokenizer.json vocabulary.json",
    "suno/bark-small": f"{HF} model.safetensors vocab.txt speaker_embeddings_path.json"
    " speaker_embeddings/v2/en_speaker_0_coarse_prompt.npy",
    "RedHatAI/Llama-3.3-70B-Instruct-quantized.w8a8": f"{HF} {SHARDS} {FAST} recipe.yaml",
    "a Triton repository with ONNX": "m/config.pbtxt m/1/model.onnx m/labels.txt",
    "LMI with its settings": f"{HF} {SHARDS} {FAST} serving.properties",
    "a download by hf": f"{HF} {SHARDS} .cache/huggingface/.gitignore .cache/huggingface/CACHEDIR.TAG"
    " .cache/huggingface/download/config.json.metadata .cache/huggingface/download/config.json.lock",
    "a folder packed on macOS": f"{HF} model.safetensors ._config.json ._README.md .DS_Store ._merges",
    "openai-community/gpt2 without pickles": f"{HF} {BPE} model.safetensors 64-8bits.tflite 64.tflite"
    " flax_model.msgpack onnx/config.json onnx/decoder_model_merged.onnx onnx/merges.txt",
    "a Core ML package beside the model": f"{HF} {BPE} model.safetensors"
    " coreml/f.mlpackage/Manifest.json coreml/f.mlpackage/Data/com.apple.CoreML/model.mlmodel",
    "unsloth/gemma-3-12b-it-GGUF": "README.md config.json gemma-3-12b-it-Q4_K_M.gguf mmproj-BF16.gguf"
    " params template imatrix_unsloth.dat",
    "a GGUF with Ollama's settings": "README.md Modelfile model.gguf SHA256SUMS model.gguf.sha256",
    "turboderp/Llama-3.1-8B-Instruct-exl2": f"{HF} {FAST} output-00001-of-00002.safetensors"
    " output-00002-of-00002.safetensors measurement.json model.safetensors.index.json",
    "lightonai/GTE-ModernColBERT-v1": f"{HF} {FAST} model.safetensors 1_Dense/config.json"
    " 1_Dense/model.safetensors config_sentence_transformers.json modules.json sentence_bert_config.json",
    "BAAI/bge-reranker-v2-m3": f"{HF} {FAST} model.safetensors sentencepiece.bpe.model assets/bge.png",
    "mistralai/Voxtral-Mini-3B-2507": f"{HF} {SHARDS} consolidated.safetensors params.json tekken.json"
    " preprocessor_config.json",
    "ibm-granite/granite-speech-3.3-8b": f"{HF} {SHARDS} {BPE} adapter_config.json"
    " adapter_model.safetensors chat_template.jinja multilingual_sample.wav",
    "nvidia/Llama-3.1-8B-Instruct-FP4": f"{HF} {SHARDS} {FAST} hf_quant_config.json bias.md safety.md"
    " explainability.md privacy.md accuracy_chart.svg LICENSE",
    "facebook/sam2.1-hiera-large without its pickle": "README.md config.json model.safetensors"
    " preprocessor_config.json processor_config.json sam2.1_hiera_l.yaml",
    "facebook/mms-1b-all without pickles": f"{HF} model.safetensors adapter.eng.safetensors vocab.json",
    "laion/CLIP-ViT-B-32": "README.md open_clip_config.json open_clip_model.safetensors merges.txt"
    " vocab.json tokenizer.json",
    "vinai/phobert-base": f"{HF} model.safetensors bpe.codes vocab.txt",
    "mlc-ai/Qwen3-8B-q4f16_1-MLC": "README.md mlc-chat-config.json tensor-cache.json tokenizer.json",
    "a model with its papers": f"{HF} {SHARDS} CITATION CITATION.bib CONTRIBUTORS COPYRIGHT MODEL_CARD.md"
    " DISCLAIMER THIRD_PARTY_NOTICES.md Responsible-Use-Guide.pdf",
    "logs of a training without its state": f"{HF} {SHARDS} trainer_state.json train_results.json"
    " all_results.json runs/Jan01_host/events.out.tfevents.1700000000.host.1.0 training_loss.png",
}

# What is refused in them, by the code of the reason.
REFUSED = {
    "microsoft/Phi-4-multimodal-instruct": (
        (
            f"{HF} {SHARDS} {BPE} {VISION} CODE_OF_CONDUCT.md SECURITY.md SUPPORT.md figures/audio.png"
            " examples/what_is_shown_in_this_image.wav phi_4_mm.tech_report.02252025.pdf"
            " speech-lora/adapter_config.json speech-lora/adapter_model.safetensors"
        ),
        {"model.remote-code": "configuration_phi4mm.py modeling_phi4mm.py processing_phi4mm.py"},
    ),
    "deepseek-ai/DeepSeek-V3": (
        (
            f"{HF} {SHARDS} tokenizer.json LICENSE-CODE LICENSE-MODEL README_WEIGHTS.md"
            " figures/benchmark.png inference/configs/config_671B.json"
        ),
        {
            "model.remote-code": "configuration_deepseek.py modeling_deepseek.py"
            " inference/generate.py inference/requirements.txt"
        },
    ),
    "OpenGVLab/InternVL2_5-8B": (
        (
            f"{HF} {SHARDS} tokenizer.model added_tokens.json preprocessor_config.json"
            " examples/image1.jpg examples/red-panda.mp4"
        ),
        {
            "model.remote-code": "conversation.py modeling_internvl_chat.py tokenization_internlm2.py"
        },
    ),
    "openbmb/MiniCPM-V-2_6": (
        f"{HF} {SHARDS} {BPE} added_tokens.json preprocessor_config.json",
        {"model.remote-code": "configuration_minicpm.py modeling_minicpmv.py resampler.py"},
    ),
    "allenai/Molmo-7B-D-0924": (
        f"{HF} {SHARDS} {BPE} {VISION} molmo_logo.png",
        {"model.remote-code": "config_molmo.py modeling_molmo.py image_preprocessing_molmo.py"},
    ),
    "tiiuae/falcon-7b": (
        f"{HF} {SHARDS} {FAST}",
        {
            "model.remote-code": "configuration_falcon.py handler.py modeling_falcon.py",
            "model.pickle-weights": "pytorch_model-00001-of-00002.bin",
        },
    ),
    "openai/clip-vit-large-patch14": (
        f"{HF} {BPE} model.safetensors flax_model.msgpack preprocessor_config.json",
        {"model.remote-code": "tf_model.h5", "model.pickle-weights": "pytorch_model.bin"},
    ),
    "sentence-transformers/all-MiniLM-L6-v2": (
        (
            f"{HF} {FAST} model.safetensors 1_Pooling/config.json data_config.json modules.json vocab.txt"
            " sentence_bert_config.json onnx/model_qint8_avx512.onnx openvino/openvino_model.xml"
            " openvino/openvino_model_qint8_quantized.bin"
        ),
        {
            "model.remote-code": "tf_model.h5 train_script.py",
            "model.pickle-weights": "pytorch_model.bin rust_model.ot",
        },
    ),
    "BAAI/bge-m3": (
        (
            f"{HF} {FAST} model.safetensors sentencepiece.bpe.model imgs/bm25.jpg long.jpg"
            " onnx/model.onnx_data"
        ),
        {
            "model.pickle-weights": "colbert_linear.pt sparse_linear.pt pytorch_model.bin",
            "model.unknown-file": "onnx/Constant_7_attr__value",
        },
    ),
    "Helsinki-NLP/opus-mt-tc-big-en-pt": (
        f"{HF} model.safetensors source.spm target.spm vocab.json benchmark_results.txt",
        {"model.pickle-weights": "pytorch_model.bin benchmark_translations.zip"},
    ),
    "a training's checkpoint": (
        f"{HF} {SHARDS} {FAST} trainer_state.json latest",
        {
            "model.pickle-weights": "optimizer.pt rng_state_0.pth scheduler.pt training_args.bin"
            " global_step1/zero_pp_rank_0_mp_rank_00_optim_states.pt",
            "model.remote-code": "zero_to_fp32.py",
        },
    ),
}
