"""Text that others wrote, made fit to stand among our own lines.

Reasons, names, file names, SageMaker's words and container logs are kept as they came. They are cleaned
where they enter a line that a person reads: one function for each medium.

| medium | function | beside the cleaning |
|---|---|---|
| a line of a message | `for_message` | addresses are broken, so that no mail client makes a link of one |
| a page | `for_page` | HTML is escaped |
| a terminal | `for_terminal` | lines stay lines |

`quote` marks a text as somebody's own words, within any of them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from html import escape

LONGEST_QUOTE = 400
_LONGEST_LINE = 2_000
# Control and format characters (escape sequences, direction, zero width), private ones, halves of a
# pair, and the two that begin a new line (Unicode Standard, 4.5, General Category).
_UNSAFE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
# Letters and marks that show nothing (Unicode Standard, 23.5, Default_Ignorable_Code_Point).
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# One that stands alone is a mark of its own to people, so inner ones become plain.
_MARKS = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"'})
# What mail clients take for the beginning of an address; s3:// leads nowhere in them.
_SCHEME = re.compile(
    r"(?i)\b(?!s3:)([a-z][a-z0-9+.-]{1,20}):(?=//)|\b(mailto|tel|sms|data|javascript):"
)
_WWW = re.compile(r"(?i)\bwww\.")
_MAILBOX = re.compile(r"(?<=[\w.+-])@(?=[\w-]+\.)")
# What was cut off may have lost its end.
_QUOTED = re.compile(r"“[^”]*(?:”|$)")
_DOT = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")


def is_plain(text: str) -> bool:
    """Whether a text shows everything that it holds, on one line."""
    return not any(map(_is_unsafe, text))


def one_line(text: str, longest: int = _LONGEST_LINE) -> str:
    r"""A text on one line, with what doesn't show written out: an escape character becomes `\x1b`.

    Of a longer one the rest is counted: `… (+120 characters)`.
    """
    cut = text[:longest]
    shown = " ".join("".join(map(_show, cut)).split())
    left = len(text) - len(cut)
    return f"{shown} … (+{left} characters)" if left else shown


def for_terminal(text: str) -> str:
    """A text of one or more lines; only its line breaks stay as they are."""
    return "\n".join("".join(map(_show, line)) for line in text.split("\n"))


def for_page(text: str) -> str:
    """A text on one line, within HTML."""
    return escape(one_line(text))


def for_message(text: str) -> str:
    """One line of a message to people, in which nothing becomes a link."""
    line = _SCHEME.sub(lambda found: f"{found[1] or found[2]}[:]", one_line(text))
    line = _MAILBOX.sub("[@]", _WWW.sub("www[.]", line))
    return _QUOTED.sub(lambda found: _DOT.sub("[.]", found[0]), line)


def for_json(text: str) -> str:
    """A JSON document that says the same, with what doesn't show written as JSON escapes it."""
    return "".join(
        char if char == "\n" or not _is_unsafe(char) else json.dumps(char)[1:-1] for char in text
    )


def quote(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Somebody's own words between “ and ”, which they themselves can't hold."""
    return f"“{one_line(text, longest).translate(_MARKS)}”"


def has_words(text: str) -> bool:
    """Whether anything in a text can be read."""
    return any(not _is_unsafe(char) and not char.isspace() for char in text)


def _show(char: str) -> str:
    return char.encode("unicode_escape").decode() if _is_unsafe(char) else char


def _is_unsafe(char: str) -> bool:
    return char in _BLANK or unicodedata.category(char) in _UNSAFE
