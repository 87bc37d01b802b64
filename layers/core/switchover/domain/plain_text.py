"""Cleans text from other authors, so that it is safe in Switchover's own output.

Reasons, names, file names, SageMaker's words and container logs are stored unchanged. They are
cleaned when they are shown to a person, with one function for each medium.

| medium | function | beside the cleaning |
|---|---|---|
| a line of a message | `for_message` | addresses are broken, so that no mail client makes a link of one |
| a page | `one_line`, by `switchover.web.templating` | Jinja2 escapes HTML |
| a terminal | `for_terminal` | lines stay lines |

`quote` marks a text as another author's words, in every medium.
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
# Letters and marks that are invisible (Unicode Standard, 23.5, Default_Ignorable_Code_Point).
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# The joiner and the non-joiner change the letters beside them: in Arabic and Indic scripts (Unicode
# Standard, 23.2), and the joiner also in emoji (UTS #51).
_SCRIPT = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ufb50-\ufdff\ufe70-\ufefc"
_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
# Variation selectors: for emoji and symbols, and for ideographs, which are used in people's names.
_IDEOGRAPH = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_SHAPES = re.compile(
    f"(?<=[{_SCRIPT}])[\u200c\u200d](?=[{_SCRIPT}])|(?<=[{_EMOJI}])\u200d(?=[{_EMOJI}])"
    f"|(?<=[{_IDEOGRAPH}])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
    "|(?<=[#*0-9\u00a9\u00ae\u2010-\u2bff\u3030-\u303d\u3297-\u3299\U0001f000-\U0001faff])"
    "[\ufe0e\ufe0f]"
)
_SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# A letter with more marks than any language uses covers the lines above and below.
_MOST_MARKS = 6
_MARKED = frozenset({"Mn", "Me"})
# Quotation marks inside a quotation become plain ones, so that the outer marks stay unambiguous.
_MARKS = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"'})
# Mail clients take these for the beginning of an address. They make no link of s3://.
_SCHEME = re.compile(
    r"(?i)\b(?!s3:)([a-z][a-z0-9+.-]{1,20}):(?=//)|\b(mailto|tel|sms|data|javascript):"
)
_WWW = re.compile(r"(?i)\bwww\.")
_MAILBOX = re.compile(r"(?<=[\w.+-])@(?=[\w-]+\.)")
# The end of a cut address may be missing.
_QUOTED = re.compile(r"“[^”]*(?:”|$)")
# A name with dots before a path: mail clients make a link of evil.example/x even without a scheme.
_HOST = re.compile(
    r"(?<![\w./:\\-])(?!\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/)"
    r"(?:[\w-]+\.)+[^\W\d_]{2,}(?=[/?])"
)
# Chat programs take these for a call to everybody, or for their own markup.
_CALL = re.compile(r"(?i)(?<![\w@])@(?=(?:here|channel|everyone|all)\b)|<(?=[!@#])")
_DOT = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")


def is_plain(text: str) -> bool:
    """Whether every character of a text is visible, on one line."""
    return next(find_hidden(text), None) is None


def one_line(text: str, longest: int = _LONGEST_LINE) -> str:
    r"""A text on one line, with invisible characters written out: an escape character becomes `\x1b`.

    A text that is too long ends with the number of the other characters: `… (+120 characters)`.
    """
    cut = text[:longest]
    pieces = _write_pieces(cut)
    # A written-out character takes several characters.
    fits = sum(end <= longest for end in accumulate(map(len, pieces)))
    shown = " ".join("".join(pieces[:fits]).split())
    left = len(text) - fits
    return f"{shown} … (+{left} characters)" if left else shown


def for_terminal(text: str) -> str:
    """A text of one or more lines, with invisible characters except line breaks written out."""
    return "\n".join(map(_written_out, text.split("\n")))


def for_message(text: str) -> str:
    """One line of a message to people, without anything that a mail client turns into a link."""
    line = _SCHEME.sub(lambda found: f"{found[1] or found[2]}[:]", one_line(text))
    line = _MAILBOX.sub("[@]", _WWW.sub("www[.]", line))
    line = _HOST.sub(lambda found: found[0].replace(".", "[.]"), line)
    line = _CALL.sub(lambda found: f"[{found[0]}]", line)
    return _QUOTED.sub(lambda found: _DOT.sub("[.]", found[0]), line)


def for_json(text: str) -> str:
    """The same JSON document, with invisible characters escaped."""
    return "".join(
        char if char == "\n" or not _is_unsafe(char) else json.dumps(char)[1:-1] for char in text
    )


def quote(text: str, longest: int = LONGEST_QUOTE) -> str:
    """Another author's words between “ and ”; these marks inside the words are replaced."""
    return f"“{one_line(text, longest).translate(_MARKS)}”"


def split_quotations(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces of a text in order, each with a flag for a quotation. Quotations keep their marks."""
    end = 0
    for found in _QUOTED.finditer(text):
        yield text[end : found.start()], False
        yield found[0], True
        end = found.end()
    yield text[end:], False


def has_words(text: str) -> bool:
    """Whether a text contains anything readable."""
    return any(
        not _is_unsafe(char) and not char.isspace() and unicodedata.category(char) not in _MARKED
        for char in text
    )


def find_hidden(text: str) -> Iterator[int]:
    """The positions that are invisible, or cover other lines. A line break counts as invisible."""
    if text.isascii() and text.isprintable():
        return
    shapes = {found.start() for found in _SHAPES.finditer(text)}
    marks = 0
    for at, char in enumerate(text):
        marks = marks + 1 if unicodedata.category(char) in _MARKED else 0
        if at not in shapes and (_is_unsafe(char) or marks > _MOST_MARKS):
            yield at


def write_out(char: str) -> str:
    """A character in Python's escaped form."""
    return char.encode("unicode_escape").decode()


def _written_out(text: str) -> str:
    return "".join(_write_pieces(text))


def _write_pieces(text: str) -> list[str]:
    """The shown form of each character."""
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
