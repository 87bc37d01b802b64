"""The architectures with known tensors; a new architecture is one more row here."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from switchover.checkpoint.decoder import TextConfig
from switchover.checkpoint.experts import has_dense_layers
from switchover.checkpoint.intern_vision import expect_internvl_chat_vision, expect_internvl_vision
from switchover.checkpoint.language import (
    GEMMA3,
    INTERNLM2,
    LLAMA,
    MISTRAL,
    MIXTRAL,
    QWEN2,
    QWEN2_MOE,
    QWEN3,
    QWEN3_MOE,
    Language,
    expect_language,
)
from switchover.checkpoint.qwen_vision import (
    expect_qwen2_vision,
    expect_qwen3_vision,
    expect_qwen25_vision,
)
from switchover.checkpoint.shapes import find_text_config
from switchover.checkpoint.text import Json, object_at, quote, text_at
from switchover.checkpoint.towers import (
    KNOWN_TOWERS,
    expect_gemma3_vision,
    expect_llava_next_vision,
    expect_llava_vision,
    expect_mistral3_vision,
    name_tower,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from switchover.checkpoint.shapes import Expected

    Tower = Callable[[Mapping[str, Json], tuple[int, str]], Iterator[Expected]]


@dataclass(frozen=True, slots=True)
class Architecture:
    """The data about one architecture that `expect_tensors` needs.

    Without `language`, the tower can be combined with any language model, which the nested config's
    model_type names. `needs_processor`: the model's own processor reads the images' sizes from a
    file. `has_any_tower`: vision_config names one of several towers. `ties_by_default` is the config
    class's default for tie_word_embeddings.
    """

    language: Language | None = None
    vision: Tower | None = None
    needs_processor: bool = True
    has_any_tower: bool = False
    ties_by_default: bool | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """The tensors that a checkpoint must contain, and the parts that config.json doesn't determine."""

    tensors: tuple[Expected, ...]
    unknown: tuple[str, ...] = ()


def expect_tensors(architecture: Architecture, config: Mapping[str, Json]) -> Expectation:
    """Every tensor that a checkpoint with this config must contain.

    Raises:
        ValidationError: config.json lacks a size or has an impossible one.
    """
    text = {**find_text_config(config), **_read_tie(architecture, config)}
    language = architecture.language or _find_language(config)
    unknown: list[str] = []
    tensors: list[Expected] = []
    if language is None:
        nested = object_at(config, "llm_config") or object_at(config, "text_config")
        model_type = quote(nested.get("model_type"))
        unknown.append(
            f"config.json: the language model's tensors, as model_type {model_type} is not known "
            "here."
        )
    else:
        tensors += expect_language(language, text)
        if language.feed is not None and has_dense_layers(text):
            unknown.append("config.json: feed-forward tensors, as only some layers have experts.")
    tower = name_tower(config)
    if architecture.has_any_tower and tower not in KNOWN_TOWERS:
        unknown.append(f"config.json: the tensors of the vision tower {quote(tower)}.")
    elif architecture.vision is not None and language is not None:
        sizes = TextConfig.model_validate({**language.defaults, **text})
        tensors += architecture.vision(config, sizes.hidden)
    absent = {} if language is None else language.defaults.keys() - text.keys()
    return Expectation(_mark_defaults(tensors, absent), tuple(unknown))


def _mark_defaults(tensors: Iterable[Expected], absent: Iterable[str]) -> tuple[Expected, ...]:
    """Mark the sizes that config.json leaves to the config class as defaults."""
    pattern = re.compile(rf"(?<![.\w])({'|'.join(absent) or '(?!)'})(?!\w)")
    return tuple(
        replace(want, formula=pattern.sub(r"\1 by default", want.formula)) for want in tensors
    )


def _read_tie(architecture: Architecture, config: Mapping[str, Json]) -> dict[str, Json]:
    """Whether the head is the embedding. Either place may say so, and a flat config has a default."""
    key = "tie_word_embeddings"
    places = (config, object_at(config, "llm_config"), object_at(config, "text_config"))
    said = [place[key] for place in places if place.get(key) is not None]
    if True in said:
        return {key: True}
    if said or architecture.ties_by_default is None:
        return {key: said[0]} if said else {}
    return {key: architecture.ties_by_default}


def _find_language(config: Mapping[str, Json]) -> Language | None:
    nested = object_at(config, "llm_config") or object_at(config, "text_config")
    # A nested config without a model_type is Llama's in LlavaConfig (transformers).
    return _NESTED.get(text_at(nested, "model_type") or "llama")


def _with_sizes(language: Language, *sizes: int) -> Language:
    """A language model with the default sizes of its config class."""
    names = (
        "vocab_size",
        "hidden_size",
        "intermediate_size",
        "num_hidden_layers",
        "num_attention_heads",
        "num_key_value_heads",
    )
    defaults = dict(zip(names, sizes, strict=False))
    return replace(language, defaults={**language.defaults, **defaults})


def _untied(language: Language, *sizes: int) -> Architecture:
    """A language model whose config class has tie_word_embeddings = False."""
    return Architecture(_with_sizes(language, *sizes), ties_by_default=False)


_NESTED: Mapping[str, Language] = {
    "llama": _with_sizes(LLAMA, 32000, 4096, 11008, 32, 32),
    "mistral": _with_sizes(MISTRAL, 32000, 4096, 14336, 32, 32, 8),
    "ministral3": _with_sizes(MISTRAL, 131072, 4096, 14336, 34, 32, 8),
    "qwen2": _with_sizes(QWEN2, 151936, 4096, 22016, 32, 32, 32),
    "qwen3": _with_sizes(QWEN3, 151936, 4096, 22016, 32, 32, 32),
    "internlm2": _with_sizes(INTERNLM2, 103168, 4096, 11008, 32, 32),
}

ARCHITECTURES: Mapping[str, Architecture] = {
    "LlamaForCausalLM": _untied(LLAMA, 32000, 4096, 11008, 32, 32),
    "MistralForCausalLM": _untied(MISTRAL, 32000, 4096, 14336, 32, 32, 8),
    "MixtralForCausalLM": _untied(MIXTRAL, 32000, 4096, 14336, 32, 32, 8),
    "Qwen2ForCausalLM": _untied(QWEN2, 151936, 4096, 22016, 32, 32),
    "Qwen2MoeForCausalLM": _untied(QWEN2_MOE, 151936, 2048, 5632, 24, 16),
    "Qwen3ForCausalLM": _untied(QWEN3, 151936, 4096, 22016, 32, 32),
    "Qwen3MoeForCausalLM": _untied(QWEN3_MOE, 151936, 2048, 6144, 24, 32, 4),
    "InternLM2ForCausalLM": Architecture(INTERNLM2),
    "Gemma3ForCausalLM": Architecture(GEMMA3),
    "Ministral3ForCausalLM": Architecture(_with_sizes(MISTRAL, 131072, 4096, 14336, 34, 32, 8)),
    "Qwen3Model": Architecture(QWEN3),
    "Qwen2VLForConditionalGeneration": Architecture(
        _with_sizes(QWEN2, 152064, 8192, 29568, 80, 64, 8), expect_qwen2_vision
    ),
    "Qwen2_5_VLForConditionalGeneration": Architecture(
        _with_sizes(QWEN2, 152064, 8192, 29568, 80, 64, 8), expect_qwen25_vision
    ),
    "Qwen3VLForConditionalGeneration": Architecture(
        _with_sizes(QWEN3, 151936, 4096, 22016, 32, 32, 32), expect_qwen3_vision
    ),
    "LlavaForConditionalGeneration": Architecture(None, expect_llava_vision, has_any_tower=True),
    "LlavaNextForConditionalGeneration": Architecture(
        None, expect_llava_next_vision, has_any_tower=True
    ),
    "LlavaOnevisionForConditionalGeneration": Architecture(
        None, expect_llava_next_vision, has_any_tower=True
    ),
    "Mistral3ForConditionalGeneration": Architecture(
        None, expect_mistral3_vision, has_any_tower=True
    ),
    "Gemma3ForConditionalGeneration": Architecture(
        GEMMA3, expect_gemma3_vision, has_any_tower=True
    ),
    "InternVLChatModel": Architecture(None, expect_internvl_chat_vision, needs_processor=False),
    "InternVLForConditionalGeneration": Architecture(None, expect_internvl_vision),
}
