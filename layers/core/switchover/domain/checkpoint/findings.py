"""What a look at a model found, and which of it keeps the model from being served.

A finding refuses only where the format's specification or the architecture's own code proves that
loading breaks. What is unusual, unknown or a convention is a warning. A policy may weigh the codes
of `Tolerable` the other way.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.domain.checkpoint.text import name_many, name_some
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

SHOWN_PER_CODE = 10


class Tolerable(StrEnum):
    """The codes that a policy may weigh: what is said about the model's content.

    Whether the release is what was uploaded, and whether it carries code, is not among them.
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


class Warned(Reason):
    """A finding that doesn't keep the model from loading, as far as can be told."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is wrong with a model, what could not be looked at, what was, and what is doubtful.

    `reasons` refuse the model; `warnings` are for people to know. `checksums` are S3's own SHA-256 of
    the files, by path, as S3 writes them.
    """

    reasons: tuple[Reason, ...]
    unchecked: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    warnings: tuple[Reason, ...] = ()
    checksums: Mapping[str, str] = field(default_factory=dict)


def part_warnings(found: Inspection) -> Inspection:
    """The same with what was `Warned` of among the warnings, and only refusals among the reasons."""
    return replace(
        found,
        reasons=tuple(each for each in found.reasons if not isinstance(each, Warned)),
        warnings=(
            *found.warnings,
            *(Reason(**dict(each)) for each in found.reasons if isinstance(each, Warned)),
        ),
    )


def weigh(
    found: Inspection, *, tolerate: Collection[Tolerable], refuse: Collection[Tolerable]
) -> Inspection:
    """Let a policy decide: tolerated reasons become warnings, refused warnings become reasons."""
    return replace(
        found,
        reasons=(
            *(each for each in found.reasons if each.code not in tolerate),
            *(each for each in found.warnings if each.code in refuse),
        ),
        warnings=(
            *(each for each in found.warnings if each.code not in refuse),
            *(each for each in found.reasons if each.code in tolerate),
        ),
    )


def limit_per_code(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Keep the first ten of each kind and sum up the rest, so that people can read the answer."""
    kinds: dict[tuple[type[Reason], str], list[Reason]] = defaultdict(list)
    for reason in reasons:
        kinds[type(reason), reason.code].append(reason)
    limited: list[Reason] = []
    for (kind, code), several in kinds.items():
        rest = several[SHOWN_PER_CODE:]
        limited += several[:SHOWN_PER_CODE]
        if rest:
            limited.append(
                kind(
                    code=code,
                    subject=name_some(reason.subject for reason in rest),
                    message=f"{len(rest)} more of the same kind.",
                    remedy=rest[0].remedy,
                )
            )
    return tuple(limited)


def join_same(reasons: Iterable[Reason]) -> Iterator[Reason]:
    """Say one cause once: subjects of which the very same is said share a reason."""
    same: dict[tuple[type[Reason], str, str, str], list[str]] = defaultdict(list)
    for reason in reasons:
        same[type(reason), reason.code, reason.message, reason.remedy].append(reason.subject)
    for (kind, code, message, remedy), subjects in same.items():
        yield kind(
            code=code,
            subject=name_many(dict.fromkeys(subjects), SHOWN_PER_CODE),
            message=message,
            remedy=remedy,
        )
