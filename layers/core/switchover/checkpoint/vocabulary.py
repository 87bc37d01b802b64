"""The names of files that hold a tokenizer's vocabulary.

Source: transformers, tokenization_utils_base.
"""

from __future__ import annotations

import re

# Each of these files is a whole vocabulary; SentencePiece, tiktoken and Mistral have several names
# each.
VOCABULARY = re.compile(
    r"(tokenizer\.json|tekken\.json|vocab\.(txt|bpe)|[^/]+\.(model(\.v\d+\w*)?|tiktoken|spm|vocab))"
)


PAIR = frozenset({"vocab.json", "merges.txt"})


def is_vocabulary(path: str) -> bool:
    """Whether a file in the release's root is a tokenizer's vocabulary, by its name."""
    return VOCABULARY.fullmatch(path) is not None or path in PAIR
