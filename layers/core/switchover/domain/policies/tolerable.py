"""The model findings that a policy may turn into warnings or refusals."""

from __future__ import annotations

from enum import StrEnum


class Tolerable(StrEnum):
    """The codes that a policy may turn into a warning or a refusal: findings about the model's content.

    Findings about changed files and about code aren't among them.
    """

    CHAT_TEMPLATE_INVALID = "model.chat-template-invalid"
    CONFIG_INVALID = "model.config-invalid"
    INDEX_DISAGREES = "model.index-disagrees"
    INDEX_INVALID = "model.index-invalid"
    INDEX_MISSING = "model.index-missing"
    LEFTOVER = "model.leftover"
    NAMES_COLLIDE = "model.names-collide"
    NAMES_PREFIXED = "model.names-prefixed"
    NO_CHAT_TEMPLATE = "model.no-chat-template"
    NO_CONFIG = "model.no-config"
    NO_GENERATION_CONFIG = "model.no-generation-config"
    NO_PREPROCESSOR = "model.no-preprocessor"
    NO_TOKENIZER = "model.no-tokenizer"
    OFFSETS_DISAGREE = "model.offsets-disagree"
    PREPROCESSOR_DISAGREES = "model.preprocessor-disagrees"
    QUANTIZATION_UNSAID = "model.quantization-unsaid"
    QUANTIZATION_UNSERVED = "model.quantization-unserved"
    SHAPE_DISAGREES = "model.shape-disagrees"
    TENSOR_DUPLICATED = "model.tensor-duplicated"
    TENSOR_MISSING = "model.tensor-missing"
    TEXT_INVALID = "model.text-invalid"
    TOKENIZER_DISAGREES = "model.tokenizer-disagrees"
    TOKENIZER_INVALID = "model.tokenizer-invalid"
