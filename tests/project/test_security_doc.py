"""The threat model names the test of each attack, and each named test exists."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest
from tests.support.template_parts import ROOT

_TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_ROWS = re.findall(r"^\| (?!-|[^|]+ \| possible damage )(.+) \|$", _TEXT, re.MULTILINE)
_NODE = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def _tests(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_there_are_rows_to_read() -> None:
    assert len(_ROWS) > 60


@pytest.mark.parametrize("row", _ROWS, ids=[row[:50] for row in _ROWS])
def test_a_row_says_what_stops_the_attack_and_names_a_test(row: str) -> None:
    written, caused, stopped, tests = row.split(" | ")

    assert all((written.strip(), caused.strip(), stopped.strip()))
    assert re.sub(_NODE, "", tests).strip() == ""
    assert _NODE.search(tests)


@pytest.mark.parametrize(("path", "name"), sorted(set(_NODE.findall(_TEXT))))
def test_a_named_test_exists(path: str, name: str) -> None:
    assert name.startswith("test_")
    assert name in _tests(path)


@pytest.mark.parametrize(
    "page", ["README.md", "SECURITY.md", "docs/permissions.md", "docs/iam/README.md"]
)
def test_readers_of_other_pages_are_led_here(page: str) -> None:
    assert "security.md)" in (ROOT / page).read_text(encoding="utf-8")
