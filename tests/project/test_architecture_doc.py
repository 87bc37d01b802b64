"""Every file and function that docs/architecture.md and CONTRIBUTING.md name exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_TEXT = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
_WALKS = dict(re.findall(r"^### (.+)\n\n((?:\d\. .+\n(?:  .+\n)*)+)", _TEXT, re.MULTILINE))
_STEPS = [
    (path, told)
    for steps in _WALKS.values()
    for path, told in re.findall(r"^\d\. `([^`]+)`: (.+)$", steps, re.MULTILINE)
]
_NAMES = [(path, name) for path, told in _STEPS for name in re.findall(r"`(\w+)`", told)]
_PATHS = sorted(
    set(
        re.findall(
            r"`([\w.<>/]+/[\w.<>/]*)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        )
    )
)
_ROOMS = re.findall(r"^\| `([^`]+)`", _TEXT, re.MULTILINE)


@pytest.mark.parametrize(
    ("question", "most"),
    [
        ("Why did it roll back?", 4),
        ("Which alarms are made?", 3),
        ("Which DeploymentConfig is sent?", 2),
    ],
)
def test_a_question_is_answered_by_few_files(question: str, most: int) -> None:
    files = re.findall(r"^\d\. `([^`]+)`", _WALKS[question], re.MULTILINE)

    assert 1 <= len(files) <= most


@pytest.mark.parametrize(("path", "name"), _NAMES)
def test_a_walk_names_what_its_file_defines(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))

    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("room", _ROOMS)
def test_each_room_of_the_table_is_there(room: str) -> None:
    assert (ROOT / room.replace("<state>", "start_update")).exists()


@pytest.mark.parametrize("path", _PATHS)
def test_each_path_of_the_page_for_contributors_is_there(path: str) -> None:
    assert (ROOT / path.replace("<state>", "start_update").replace("<command>", "watch")).exists()
