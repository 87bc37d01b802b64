"""The small texts of a release that are read whole, and their length limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.checkpoint.index import INDEX
from switchover.checkpoint.vocabulary import is_vocabulary
from switchover.domain.containers.properties import FILE_NAME as SERVING_PROPERTIES
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.checkpoint.headers import Reader, Run

# A Git LFS pointer is shorter than this (Git LFS, docs/spec.md), and every vocabulary is longer.
STUB_BYTES = 1024

TEMPLATE = "chat_template.jinja"
TEMPLATE_LIMIT_BYTES = 4 * 1024**2

TOKENIZER = "tokenizer.json"
_MEBIBYTE = 1024**2
TEXT_LIMITS_BYTES: Mapping[str, int] = {
    "config.json": 4 * _MEBIBYTE,
    "generation_config.json": 4 * _MEBIBYTE,
    "tokenizer_config.json": 4 * _MEBIBYTE,
    "preprocessor_config.json": 4 * _MEBIBYTE,
    "processor_config.json": 4 * _MEBIBYTE,
    "chat_template.json": 4 * _MEBIBYTE,
    "adapter_config.json": 4 * _MEBIBYTE,
    "quantize_config.json": 4 * _MEBIBYTE,
    "quant_config.json": 4 * _MEBIBYTE,
    "hf_quant_config.json": 4 * _MEBIBYTE,
    "params.json": 4 * _MEBIBYTE,
    "special_tokens_map.json": 4 * _MEBIBYTE,
    "added_tokens.json": 4 * _MEBIBYTE,
    "vocab.json": 16 * _MEBIBYTE,
    INDEX: 16 * _MEBIBYTE,
    TOKENIZER: 16 * _MEBIBYTE,
    SERVING_PROPERTIES: _MEBIBYTE,
}
# Valid files of these may be longer than the limit.
LONG_TEXTS = frozenset({TOKENIZER, "vocab.json"})


def read_texts(
    sizes: Mapping[str, int], reader: Reader, run: Run
) -> Iterator[tuple[str, bytes | Reason]]:
    """Read each existing text, by its path; a Reason for a text that is too long."""
    wanted = [path for path in TEXT_LIMITS_BYTES if path in sizes and path != INDEX]
    fitting = [path for path in wanted if sizes[path] <= TEXT_LIMITS_BYTES[path]]
    yield from zip(
        fitting, run(lambda path: reader.read(path, 0, sizes[path]), fitting), strict=True
    )
    for path in wanted:
        if sizes[path] > TEXT_LIMITS_BYTES[path] and path not in LONG_TEXTS:
            yield path, text_too_large(path, sizes[path])


def list_stubs(sizes: Mapping[str, int]) -> list[str]:
    """List the chat template, and the vocabularies that are too short."""
    return [
        path
        for path, size in sizes.items()
        if (is_vocabulary(path) and path not in TEXT_LIMITS_BYTES and size < STUB_BYTES)
        or (path == TEMPLATE and size <= TEMPLATE_LIMIT_BYTES)
    ]


def read_stubs(
    wanted: list[str], sizes: Mapping[str, int], reader: Reader, run: Run
) -> Iterator[tuple[str, bytes | Reason]]:
    """Read each of the `wanted` files whole."""
    return zip(wanted, run(lambda path: reader.read(path, 0, sizes[path]), wanted), strict=True)


def name_unread(sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Name a tokenizer that wasn't read: valid ones may have 30 MB, too much memory to parse."""
    size, limit = sizes.get(TOKENIZER, 0), TEXT_LIMITS_BYTES[TOKENIZER]
    if size <= limit:
        return ()
    return (
        f"{TOKENIZER}: its tokens, because it is {size} bytes long and at most {limit} are read.",
    )


def text_too_large(path: str, size: int) -> Reason:
    """The reason for a text that is longer than in any valid checkpoint."""
    return Reason(
        code="model.text-too-large",
        subject=path,
        message=f"is {size} bytes long; at most {TEXT_LIMITS_BYTES[path]} are read.",
        remedy="Such a file is small in a valid checkpoint: save the checkpoint again.",
    )
