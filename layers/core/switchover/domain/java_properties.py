"""Reads Java's `.properties` files, such as DJL's serving.properties.

Source: `java.util.Properties.load` (Java SE API), "logical lines" and "escapes".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPLIT = re.compile(r"((?:\\.|[^\\=:\s])*)[ \t\f]*[=:]?[ \t\f]*(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}


def read_properties(text: str) -> Iterator[tuple[str, str]]:
    """Yield each key with its value, with escapes resolved. If a key is repeated, Java uses the last."""
    for line in _logical_lines(text):
        found = _SPLIT.match(line)
        key, value = found.groups() if found else (line, "")
        yield _unescape(key), _unescape(value)


def _logical_lines(text: str) -> Iterator[str]:
    """Yield each line without indent, joined with its continuation lines; comments are left out."""
    line, is_continued = "", False
    for natural in re.split(r"\r\n|\r|\n", text):
        part = natural.lstrip(" \t\f")
        if not is_continued and part[:1] in {"", "#", "!"}:
            continue
        is_continued = (len(part) - len(part.rstrip("\\"))) % 2 == 1
        line += part.removesuffix("\\") if is_continued else part
        if not is_continued:
            yield line
            line = ""
    if line:
        yield line


def _unescape(text: str) -> str:
    return _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _CONTROLS.get(found[2], found[2]),
        text,
    )
