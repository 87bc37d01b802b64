"""Shortens long lists of reasons: keeps the first of each kind, and says each cause once."""

from __future__ import annotations

from collections import defaultdict
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from switchover.domain.reasons import Reason


SHOWN_PER_CODE = 10


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
    """Join subjects with the same message and remedy into one reason."""
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


def name_some(names: Iterable[str], shown: int = 3) -> str:
    """Name the first few of many, and say that there are more."""
    some = list(islice(names, shown + 1))
    return ", ".join(some[:shown]) + (" and more" if len(some) > shown else "")


def name_many(names: Collection[str], shown: int = 10) -> str:
    """Name the first few of many, and say how many more there are."""
    rest = len(names) - shown
    return ", ".join(islice(names, shown)) + (f" and {rest} more" if rest > 0 else "")
