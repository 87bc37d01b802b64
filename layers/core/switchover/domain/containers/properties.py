"""What a release's own `serving.properties` says of the weights, as LMI reads it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from switchover.domain.containers.servers import is_in_model_folder
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_NAME = "serving.properties"
# "option.model_id: The HuggingFace Hub Model Id, or the S3 URI object prefix" (LMI, "Container and Model
# Configurations"); option.s3url is its older name.
_WEIGHTS = ("option.model_id", "option.s3url")
_SEPARATOR = re.compile(r"(?<!\\)[=:]|(?<!\\)[ \t\f]+[=:]?[ \t\f]*")
_ESCAPED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)")
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_SHOWN_LETTERS = 200


def find_weights_elsewhere(text: str) -> tuple[Reason, ...]:
    """Say which lines make LMI load other weights than the files beside them."""
    read = parse_properties(text)
    return tuple(
        Reason(
            code="model.weights-elsewhere",
            subject=f"{FILE_NAME}: {key}",
            message=(
                f"names {read[key][:_SHOWN_LETTERS]!r}: LMI loads that, and not the files that were"
                " checked."
            ),
            remedy=f"Leave {key} out: LMI then loads the files beside {FILE_NAME}.",
        )
        for key in _WEIGHTS
        if read.get(key) and not _is_of_release(read[key])
    )


def keeps_to_release(text: str) -> bool:
    """Whether the file itself leads LMI to the release, whatever the environment says.

    "Configurations specified in the `serving.properties` files will override configurations specified in
    environment variables" (LMI, "Container and Model Configurations").
    """
    named = parse_properties(text).get(_WEIGHTS[0], "")
    return bool(named) and _is_of_release(named)


def parse_properties(text: str) -> dict[str, str]:
    """Read Java properties; of a key that stands twice the last counts (`java.util.Properties.load`)."""
    read: dict[str, str] = {}
    for line in _logical_lines(text):
        found = _SEPARATOR.search(line)
        key, value = (line[: found.start()], line[found.end() :]) if found else (line, "")
        read[_unescaped(key)] = _unescaped(value.lstrip(" \t\f"))
    return read


def _logical_lines(text: str) -> Iterator[str]:
    """Each line without its indent, comments left out, joined with those that it continues on."""
    pending = ""
    for raw in re.split(r"\r\n|\r|\n", text):
        line = raw.lstrip(" \t\f")
        if not pending and (not line or line[0] in "#!"):
            continue
        backslashes = len(line) - len(line.rstrip("\\"))
        if backslashes % 2:
            pending += line[:-1]
            continue
        yield pending + line
        pending = ""
    if pending:
        yield pending


def _unescaped(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        what = found[1]
        if len(what) > 1:
            return chr(int(what[1:], 16))
        return _CONTROLS.get(what, what)

    return _ESCAPED.sub(plain, text)


def _is_of_release(value: str) -> bool:
    return is_in_model_folder(value) or value == "." or value.startswith("./")
