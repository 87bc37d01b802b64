"""Reads untrusted JSON piece by piece, with one value in memory at a time."""

from __future__ import annotations

import codecs
import json
import re
from typing import TYPE_CHECKING

from switchover.checkpoint.text import Json, distinct, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A tensor's entry has some 150 characters. A parsed value takes up to 21 times its length in memory
# (a list of empty lists).
VALUE_LIMIT = 1024**2
_BLANK = " \t\n\r"
_AFTER = frozenset({*_BLANK, ",", ":", "}", "]"})
_BLANKS = re.compile(f"[{_BLANK}]*")
_DECODER = json.JSONDecoder(object_pairs_hook=distinct)


class BrokenJson(Exception):
    """The text isn't a JSON object; the message ends the sentence "it …"."""


class JsonStream:
    """Walks through an object: a name from `members`, then its value by `value` or `members`."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._decoded_bytes = 0
        self._text = ""
        self._at = 0

    def members(self) -> Iterator[str]:
        """Yield the names of the object that begins here. The value must be read before the next name.

        Raises:
            BrokenJson: no object begins here, or it is damaged.
        """
        if not self.begins_object():
            raise BrokenJson("does not begin with {")
        self._at += 1
        if self._peek() == "}":
            self._at += 1
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise BrokenJson(f"is not JSON: {quote(name)} is at the place of a name")
            self._take(":")
            yield name
            if self._peek() != ",":
                break
            self._at += 1
        self._take("}")

    def begins_object(self) -> bool:
        """Whether the value that begins here is an object."""
        return self._peek() == "{"

    def value(self) -> Json:
        """Read the whole value that begins here.

        Raises:
            BrokenJson: it isn't a JSON value.
        """
        self._peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError as error:
                raise BrokenJson("is nested too deeply") from error
            except ValueError as error:  # also a number of more than 4300 digits
                if not self._read_twice_as_far():
                    raise BrokenJson(f"is not JSON: {quote(str(error))}") from error
                continue
            # A value at the end of a piece may continue in the next: 12 in one piece, 34 or .5 in the
            # other.
            if self._text[end : end + 1] in _AFTER or not self._read_twice_as_far():
                self._at = end
                found: Json = value
                return found

    def end(self) -> None:
        """Check that nothing follows.

        Raises:
            BrokenJson: something follows.
        """
        if self._peek():
            raise BrokenJson("is not JSON: more text follows after the end")

    def _take(self, character: str) -> None:
        if self._peek() != character:
            raise BrokenJson(f"is not JSON: {quote(self._peek())} stands instead of {character}")
        self._at += 1

    def _peek(self) -> str:
        """The next character except white space; empty at the end."""
        while True:
            if self._at < len(self._text) and self._text[self._at] not in _BLANK:
                return self._text[self._at]
            match = _BLANKS.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_on():
                return ""

    def _read_twice_as_far(self) -> bool:
        """Double the length of the text read so far, so that a character is parsed only a few times."""
        wanted = 2 * (len(self._text) - self._at)
        if wanted > 2 * VALUE_LIMIT:
            raise BrokenJson(f"holds no value within {VALUE_LIMIT} characters")
        while self._read_on():
            if len(self._text) >= wanted:
                return True
        return len(self._text) * 2 > wanted

    def _read_on(self) -> bool:
        """Append the next piece; returns whether there was one."""
        piece = next(self._pieces, None)
        pending = len(self._decoder.getstate()[0])
        try:
            more = self._decoder.decode(piece or b"", final=piece is None)
        except UnicodeDecodeError as error:
            place = self._decoded_bytes - pending + error.start
            raise BrokenJson(f"is not UTF-8 at byte {place}") from error
        self._decoded_bytes += len(piece or b"")
        self._text, self._at = self._text[self._at :] + more, 0
        return piece is not None
