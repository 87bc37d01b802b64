"""Checks the brackets and blocks of a chat template.

Jinja2 itself would find more faults, but in practice a broken file was cut, emptied or never
downloaded. Source: Jinja, Template Designer Documentation, "Synopsis" and "Line Statements"; the
block `generation` is transformers' own (utils/chat_template_utils.py).
"""

from __future__ import annotations

import re

_OPENING = re.compile(r"\{[{%#]")
_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}
# A string inside a tag may contain the tag's closing characters. A string without an end is read to
# the end of the text, not searched again from each of its quotes.
_INSIDE = re.compile(r"'(?:[^'\\]|\\.)*+'?|\"(?:[^\"\\]|\\.)*+\"?|[}%]\}", re.DOTALL)
_WORD = re.compile(r"\{%[-+]?\s*(\w+)")
_BLOCKS = frozenset(
    {"autoescape", "block", "call", "filter", "for", "generation", "if", "macro", "with"}
)
_RAW_END = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")


def find_template_fault(template: str) -> str | None:
    """Why a template can't be parsed, as the end of the sentence "it …"; None without a fault."""
    if not template.strip():
        return "is empty"
    opened: list[str] = []
    position = 0
    while (found := _OPENING.search(template, position)) is not None:
        tag = found.group()
        end = _find_end(template, tag, found.end())
        if end is None:
            return f"has no {_CLOSING[tag]} for the {tag} in line {_line(template, found.start())}"
        position = end
        word = _WORD.match(template, found.start()) if tag == "{%" else None
        name = word.group(1) if word else ""
        if name == "raw":
            raw_end = _RAW_END.search(template, end)
            if raw_end is None:
                return "never ends its block 'raw'"
            position = raw_end.end()
        elif name in _BLOCKS or (name == "set" and "=" not in template[found.start() : end]):
            opened.append(name)
        elif name.startswith("end") and (not opened or opened.pop() != name.removeprefix("end")):
            return f"has {name!r} in line {_line(template, found.start())}, where no such block is open"
    return f"never ends its block {opened[-1]!r}" if opened else None


def _find_end(template: str, tag: str, start: int) -> int | None:
    if tag == "{#":
        end = template.find("#}", start)
        return None if end < 0 else end + 2
    for found in _INSIDE.finditer(template, start):
        if found.group() == _CLOSING[tag]:
            return found.end()
    return None


def _line(template: str, position: int) -> int:
    return template.count("\n", 0, position) + 1
