"""The findings about a model, and which of them refuse it.

A finding refuses only if the format's specification or the architecture's own code proves that
loading fails. Unusual or unknown content, and broken conventions, are warnings. A policy may change
this for some codes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Warned(Reason):
    """A finding that isn't known to prevent loading."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """The result of an inspection: faults, warnings, and the parts that were and weren't checked.

    `reasons` refuse the model; `warnings` only inform people. `checksums` are S3's own SHA-256 of
    the files, by path, as S3 writes them.
    """

    reasons: tuple[Reason, ...]
    unchecked: tuple[str, ...] = ()
    checked: tuple[str, ...] = ()
    warnings: tuple[Reason, ...] = ()
    checksums: Mapping[str, str] = field(default_factory=dict)


def part_warnings(found: Inspection) -> Inspection:
    """Move each `Warned` finding to the warnings, so that only refusals stay among the reasons."""
    return replace(
        found,
        reasons=tuple(each for each in found.reasons if not isinstance(each, Warned)),
        warnings=(
            *found.warnings,
            *(Reason(**dict(each)) for each in found.reasons if isinstance(each, Warned)),
        ),
    )


def weigh(found: Inspection, *, tolerate: Collection[str], refuse: Collection[str]) -> Inspection:
    """Apply a policy: tolerated reasons become warnings, and refused warnings become reasons."""
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
