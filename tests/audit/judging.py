"""Which findings are accepted, and why: a finding without a line in accepted.yaml is a fault."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ACCEPTED = Path(__file__).parent / "accepted.yaml"


@dataclass(frozen=True, slots=True)
class Finding:
    """An objection of a tool that reads templates and policies."""

    check: str
    subject: str
    message: str


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A finding that is known: `subjects` is a pattern, `why` says why the finding may stay."""

    check: str
    subjects: str
    why: str

    def covers(self, finding: Finding) -> bool:
        """Whether this is the reason for a finding to stay."""
        return self.check == finding.check and fnmatchcase(finding.subject, self.subjects)


def read_accepted(path: Path = ACCEPTED) -> tuple[Acceptance, ...]:
    """Every accepted finding, in the file's order.

    Raises:
        ValueError: one has no reason.
    """
    accepted = tuple(Acceptance(**entry) for entry in yaml.safe_load(path.read_text("utf-8")))
    for entry in accepted:
        if not entry.why.strip():
            raise ValueError(f"{path}: {entry.check} for {entry.subjects} has no reason")
    return accepted


def judge(findings: Iterable[Finding], accepted: Iterable[Acceptance]) -> Iterator[str]:
    """List every finding that isn't accepted, and every acceptance without a finding, with what to do."""
    found, known = tuple(findings), tuple(accepted)
    for finding in found:
        if not any(entry.covers(finding) for entry in known):
            yield (
                f"{finding.check}: {finding.subject}: {finding.message}."
                " Mend it, or say in tests/audit/accepted.yaml why it may stay."
            )
    for entry in known:
        if not any(entry.covers(finding) for finding in found):
            yield (
                f"{entry.check}: {entry.subjects} is accepted and not found any more."
                " Take it out of tests/audit/accepted.yaml."
            )
