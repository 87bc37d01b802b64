"""The rules that the code cites are in docs/sagemaker-rules.md and docs/corrections.md."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_ROOMS = ("layers", "functions", "cli", "localcloud", "statemachine", "tests", "docs", "benchmarks")
_PAGE = (ROOT / "docs/sagemaker-rules.md").read_text(encoding="utf-8")
_CORRECTIONS = (ROOT / "docs/corrections.md").read_text(encoding="utf-8")
_KNOWN = {
    *re.findall(r"^#{2,3} §([\d.]+)", _PAGE, re.MULTILINE),
    *(f"7.{number}" for number in re.findall(r"^(\d)\. ", _PAGE, re.MULTILINE)),
    *(f"8.{number}" for number in re.findall(r"^\| (\d+) \|", _CORRECTIONS, re.MULTILINE)),
}
_SOURCES = [
    path
    for room in _ROOMS
    for path in sorted((ROOT / room).rglob("*"))
    if path.suffix in {".py", ".yaml", ".md"} and path.name != "sagemaker-rules.md"
]
_CITED = sorted(
    {
        cited
        for path in _SOURCES
        for run in re.findall(
            r"rules,? (§[\d.]+(?:(?:, | and |–)§?[\d.]+)*)", path.read_text("utf-8")
        )
        for cited in re.findall(r"§(\d+(?:\.\d+)?)", run)
    }
)


def test_rules_are_cited() -> None:
    assert len(_CITED) > 30


@pytest.mark.parametrize("rule", _CITED)
def test_a_cited_rule_is_on_the_page(rule: str) -> None:
    assert rule in _KNOWN
