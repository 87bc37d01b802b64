"""Cleans text that others wrote, so that it is safe among our own lines.

Reasons, names, file names, SageMaker's words and container logs are kept as they came. They are cleaned
where they enter a line that a person reads: one function for each medium.

| medium | function | beside the cleaning |
|---|---|---|
| a line of a message | `for_message` | addresses are broken, so that no mail client makes a link of one |
| a page | `one_line`, by `switchover.web.templating` | Jinja2 escapes HTML |
| a terminal | `for_terminal` | lines stay lines |

`quote` marks a text as somebody's own words, within any of them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_QUOTE = 400
_LONGEST_LINE = 2_000
# Control and format characters (escape sequences, direction, zero width), private ones, halves of a
# pair, and the two that begin a new line (Unicode Standard, 4.5, General Category).
_UNSAFE = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
# Letters and marks that show nothing (Unicode Standard, 23.5, Default_Ignorable_Code_Point).
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# The joiner and the non-joiner, which show in the letters beside them: in Arabic and Indic scripts
# (Unicode Standard, 23.2), and in emoji, which the joiner alone puts together (UTS #51).
_SCRIPT = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc"
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
# Variation selectors: of emoji and symbols, and of ideographs, in which people write their names.
_IDEOGRAPH = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SHAPES = re.compile(
    f"(?<=[{_SCRIPT}])[\u200c\u200d](?=[{_SCRIPT}])|(?<=[{_EMOJI}])\u200d(?=[{_EMOJI}])"
    f"|(?<=[{_IDEOGRAPH}])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    "|(?<=[#*0-9\u00a9\u00ae\u2010-\u2bff\u3030-\u303d\u3297-\u3299\U0001f000-\U0001faff])"
    "[\ufe0e\ufe0f]"
)
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# More marks on one letter than any language writes run over the lines above and below.
_MOST_MARKS = 6
_MARKED = frozenset({"Mn", "Me"})
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
# A name with dots before a path: mail clients link evil.example/x though no scheme stands before.
_HOST = re.compile(
    r"(?<![\w./:\\-])(?!\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/)"
    r"(?:[\w-]+\.)+[^\W\d_]{2,}(?=[/?])"
)
# What chats take for a call to everybody, or for their own markup.
_CALL = re.compile(r"(?i)(?<![\w@])@(?=(?:here|channel|everyone|all)\b)|<(?=[!@#])")
_DOT = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")


def is_plain(text: str) -> bool:
    """Whether a text shows everything that it holds, on one line."""
    return next(find_hidden(text), None) is None


def one_line(text: str, longest: int = _LONGEST_LINE) -> str:
    r"""A text on one line, with what doesn't show written out: an escape character becomes `\x1b`.

    Of a longer one the rest is counted: `… (+120 characters)`.
    """
    cut = text[:longest]
    pieces = _write_pieces(cut)
    # What is written out takes several characters for one.
    fits = sum(end <= longest for end in accumulate(map(len, pieces)))
    shown = " ".join("".join(pieces[:fits]).split())
    left = len(text) - fits
    return f"{shown} … (+{left} characters)" if left else shown


def for_terminal(text: str) -> str:
    """A text of one or more lines; only its line breaks stay as they are."""
    return "\n".join(map(_written_out, text.split("\n")))


def for_message(text: str) -> str:
    """One line of a message to people, in which nothing becomes a link."""
    line = _SCHEME.sub(lambda found: f"{found[1] or found[2]}[:]", one_line(text))
    line = _MAILBOX.sub("[@]", _WWW.sub("www[.]", line))
    line = _HOST.sub(lambda found: found[0].replace(".", "[.]"), line)
    line = _CALL.sub(lambda found: f"[{found[0]}]", line)
    return _QUOTED.sub(lambda found: _DOT.sub("[.]", found[0]), line)


def for_json(text: str) -> str:
    """A JSON document that says the same, with what doesn't show written as JSON escapes it."""
    return "".join(
        char if char == "\n" or not _is_unsafe(char) else json.dumps(char)[1:-1] for char in text
    )


def quote(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Somebody's own words between “ and ”, which they themselves can't hold."""
    return f"“{one_line(text, longest).translate(_MARKS)}”"


def split_quotations(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a text in order; each with whether it is a quotation, with its marks."""
    end = 0
    for found in _QUOTED.finditer(text):
        yield text[end : found.start()], False
        yield found[0], True
        end = found.end()
    yield text[end:], False


def has_words(text: str) -> bool:
    """Whether anything in a text can be read."""
    return any(
        not _is_unsafe(char) and not char.isspace() and unicodedata.category(char) not in _MARKED
        for char in text
    )


def find_hidden(text: str) -> Iterator[int]:
    """Where a text doesn't show, or runs over other lines; a line break doesn't show either."""
    if text.isascii() and text.isprintable():
        return
    shapes = {found.start() for found in _SHAPES.finditer(text)}
    marks = 0
    for at, char in enumerate(text):
        marks = marks + 1 if unicodedata.category(char) in _MARKED else 0
        if at not in shapes and (_is_unsafe(char) or marks > _MOST_MARKS):
            yield at


def write_out(char: str) -> str:
    """A character as Python escapes it."""
    return char.encode("unicode_escape").decode()


def _written_out(text: str) -> str:
    return "".join(_write_pieces(text))


def _write_pieces(text: str) -> list[str]:
    """What is shown for each character."""
    pieces = list(text)
    for at in find_hidden(text):
        pieces[at] = write_out(text[at])
    return pieces


def _is_unsafe(char: str) -> bool:
    return (
        char in _BLANK
        or unicodedata.category(char) in _UNSAFE
        or _SELECTORS.fullmatch(char) is not None
    )
