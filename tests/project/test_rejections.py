"""docs/rejections.md has a section for each reason's code, and for no other."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from switchover.domain.verdict import Verdict

ROOT = Path(__file__).parents[2]
_SOURCES = ("functions", "layers/core/switchover", "cli/switchover_cli")
_CODE = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")
# What is put together from parts, by the parts that there are.
_COMPOSED = {
    "update.{}": {f"update.{verdict.value.replace('_', '-')}" for verdict in Verdict},
    "model.{}-differs": {"model.size-differs", "model.checksum-differs"},
}
# What `switchover doctor` finds refuses nothing: docs/doctor.md has those codes.
_FINDINGS = ROOT / "cli/switchover_cli/doctor"
# Here dotted words are names of checks; codes come by `code=` alone.
_CHECKS = "checklist.py"
_FILE_NAMES = re.compile(r".*\.(json|safetensors|txt|model|tiktoken|yaml|log|properties|css|js)")
_TENSORS = {"mlp.gate"}
# Modules, not codes.
_MODULES = re.compile(r"(rich|botocore|importlib)\.[a-z]+|switchover\.web")
# Verdicts that never come with a reason: nothing went wrong.
_UNTOLD = {f"update.{verdict}" for verdict in ("moving", "updated", "deleting", "gone", "unheeded")}
_ANCHOR = re.compile(r'^### <a id="([^"]+)"></a>`([^`]+)`$', re.MULTILINE)


def test_every_code_has_its_section() -> None:
    assert sorted(_told_codes() - _documented()) == []


def test_no_section_is_of_a_code_that_nothing_tells() -> None:
    assert sorted(_documented() - _told_codes()) == []


def test_each_section_says_where_to_look_and_what_to_do() -> None:
    text = (ROOT / "docs/rejections.md").read_text(encoding="utf-8")
    sections = re.split(r"^### <a .*$", text, flags=re.MULTILINE)[1:]

    assert [len(re.findall(r"^- (Look at|Do): \S", each, re.MULTILINE)) for each in sections] == [
        2
    ] * len(sections)


def test_the_anchor_is_the_code_and_stands_once() -> None:
    text = (ROOT / "docs/rejections.md").read_text(encoding="utf-8")
    found = _ANCHOR.findall(text)

    assert [anchor for anchor, code in found if anchor != code] == []
    assert len(found) == len(_documented()) == text.count("\n### <a ")


def test_a_code_that_is_put_together_is_known() -> None:
    """Another one needs its line in `_COMPOSED`, or its sections would not be asked for."""
    assert _composed_codes() == set(_COMPOSED)


def _documented() -> set[str]:
    text = (ROOT / "docs/rejections.md").read_text(encoding="utf-8")
    return {anchor for anchor, _ in _ANCHOR.findall(text)}


def _told_codes() -> set[str]:
    composed = {code for codes in _COMPOSED.values() for code in codes}
    return (_literal_codes() | composed | _machine_codes()) - _UNTOLD


@cache
def _literal_codes() -> set[str]:
    """What is given to `code=`; and what looks like it, as codes are handed to functions of ours too."""
    given = {text for _, tree in _trees() for each in _given_codes(tree) for text in _texts(each)}
    handed = {
        text
        for path, tree in _trees()
        if path.name != _CHECKS
        for node in ast.walk(tree)
        for each in _handed_on(node)
        for text in _texts(each)
    }
    found = {code for code in given | handed if _CODE.fullmatch(code)}
    return {
        code
        for code in found - _TENSORS
        if not (_MODULES.fullmatch(code) or _FILE_NAMES.fullmatch(code))
    }


def _given_codes(tree: ast.Module) -> list[ast.expr]:
    keywords = [node for node in ast.walk(tree) if isinstance(node, ast.keyword)]
    return [node.value for node in keywords if node.arg == "code"]


def _handed_on(node: ast.AST) -> list[ast.expr]:
    match node:
        case ast.Call(func=ast.Name(), args=args):
            return args
        case ast.Assign(value=ast.Constant() as value):
            return [value]
        case ast.Assign(value=ast.Dict(keys=keys)):
            return [key for key in keys if isinstance(key, ast.Constant)]
        case _:
            return []


def _texts(value: ast.expr) -> set[str]:
    """The texts that an expression can be: itself, or either branch."""
    match value:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp(body=body, orelse=other):
            return _texts(body) | _texts(other)
        case _:
            return set()


def _composed_codes() -> set[str]:
    return {
        "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        for _, tree in _trees()
        for node in _given_codes(tree)
        if isinstance(node, ast.JoinedStr)
    }


def _machine_codes() -> set[str]:
    text = (ROOT / "statemachine/update.asl.yaml").read_text(encoding="utf-8")
    return set(re.findall(r"^\s*(?:- )?code: (\S+)$", text, re.MULTILINE))


@cache
def _trees() -> tuple[tuple[Path, ast.Module], ...]:
    return tuple(
        (path, ast.parse(path.read_text(encoding="utf-8")))
        for source in _SOURCES
        for path in sorted((ROOT / source).rglob("*.py"))
        if path.parent != _FINDINGS
    )
