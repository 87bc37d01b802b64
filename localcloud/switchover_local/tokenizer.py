"""The demo checkpoint's tokenizer: byte-level BPE like Qwen2's, with a few dozen merges."""

from __future__ import annotations

from itertools import pairwise

SPECIAL_TOKENS = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|vision_pad|>",
    "<|image_pad|>",
    "<|video_pad|>",
)

# Each word is learnt from its front: "the" gives the merges t+h, th+e.
_WORDS = ("the", "Ġthe", "ing", "Ġand", "tion", "Ġof", "Ġin", "Ġto", "image", "Ġimage", "user")

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<|vision_start|><|image_pad|><|vision_end|>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def special_token_id(token: str) -> int:
    """The id of a special token: they follow the ordinary vocabulary."""
    return len(_list_vocabulary()) + SPECIAL_TOKENS.index(token)


def describe_tokenizer() -> dict[str, object]:
    """The content of tokenizer.json, in the format of Hugging Face's tokenizers."""
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": special_token_id(token), "content": token, **_describe_special()}
            for token in SPECIAL_TOKENS
        ],
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {**byte_level, "use_regex": True},
        "post_processor": {**byte_level, "use_regex": False},
        "decoder": {**byte_level, "use_regex": False},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {piece: number for number, piece in enumerate(_list_vocabulary())},
            "merges": [f"{left} {right}" for left, right in _list_merges()],
        },
    }


def describe_tokenizer_config() -> dict[str, object]:
    """The content of tokenizer_config.json, chat template included."""
    return {
        "tokenizer_class": "Qwen2Tokenizer",
        "processor_class": "Qwen2_5_VLProcessor",
        "added_tokens_decoder": {
            str(special_token_id(token)): {"content": token, **_describe_special()}
            for token in SPECIAL_TOKENS
        },
        "additional_special_tokens": list(SPECIAL_TOKENS[1:]),
        "chat_template": CHAT_TEMPLATE,
        "bos_token": None,
        "eos_token": "<|im_end|>",
        "pad_token": "<|endoftext|>",
        "unk_token": None,
        "add_prefix_space": False,
        "clean_up_tokenization_spaces": False,
        "errors": "replace",
        "model_max_length": 131_072,
        "split_special_tokens": False,
    }


def _describe_special() -> dict[str, bool]:
    return {
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }


def _list_vocabulary() -> list[str]:
    return _list_byte_symbols() + [left + right for left, right in _list_merges()]


def _list_merges() -> list[tuple[str, str]]:
    merges = {
        (prefix, longer[len(prefix) :]): None
        for word in _WORDS
        for prefix, longer in pairwise(word[:length] for length in range(1, len(word) + 1))
    }
    return list(merges)


def _list_byte_symbols() -> list[str]:
    # Byte-level BPE writes each byte as a printable character: itself where it is one, else the
    # next free code point from 256 on (so that a space is Ġ). After GPT-2's encoder.py.
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = range(256 - len(printable))
    return [chr(byte) for byte in printable] + [chr(256 + number) for number in others]
