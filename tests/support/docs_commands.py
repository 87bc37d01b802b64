"""The commands that the documents tell people to type."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
# What the variables of the documents' scripts hold.
VARIABLES = {"ENDPOINT": "vlm-prod", "NUMBER": "7", "GITHUB_REF_NAME": "v3"}
_ENDS = frozenset({"&&", "||", ";", "|", "&", ")"})
_TO_FILE = frozenset({">", ">>", "<"})


def read_page(page: str) -> str:
    """A document by its path in the project."""
    return (ROOT / page).read_text(encoding="utf-8")


def shell_blocks(text: str) -> list[str]:
    """What stands in blocks of `sh`, and the steps of GitHub's workflows in blocks of YAML."""
    found = re.findall(r"^ *```(sh|yaml)\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    return [
        script for kind, block in found for script in ([block] if kind == "sh" else _steps(block))
    ]


def commands(script: str) -> Iterator[list[str]]:
    """Each `switchover` command of a script as the shell cuts it, without what it is piped to."""
    for line in script.replace("\\\n", " ").splitlines():
        filled = Template(line).safe_substitute(VARIABLES)
        lexer = shlex.shlex(filled, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        typed: list[str] = []
        for word in (*lexer, ";"):
            if word not in _ENDS:
                typed.append(word)
                continue
            if typed[:1] == ["switchover"]:
                yield _without_files(typed)
            typed = []


def _without_files(typed: list[str]) -> list[str]:
    """The command without its redirections."""
    ends = next((at for at, word in enumerate(typed) if word in _TO_FILE), len(typed))
    return typed[:ends]


def _steps(block: str) -> list[str]:
    """The scripts of a workflow; none where the block is no workflow."""
    if "\njobs:" not in block:
        return []
    workflow: dict[str, Any] = yaml.safe_load(block)
    return [
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    ]
