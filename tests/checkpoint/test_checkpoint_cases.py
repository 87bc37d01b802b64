"""Published forms of checkpoints that an earlier check judged wrongly: each with the right verdict.

Each case names its source. The folders are small, built from the layouts that transformers saves.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from switchover.checkpoint.contents import Allowed
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import StoredFile, read_evidence
from switchover_local.layouts import Headers, Layout, load_layouts, rename, write_headers
from switchover_local.quantizers import quantize

if TYPE_CHECKING:
    from switchover.checkpoint.findings import Inspection

LAYOUTS = load_layouts()
LLAMA = LAYOUTS["llama"]
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n"


def inspect(layout: Layout, **beside: bytes) -> Inspection:
    """Look at a layout; `beside` are files of any content, with `__` for a dot and `___` for '/'."""
    extra = {name.replace("___", "/").replace("__", "."): raw for name, raw in beside.items()}
    return inspect_files(add(write_headers(layout), extra))


def add(headers: Headers, extra: dict[str, bytes]) -> Headers:
    sizes = {path: len(content) for path, content in extra.items()}
    return Headers({**headers.sizes, **sizes}, {**headers.contents, **extra})


def inspect_files(headers: Headers) -> Inspection:
    stored = [StoredFile(path, size) for path, size in headers.sizes.items()]
    return inspect_model(read_evidence(stored, headers))


def without(layout: Layout, *paths: str) -> Layout:
    kept = {path: content for path, content in layout.companions.items() if path not in paths}
    return replace(layout, companions=kept)


def codes(inspection: Inspection) -> tuple[set[str], set[str]]:
    """The codes of the reasons, and those of the warnings."""
    return (
        {reason.code for reason in inspection.reasons},
        {reason.code for reason in inspection.warnings},
    )


SOUND: set[str] = set()


@pytest.mark.parametrize(
    ("layout", "form"),
    [
        # vllm-project/llm-compressor#1583
        ("qwen2_5_vl", "compressed-tensors nvfp4"),
        # vllm-project/compressed-tensors#52, #40
        ("llama", "compressed-tensors w8a16 by row"),
        # NVIDIA/Model-Optimizer#261
        ("llama", "modelopt nvfp4"),
    ],
)
def test_a_quantized_form_of_the_field_is_sound(layout: str, form: str) -> None:
    assert codes(inspect(quantize(LAYOUTS[layout], form))) == (SOUND, SOUND)


@pytest.mark.parametrize(
    ("storage", "warnings"),
    [("bfloat16", {"model.quantization-unserved"}), ("uint8", SOUND), (None, SOUND)],
)
def test_four_bits_stored_as_wider_numbers_load_but_not_in_vllm(
    storage: str | None, warnings: set[str]
) -> None:
    """bitsandbytes-foundation/bitsandbytes#1295."""
    form = "bitsandbytes nf4 in bf16" if storage == "bfloat16" else "bitsandbytes nf4"
    layout = quantize(LLAMA, form)
    said = {**layout.config["quantization_config"], "bnb_4bit_quant_storage": storage}

    assert codes(inspect(layout.with_config(quantization_config=said))) == (SOUND, warnings)


def test_an_embedding_model_with_flat_names_and_no_head_is_sound() -> None:
    """QwenLM/Qwen3-Embedding#1: the config says Qwen3ForCausalLM, untied."""
    layout = LAYOUTS["qwen3-embedding"].with_config(architectures=["Qwen3ForCausalLM"])

    assert codes(inspect(layout, modules__json=b"[]")) == (SOUND, SOUND)


def test_an_embedding_model_needs_no_head_under_full_names_either() -> None:
    rest = {name: shape for name, shape in LLAMA.tensors.items() if name != "lm_head.weight"}

    assert codes(inspect(replace(LLAMA, tensors=rest), modules__json=b"[]")) == (SOUND, SOUND)


def test_flat_names_that_lack_a_tensor_are_still_found() -> None:
    layout = LAYOUTS["qwen3-embedding"].with_config(architectures=["Qwen3ForCausalLM"])
    rest = {name: shape for name, shape in layout.tensors.items() if name != "norm.weight"}

    (reason,) = inspect(replace(layout, tensors=rest)).reasons

    assert (reason.code, reason.subject) == ("model.tensor-missing", "model.norm.weight")


def test_mistrals_own_layout_needs_no_config_json() -> None:
    """deepjavalibrary/djl-serving#2714: Pixtral is published in this layout alone."""
    files = {
        "params.json": b'{"dim": 64, "n_layers": 2}',
        "tekken.json": b'{"config": {}, "vocab": []}',
        "consolidated.safetensors": write_headers(LLAMA).contents["model.safetensors"],
    }
    sizes = {
        **{path: len(content) for path, content in files.items()},
        "consolidated.safetensors": write_headers(LLAMA).sizes["model.safetensors"],
    }

    inspection = inspect_files(Headers(sizes, files))

    assert codes(inspection) == (SOUND, SOUND)
    assert inspection.unchecked == ("How the weights fit together: this is Mistral's own layout.",)


def test_mistrals_own_layout_in_several_files_is_sound() -> None:
    shards = write_headers(replace(LLAMA, shards=2))
    files = {
        path.replace("model-", "consolidated-"): content
        for path, content in shards.contents.items()
    }
    sizes = {path.replace("model-", "consolidated-"): size for path, size in shards.sizes.items()}
    for path in ("config.json", "model.safetensors.index.json"):
        del files[path], sizes[path]
    headers = add(Headers(sizes, files), {"params.json": b"{}", "tekken.json": b"{}"})

    assert codes(inspect_files(headers)) == (SOUND, SOUND)


def test_tekken_stands_for_image_processor_and_template() -> None:
    """hiyouga/LlamaFactory#8709: Mistral-Small-3.2 has neither, and vLLM serves it."""
    layout = without(
        LAYOUTS["mistral3"], "preprocessor_config.json", "tokenizer_config.json", "tokenizer.json"
    )

    assert codes(inspect(layout, tekken__json=b"{}", params__json=b"{}")) == (SOUND, SOUND)


def test_what_transformers_would_miss_is_a_warning_where_mistrals_own_layout_lies_beside() -> None:
    rest = {name: shape for name, shape in LLAMA.tensors.items() if name != "model.norm.weight"}
    shard = write_headers(LLAMA).contents["model.safetensors"]
    beside = {"params__json": b"{}", "tekken__json": b"{}", "consolidated__safetensors": shard[:99]}

    _, warnings = codes(inspect(replace(LLAMA, tensors=rest), **beside))

    assert warnings == {"model.tensor-missing"}


@pytest.mark.parametrize("name", ["tiktoken.model", "qwen.tiktoken", "tokenizer.model.v3", "x.spm"])
def test_a_vocabulary_of_another_kind_is_a_tokenizer(name: str) -> None:
    """vllm-project/vllm#17234: Kimi-VL ships tiktoken.model."""
    headers = add(write_headers(without(LLAMA, "tokenizer.json")), {name: b"IQ== 0\n"})

    assert codes(inspect_files(headers)) == (SOUND, SOUND)


@pytest.mark.parametrize(
    "said", [{"tokenizer_class": "ByT5Tokenizer"}, {"auto_map": {"AutoTokenizer": ["a.B", None]}}]
)
def test_a_tokenizer_without_a_vocabulary_file_is_one(said: dict[str, Any]) -> None:
    companions = {"tokenizer_config.json": {**said, "chat_template": "x"}}

    reasons, _ = codes(inspect(replace(LLAMA, companions=companions)))

    assert "model.no-tokenizer" not in reasons


@pytest.mark.parametrize("name", ["llama", "qwen2_5_vl", "gpt_oss", "internvl"])
def test_a_chat_model_without_a_template_is_warned_of(name: str) -> None:
    """vllm-project/vllm#29849 (chat fails); #33642 (vLLM has a template of its own)."""
    inspection = inspect(without(LAYOUTS[name], "tokenizer_config.json"))

    assert codes(inspection) == (SOUND, {"model.no-chat-template"})
    assert "unless the server has a template" in inspection.warnings[0].message


@pytest.mark.parametrize("name", ["bert-embedding", "bge-reranker", "clip", "whisper", "t5"])
def test_what_doesnt_chat_needs_no_template(name: str) -> None:
    assert codes(inspect(without(LAYOUTS[name], "tokenizer_config.json"))) == (SOUND, SOUND)


def test_an_unknown_vision_model_without_an_image_processor_is_warned_of() -> None:
    layout = without(LAYOUTS["idefics3"], "preprocessor_config.json")

    assert codes(inspect(layout)) == (SOUND, {"model.no-preprocessor"})


def test_an_index_with_a_wrong_total_and_a_draft_that_is_not_there_is_warned_of() -> None:
    """exo-explore/exo#1956; no loader reads either."""
    headers = write_headers(replace(LLAMA, shards=2))
    index = headers.contents["model.safetensors.index.json"]
    index = index.replace(b'"metadata": {}', b'"metadata": {"total_size": 5}').replace(
        b'"weight_map": {', b'"weight_map": {"mtp.0.weight": "model-00001-of-00002.safetensors", '
    )

    inspection = inspect_files(add(headers, {"model.safetensors.index.json": index}))

    assert codes(inspection) == (SOUND, {"model.index-disagrees"})
    assert ["mtp.0" in r.message for r in inspection.warnings] == [True, False]


def test_weights_in_a_format_that_no_server_loads_are_named_as_not_needed() -> None:
    """openai/gpt-oss#63: metal/ and original/ double the download."""
    inspection = inspect(LAYOUTS["gpt_oss"], original___config__json=b"{}", metal___a__json=b"{}")

    assert codes(inspection) == (SOUND, {"model.leftover"})
    assert inspection.warnings[0].subject == "metal/, original/"


@pytest.mark.parametrize(
    ("top", "nested", "is_tied"),
    [(True, False, True), (False, True, True), (False, False, False), (None, False, False)],
)
def test_either_place_may_tie_the_head_to_the_embedding(
    *, top: bool | None, nested: bool, is_tied: bool
) -> None:
    layout = LAYOUTS["llava-clip"]
    rest = {name: shape for name, shape in layout.tensors.items() if "lm_head" not in name}
    text = {**layout.config["text_config"], "tie_word_embeddings": nested}
    layout = replace(layout, tensors=rest).with_config(text_config=text, tie_word_embeddings=top)

    assert (inspect(layout).reasons == ()) is is_tied


def test_a_missing_head_is_found_where_the_config_class_ties_nothing() -> None:
    config = {key: value for key, value in LLAMA.config.items() if key != "tie_word_embeddings"}
    rest = {name: shape for name, shape in LLAMA.tensors.items() if name != "lm_head.weight"}

    (reason,) = inspect(replace(LLAMA, config=config, tensors=rest)).reasons

    assert (reason.code, reason.subject) == ("model.tensor-missing", "lm_head.weight")


@pytest.mark.parametrize(
    "config", [{"pretrained_config": {"architecture": "LlamaForCausalLM"}}, {"architecture": "vit"}]
)
def test_a_config_of_another_library_is_not_compared(config: dict[str, Any]) -> None:
    """TensorRT-LLM writes the first beside its engines, timm the second."""
    inspection = inspect(replace(LLAMA, config=config))

    assert codes(inspection) == (SOUND, SOUND)
    assert "isn't a Hugging Face transformers config" in inspection.unchecked[0]


def test_a_tower_that_is_not_known_is_not_compared() -> None:
    layout = rename(LAYOUTS["llava-clip"], "vision_tower.", "vision_tower.strange.")
    vision = {**layout.config["vision_config"], "model_type": "strange"}

    inspection = inspect(layout.with_config(vision_config=vision))

    assert codes(inspection) == (SOUND, SOUND)
    assert inspection.unchecked == ("config.json: the tensors of the vision tower 'strange'.",)


@pytest.mark.parametrize(
    "said",
    [
        {"quant_method": "gptq", "bits": 4, "dynamic": {"-:.*lm_head": {}}},
        {"quant_method": "awq", "bits": 4, "version": "gemv"},
        {"quant_method": "compressed-tensors", "format": "marlin-24", "config_groups": {"a": {}}},
        {"quant_method": "compressed-tensors", "config_groups": {"a": {}, "b": {}}},
        {"quant_method": "compressed-tensors"},
        {"quant_method": "gptq", "bits": 4, "is_marlin_format": True},
        {
            "quant_method": "compressed-tensors",
            "format": "pack-quantized",
            "config_groups": {"a": {"weights": {"num_bits": 4}}},
            "sparsity_config": {"format": "sparse-24-bitmask"},
        },
        {"quant_method": "modelopt", "quant_algo": "W4A8_AWQ"},
        {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_storage": "int4"},
        {"quant_method": "torchao"},
        {"quant_method": ["a", "list"]},
    ],
)
def test_a_quantization_that_is_not_known_is_never_called_wrong(said: dict[str, Any]) -> None:
    inspection = inspect(
        quantize(LLAMA, "a method of tomorrow").with_config(quantization_config=said)
    )

    assert codes(inspection) == (SOUND, SOUND)
    assert "that" in inspection.unchecked[0]
    assert "quantized" in inspection.unchecked[0]


CHATML = "{{ '<|im_start|>' + messages[0].content }}"


def add_token(layout: Layout, token: dict[str, Any], **config: object) -> Layout:
    """The layout with one more token, and a chat template that writes ChatML's."""
    tokenizer = {**layout.companions["tokenizer.json"], "added_tokens": [token]}
    beside = {
        "tokenizer.json": tokenizer,
        "tokenizer_config.json": {"chat_template": CHATML, **config},
    }
    return replace(layout, companions={**layout.companions, **beside})


@pytest.mark.parametrize(
    ("layout", "token", "reasons", "warnings"),
    [
        # A token that chat uses, beyond a vocabulary that was never resized.
        ("llama", {"id": 320, "content": "<|im_start|>"}, {"model.tokenizer-disagrees"}, SOUND),
        ("llama", {"id": 9999, "content": "</s>"}, {"model.tokenizer-disagrees"}, SOUND),
        # meta-llama/Llama-2: <pad> is id 32000 of 32000; google/gemma-3-1b-it: 262144 of 262144.
        ("llama", {"id": 320, "content": "<pad>"}, SOUND, {"model.tokenizer-disagrees"}),
        ("gemma3-text", {"id": 320, "content": "<image_soft_token>"}, SOUND,
         {"model.tokenizer-disagrees"}),
        ("llama", {"id": 319, "content": "<|im_start|>"}, SOUND, SOUND),
        # vllm, v1/engine/input_processor.py: placeholders of images may lie beyond the embedding.
        ("mllama", {"id": 400, "content": "<|im_start|>"}, SOUND, {"model.tokenizer-disagrees"}),
        ("mllama", {"id": 322, "content": "<|image|>"}, SOUND, SOUND),
        ("llama", {"id": "320", "content": ["x"]}, SOUND, SOUND),
    ],
)  # fmt: skip
def test_added_tokens_are_held_against_the_embedding(
    layout: str, token: dict[str, Any], reasons: set[str], warnings: set[str]
) -> None:
    changed = add_token(LAYOUTS[layout], token, eos_token={"content": "</s>"})

    assert codes(inspect(changed)) == (reasons, warnings)


def test_a_token_that_the_vocabulary_also_lists_counts_as_added() -> None:
    layout = add_token(LAYOUTS["gemma3-text"], {"id": 320, "content": "<image_soft_token>"})
    layout.companions["tokenizer.json"]["model"]["vocab"]["<image_soft_token>"] = 320

    assert codes(inspect(layout)) == (SOUND, {"model.tokenizer-disagrees"})


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("added_tokens.json", {"<|im_start|>": 500}),
        ("tokenizer_config.json", {"added_tokens_decoder": {"500": {"content": "<|im_start|>"}}}),
    ],
)
def test_added_tokens_are_read_from_each_file(path: str, content: dict[str, Any]) -> None:
    changed = replace(LLAMA, companions={**LLAMA.companions, path: content})

    reasons, _ = codes(inspect(changed, chat_template__jinja=CHATML.encode()))

    assert reasons == {"model.tokenizer-disagrees"}


def test_a_gguf_file_holds_its_own_tokenizer() -> None:
    headers = add(write_headers(without(LLAMA, "tokenizer.json")), {"model.gguf": b"GGUF"})

    assert "model.no-tokenizer" not in codes(inspect_files(headers))[0]


@pytest.mark.parametrize(
    "change", [{"eos_token_id": 99999}, {"image_token_id": 320}, {"eos_token_id": [2, 320]}]
)
def test_an_id_in_config_beyond_the_vocabulary_is_warned_of(change: dict[str, Any]) -> None:
    inspection = inspect(LAYOUTS["qwen2_5_vl"].with_config(**change))

    assert codes(inspection) == (SOUND, {"model.tokenizer-disagrees"})
    assert next(iter(change)) in inspection.warnings[0].subject


@pytest.mark.parametrize("content", [LFS, b"", b"\n"])
def test_a_hollow_vocabulary_is_refused_unless_another_is_read(content: bytes) -> None:
    alone = inspect(without(LLAMA, "tokenizer.json"), tokenizer__model=content)
    beside = inspect(LLAMA, tokenizer__model=content)

    assert {*codes(alone)[0]} <= {"model.lfs-pointer", "model.tokenizer-invalid"}
    assert (alone.reasons, beside.reasons) != ((), ())
    assert alone.reasons == beside.warnings


@pytest.mark.parametrize(
    ("template", "reasons", "warnings"),
    [
        (LFS, {"model.lfs-pointer"}, SOUND),
        (b"", SOUND, {"model.chat-template-invalid"}),
        (b"{% for m in messages %}{{ m }}", SOUND, {"model.chat-template-invalid"}),
        (b"{% for m in messages %}{{ m }}{% endfor %}", SOUND, SOUND),
    ],
)
def test_a_chat_template_in_a_file_of_its_own_is_looked_at(
    template: bytes, reasons: set[str], warnings: set[str]
) -> None:
    found = inspect(without(LLAMA, "tokenizer_config.json"), chat_template__jinja=template)

    assert codes(found) == (reasons, warnings)


@pytest.mark.parametrize("name", ["vocab.json", "special_tokens_map.json", "added_tokens.json"])
def test_a_cut_text_is_refused_where_the_tokenizer_is_read_from_it(name: str) -> None:
    cut = {name.replace(".", "__"): b'{"a": 1, "b'}
    alone = inspect(without(LLAMA, "tokenizer.json"), merges__txt=b"a b\n" * 999, **cut)

    assert "model.text-invalid" in codes(alone)[0]
    assert codes(inspect(LLAMA, **cut)) == (SOUND, {"model.text-invalid"})


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors.incomplete", "big.part", "Thumbs.db", "desktop.ini",
        "config.json:Zone.Identifier", "model (1).safetensors.part", "config (1).json",
        "tokenizer copy.json", "sub/Thumbs.db",
    ],
)  # fmt: skip
def test_what_no_loader_reads_is_warned_of(name: str) -> None:
    inspection = inspect_files(add(write_headers(LLAMA), {name: b"x"}))

    assert codes(inspection) == (SOUND, {"model.leftover"})
    assert inspection.warnings[0].subject == name


def test_a_download_that_aria2_never_ended_is_refused() -> None:
    """aria2 reserves the whole length at once, so that a header alone looks sound."""
    headers = add(write_headers(LLAMA), {"model.safetensors.aria2": b"\x00\x01"})

    (reason,) = inspect_files(headers).reasons

    assert (reason.code, reason.subject) == ("model.file-unfinished", "model.safetensors")


def test_names_that_differ_by_case_only_are_warned_of() -> None:
    inspection = inspect_files(add(write_headers(LLAMA), {"Config.json": b"{}"}))

    assert codes(inspection) == (SOUND, {"model.names-collide"})
    assert inspection.warnings[0].subject == "Config.json, config.json"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("model.", "base_model.model.model.", "a PEFT adapter"),
        ("model.", "_orig_mod.model.", "torch.compile"),
        ("model.layers.0.", "model.layers.0._orig_mod.", "torch.compile"),
    ],
)
def test_names_that_a_wrapper_changed_are_one_cause(old: str, new: str, says: str) -> None:
    (reason,) = inspect(rename(LLAMA, old, new)).reasons

    assert reason.code == "model.names-prefixed"
    assert says in reason.message


def test_names_of_a_data_parallel_wrapper_are_one_cause() -> None:
    wrapped = {f"module.{name}": shape for name, shape in LLAMA.tensors.items()}

    (reason,) = inspect(replace(LLAMA, tensors=wrapped)).reasons

    assert "save model.module" in reason.remedy


def test_a_checkpoint_one_folder_deeper_says_which() -> None:
    headers = write_headers(LLAMA)
    deeper = Headers(
        {f"qwen/{path}": size for path, size in headers.sizes.items()},
        {f"qwen/{path}": content for path, content in headers.contents.items()},
    )

    (reason,) = inspect_files(deeper).reasons

    assert reason.code == "model.no-config"
    assert reason.remedy == "Upload qwen/ itself, so that config.json is at the top."


def test_a_lone_shard_says_how_many_are_missing() -> None:
    headers = write_headers(LLAMA)
    files = {**headers.contents, "model-00001-of-00003.safetensors": b""}
    files["model-00001-of-00003.safetensors"] = files.pop("model.safetensors")
    sizes = {path: headers.sizes.get(path, headers.sizes["model.safetensors"]) for path in files}

    (reason,) = inspect_files(Headers(sizes, files)).reasons

    assert reason.code == "model.shard-missing"
    assert "is 1 of 3 shards by the name" in reason.message


def test_one_broken_download_of_many_files_is_said_once() -> None:
    headers = write_headers(replace(LLAMA, shards=3))
    shards = {path: LFS for path in headers.contents if path.endswith(".safetensors")}

    (reason,) = inspect_files(add(headers, shards)).reasons

    assert reason.code == "model.lfs-pointer"
    assert "model-00001-of-00003.safetensors, model-00002-of" in reason.subject


def test_a_width_that_doesnt_divide_is_said_without_the_whole_config() -> None:
    (reason,) = inspect(LLAMA.with_config(head_dim=None, num_attention_heads=5)).reasons

    assert reason.subject == "config.json: num_attention_heads"
    assert reason.message == (
        "5 is not accepted: hidden_size 64 is not a multiple of num_attention_heads 5."
    )


@pytest.mark.parametrize(
    ("config", "beside"),
    [
        # Code of their own: openbmb/MiniCPM-V-2_6, moonshotai/Kimi-VL-A3B-Instruct,
        # deepseek-ai/DeepSeek-OCR (vllm-project/vllm#33642), microsoft/Phi-4-multimodal-instruct.
        (
            {"architectures": ["MiniCPMV"], "model_type": "minicpmv", "vision_config": {}},
            {"tokenizer.json": b'{"model": {"vocab": {"a": 0}}}'},
        ),
        (
            {
                "architectures": ["KimiVLForConditionalGeneration"],
                "model_type": "kimi_vl",
                "vision_config": {"model_type": "moonvit"},
                "text_config": {"vocab_size": 320, "eos_token_id": 2},
            },
            {"tiktoken.model": b"IQ== 0"},
        ),
        (
            {
                "architectures": ["DeepseekOCRForCausalLM"],
                "model_type": "deepseek_vl_v2",
                "vision_config": {"model_type": "vision"},
                "language_config": {"vocab_size": 320},
                "eos_token_id": 1,
            },
            {"tokenizer.json": b'{"model": {"vocab": {"a": 0}}}'},
        ),
        (
            {"architectures": ["Phi4MMForCausalLM"], "model_type": "phi4mm", "vocab_size": 320},
            {"vocab.json": b"{}", "merges.txt": b"a b", "speech-lora/adapter_config.json": b"{}"},
        ),
    ],
)
def test_a_model_with_code_of_its_own_is_never_refused_for_its_shapes(
    config: dict[str, Any], beside: dict[str, bytes]
) -> None:
    headers = add(write_headers(Layout("own", config, LLAMA.tensors)), beside)
    stored = [StoredFile(path, size) for path, size in headers.sizes.items()]

    inspection = inspect_model(read_evidence(stored, headers), Allowed(allow_remote_code=True))

    assert inspection.reasons == ()
    assert "is not known here" in inspection.unchecked[0]


def test_a_pickle_under_the_name_of_a_template_is_still_a_pickle() -> None:
    inspection = inspect(LLAMA, chat_template__jinja=b"cos\nsystem\n(S'id'\ntR.")

    assert "model.pickle-weights" in codes(inspection)[0]


def test_each_small_file_is_read_once() -> None:
    headers = add(write_headers(LLAMA), {"chat_template.jinja": b"x", "tokenizer.model": b"abc"})
    reads: list[str] = []

    class Counting(Headers):
        def read(self, path: str, start: int, length: int) -> bytes:
            reads.append(path)
            return Headers.read(self, path, start, length)

    stored = [StoredFile(path, size) for path, size in headers.sizes.items()]
    read_evidence(stored, Counting(headers.sizes, headers.contents))

    assert len(reads) == len(set(reads))


# Vocabularies that no list of names knows


@pytest.mark.parametrize(
    ("architecture", "companions", "beside"),
    [
        # xai-org/grok-2, served by SGLang with --tokenizer-path …/tokenizer.tok.json
        ("Grok1ForCausalLM", {}, {"tokenizer__tok__json": b"{}"}),
        ("Pop2PianoForConditionalGeneration", {"tokenizer_class": "Pop2PianoTokenizer"},
         {"vocab__json": b'{"a": 1}'}),
        ("TomorrowForCausalLM", {"tokenizer_class": "TomorrowTokenizer"}, {}),
    ],
)  # fmt: skip
def test_a_vocabulary_that_an_unknown_class_may_read_is_warned_of(
    architecture: str, companions: dict[str, Any], beside: dict[str, bytes]
) -> None:
    told = {"tokenizer_config.json": {**companions, "chat_template": "x"}}
    layout = replace(LLAMA, companions=told).with_config(architectures=[architecture])

    inspection = inspect(layout, **beside)

    assert codes(inspection) == (SOUND, {"model.no-tokenizer"})
    assert "isn't known" in inspection.warnings[0].message


@pytest.mark.parametrize(
    ("architecture", "class_"),
    [("LlamaForCausalLM", "TomorrowTokenizer"), ("Phi3ForCausalLM", "GPT2TokenizerFast"),
     ("Phi3ForCausalLM", None)],
)  # fmt: skip
def test_a_vocabulary_that_must_be_read_is_still_missed(
    architecture: str, class_: str | None
) -> None:
    told = {"tokenizer_config.json": {"tokenizer_class": class_, "chat_template": "x"}}
    layout = replace(LLAMA, companions=told).with_config(architectures=[architecture])

    assert codes(inspect(layout)) == ({"model.no-tokenizer"}, SOUND)


def test_a_tokenizer_of_bytes_needs_no_vocabulary() -> None:
    """nari-labs/Dia-1.6B-0626."""
    told = {"tokenizer_config.json": {"tokenizer_class": "DiaTokenizer"}}
    layout = replace(LLAMA, companions=told)

    assert codes(inspect(layout.with_config(architectures=["DiaForConditionalGeneration"]))) == (
        SOUND,
        SOUND,
    )


def test_codes_of_sound_are_not_taken_for_the_text_vocabulary() -> None:
    """sesame/csm-1b: vocab_size 2051 is the codes', whose embeddings are named as Llama's."""
    layout = Layout(
        "csm",
        {"architectures": ["CsmForConditionalGeneration"], "model_type": "csm", "vocab_size": 51,
         "text_vocab_size": 320},
        {"embed_text_tokens.weight": [320, 64], "depth_decoder.model.embed_tokens.weight": [100, 64]},
        LLAMA.companions,
    )  # fmt: skip

    assert codes(inspect(layout)) == (SOUND, SOUND)


def test_tokens_that_have_an_embedding_of_their_own_are_counted() -> None:
    """allenai/Molmo-7B-D-0924: additional_vocab_size, model.transformer.wte.new_embedding."""
    layout = Layout(
        "molmo",
        {"architectures": ["MolmoForCausalLM"], "vocab_size": 290, "additional_vocab_size": 30},
        {"model.transformer.wte.embedding": [290, 64]},
        LLAMA.companions,
    )

    assert codes(inspect(layout)) == (SOUND, SOUND)


def test_a_tokenizer_of_another_model_is_found_for_unknown_architectures_too() -> None:
    layout = LAYOUTS["phi3"].with_config(vocab_size=200)
    tensors = {
        **layout.tensors,
        "model.embed_tokens.weight": [200, 64],
        "lm_head.weight": [200, 64],
    }

    assert codes(inspect(replace(layout, tensors=tensors)))[0] == {"model.tokenizer-disagrees"}


# Embeddings that are quantized too


@pytest.mark.parametrize(
    ("said", "endings"),
    [
        ({"quant_method": "torchao"}, {"._weight_qdata": [320, 64], "._weight_scale": [320, 2]}),
        ({"bits": 4, "group_size": 32}, {".weight": [320, 8], ".scales": [320, 2]}),
    ],
)
def test_an_embedding_that_an_unknown_method_quantized_is_not_compared(
    said: dict[str, Any], endings: dict[str, list[int]]
) -> None:
    """pytorch/Phi-4-mini-instruct-INT8-INT4; mlx-community."""
    layout = quantize(LLAMA, "a method of tomorrow").with_config(quantization_config=said)
    tensors = {k: v for k, v in layout.tensors.items() if k != "model.embed_tokens.weight"}
    tensors |= {f"model.embed_tokens{ending}": shape for ending, shape in endings.items()}

    assert codes(inspect(replace(layout, tensors=tensors))) == (SOUND, SOUND)


def test_an_embedding_packed_as_the_linear_layers_are_is_sound() -> None:
    layout = quantize(LLAMA, "compressed-tensors w4a16")
    tensors = {k: v for k, v in layout.tensors.items() if k != "model.embed_tokens.weight"}
    tensors |= {
        "model.embed_tokens.weight_packed": [320, 8],
        "model.embed_tokens.weight_scale": [320, 2],
        "model.embed_tokens.weight_shape": [2],
    }

    assert codes(inspect(replace(layout, tensors=tensors))) == (SOUND, SOUND)


# What config.json leaves out


@pytest.mark.parametrize(
    ("name", "key", "default"),
    [
        ("llama", "vocab_size", 32000),
        ("qwen2_vl", "vocab_size", 152064),
        ("qwen3_vl", "vocab_size", 151936),
        ("gemma3", "intermediate_size", 9216),
        ("qwen2", "intermediate_size", 22016),
        ("mistral", "intermediate_size", 14336),
        ("ministral3", "vocab_size", 131072),
    ],
)
def test_a_size_that_config_leaves_out_is_the_config_classs_own(
    name: str, key: str, default: int
) -> None:
    layout = LAYOUTS[name]
    text = layout.config.get("text_config", layout.config)
    kept = {k: v for k, v in text.items() if k != key}
    config = {**layout.config, "text_config": kept} if text is not layout.config else kept
    old = text[key]
    tensors = {
        tensor: [default if size == old else size for size in shape]
        for tensor, shape in layout.tensors.items()
    }

    sound = inspect(replace(layout, config=config, tensors=tensors))
    wrong = inspect(replace(layout, config=config))

    assert sound.reasons == ()
    assert any(f"{key} by default" in r.message for r in wrong.reasons)


def test_a_config_of_no_library_that_is_known_is_not_compared() -> None:
    """Systran/faster-whisper-large-v3 (CTranslate2), coqui/XTTS-v2."""
    inspection = inspect(replace(LLAMA, config={"alignment_heads": [], "lang_ids": []}))

    assert codes(inspection) == (SOUND, SOUND)
    assert "nothing was compared" in inspection.unchecked[0]


@pytest.mark.parametrize(
    "config",
    [
        {k: v for k, v in LLAMA.config.items() if k not in {"architectures", "model_type"}},
        {"transformers_version": "4.57.0"},
        {},
    ],
)
def test_a_transformers_config_that_names_no_model_is_refused(config: dict[str, Any]) -> None:
    assert codes(inspect(replace(LLAMA, config=config)))[0] == {"model.config-invalid"}


def test_experts_that_are_saved_as_one_tensor_are_not_compared() -> None:
    layout = LAYOUTS["qwen3_moe"]
    tensors = {k: v for k, v in layout.tensors.items() if ".experts." not in k}
    for layer in ("model.layers.0", "model.layers.1"):
        tensors |= {
            f"{layer}.mlp.experts.gate_up_proj": [4, 320, 64],
            f"{layer}.mlp.experts.down_proj": [4, 64, 160],
        }

    inspection = inspect(replace(layout, tensors=tensors))

    assert codes(inspection) == (SOUND, SOUND)
    assert "saved as one" in inspection.unchecked[0]


@pytest.mark.parametrize("method", ["gptq", "awq"])
def test_a_quantizer_that_names_no_group_is_not_compared(method: str) -> None:
    said = {"quant_method": method, "bits": 4, "group_size": None}

    assert codes(inspect(quantize(LLAMA, method).with_config(quantization_config=said))) == (
        SOUND,
        SOUND,
    )
