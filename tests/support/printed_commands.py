"""Every `switchover …` that a message prints, found in templates and in texts of the code."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
_PLACES = ("layers/core/switchover", "functions", "cli/switchover_cli")
# A command ends with its sentence, its quotes or its line; an option's value may be in quotes.
_COMMAND = re.compile(r"switchover(?: (?:'[^']*'|[\w{}…=/.-]*[\w{}…=/-]))+")
# A file that only imports from the packages prints no command, and needs no parsing.
_NAMED = re.compile(r"switchover(?![\w.])")
_FILLED_IN = re.compile(r"\{\{[^}]*\}\}|\{%[^%]*%\}")


@dataclass(frozen=True, slots=True, order=True)
class Printed:
    """A command in a file's text; `{}` stands for what is put in."""

    file: str
    command: str


def printed_commands() -> frozenset[Printed]:
    """All of them."""
    return frozenset(found for place in _PLACES for found in _find(ROOT / place))


def _find(folder: Path) -> Iterator[Printed]:
    for path in sorted(folder.rglob("*.html.j2")):
        text = _FILLED_IN.sub(
            lambda found: "{}" if found[0].startswith("{{") else "\n",
            path.read_text(encoding="utf-8"),
        )
        for command in _COMMAND.findall(text):
            yield Printed(str(path.relative_to(ROOT)), command)
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text()
        if not _NAMED.search(source):
            continue
        nodes = list(ast.walk(ast.parse(source)))
        skipped = {id(node) for node in _docstrings(nodes)}
        for node in nodes:
            inner = getattr(node, "values", ()) if isinstance(node, ast.JoinedStr) else ()
            skipped.update(map(id, inner))
            if id(node) not in skipped:
                for command in _COMMAND.findall(_text(node)):
                    yield Printed(str(path.relative_to(ROOT)), command.replace("\n", " "))


def _text(node: ast.AST) -> str:
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=values):
            return "".join(
                _text(part) if isinstance(part, ast.Constant) else "{}" for part in values
            )
        case _:
            return ""


def _docstrings(nodes: list[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            yield body[0].value
