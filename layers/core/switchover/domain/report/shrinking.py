"""Smaller and smaller forms of a report, so that its page stays a file that people can attach."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.report.values import Report

_FEW = 5
_SOME = 20


def shrinkings(report: Report) -> Iterator[tuple[Report, tuple[str, ...]]]:
    """The report whole, then with less and less; each with the names of what it leaves out."""
    yield report, ()
    bare = replace(
        report,
        golden=replace(
            report.golden,
            answered=tuple(replace(each, images=()) for each in report.golden.answered),
        ),
    )
    yield bare, ("images",)
    fewer = replace(
        bare,
        golden=replace(bare.golden, answered=bare.golden.answered[:_SOME]),
        rows=bare.rows[-_SOME:],
        changes=replace(bare.changes, rows=bare.changes.rows[:_SOME]),
    )
    yield fewer, ("images", "golden requests", "moments", "fields that differ")
    yield (
        replace(
            fewer,
            facts=fewer.facts[:_SOME],
            steps=fewer.steps[:_FEW],
            capacity=fewer.capacity[:_FEW],
            reasons=fewer.reasons[:_FEW],
            warnings=fewer.warnings[:_FEW],
            golden=replace(fewer.golden, answered=fewer.golden.answered[:_FEW]),
            rows=fewer.rows[-_FEW:],
            changes=replace(fewer.changes, rows=fewer.changes.rows[:_FEW]),
        ),
        (
            "images",
            "golden requests",
            "moments",
            "fields that differ",
            "reasons",
            "warnings",
            "facts",
        ),
    )
