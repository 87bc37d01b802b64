"""Checks a request against AWS's own service model, more strictly than botocore does.

botocore checks only required members and minimums; the service checks maximums, enums and patterns
(rules §1.1). The words are those of AWS's ValidationException.
"""

from __future__ import annotations

import math
import re
from functools import cache
from typing import TYPE_CHECKING

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from .refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

_JAVA_CLASSES = {  # approximations by Python's classes; letters and marks match more characters
    "L": r"a-zA-Z\u00aa-\uffff",
    "M": r"\u0300-\u036f",
    "Z": r"\s",
    "N": r"\d",
    "P": r"!-/:-@\[-`{-~",
    "S": r"$+<->^`|~",
    "Alnum": "a-zA-Z0-9",
    "ASCII": r"\x00-\x7f",
    "Print": r"\x20-\x7e",
}
_MATCHED_CHARACTERS = 4_096
# Java writes characters beyond 16 bits as pairs of surrogates, Python as single characters.
_JAVA_SURROGATES, _BEYOND_16_BITS = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"
_JAVA_ESCAPE = re.compile(r"\\p\{(?P<name>\w+)\}")


def check_request(params: dict[str, object], shape: Shape, code: str) -> None:
    """Refuse params that break constraints of the model; names every broken constraint.

    Raises:
        Refusal: with `code`, ValidationException for most services.
    """
    broken = list(_violations(params, shape, ""))
    if broken:
        plural = "errors" if len(broken) > 1 else "error"
        message = f"{len(broken)} validation {plural} detected: {'; '.join(broken)}"
        raise Refusal(code, message)


def _violations(value: object, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        yield from _member_violations(value, shape, path)
    elif isinstance(shape, ListShape) and isinstance(value, list):
        yield from _length_violations(value, shape, path)
        for number, item in enumerate(value, start=1):
            yield from _violations(item, shape.member, f"{path}.{number}.member")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        yield from _length_violations(value, shape, path)
        for key, item in value.items():
            yield from _violations(key, shape.key, f"{path}.{key}.key")
            yield from _violations(item, shape.value, f"{path}.{key}.value")
    elif isinstance(value, str):
        yield from _length_violations(value, shape, path)
        yield from _string_violations(value, shape, path)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _range_violations(value, shape, path)


def _member_violations(value: dict[str, object], shape: StructureShape, path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield _violation(None, _join(path, name), "Member must not be null")
    for name, member in value.items():
        yield from _violations(member, shape.members[name], _join(path, name))


def _length_violations(
    value: str | list[object] | dict[str, object], shape: Shape, path: str
) -> Iterator[str]:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    if maximum is not None and len(value) > int(maximum):
        yield _violation(value, path, f"Member must have length less than or equal to {maximum}")
    if minimum is not None and len(value) < int(minimum):
        yield _violation(value, path, f"Member must have length greater than or equal to {minimum}")


def _range_violations(value: float, shape: Shape, path: str) -> Iterator[str]:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    # NaN compares as false, so NaN breaks every bound. A number with a bound can't be infinite either.
    if maximum is not None and not value <= float(maximum):
        yield _violation(value, path, f"Member must have value less than or equal to {maximum}")
    if minimum is not None and not float(minimum) <= value < math.inf:
        yield _violation(value, path, f"Member must have value greater than or equal to {minimum}")


def _string_violations(value: str, shape: Shape, path: str) -> Iterator[str]:
    if isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        allowed = ", ".join(shape.enum)
        yield _violation(value, path, f"Member must satisfy enum value set: [{allowed}]")
    pattern = shape.metadata.get("pattern")
    if len(value) > max(_MATCHED_CHARACTERS, int(shape.metadata.get("max", len(value)))):
        return  # the length is refused already, and some patterns take quadratic time
    compiled = _compile(str(pattern)) if pattern is not None else None
    if compiled is not None and not compiled.fullmatch(value):
        constraint = f"Member must satisfy regular expression pattern: {pattern}"
        yield _violation(value, path, constraint)


@cache
def _compile(pattern: str) -> re.Pattern[str] | None:
    """Read a Java pattern; None for the few that Python can't express, which aren't checked."""
    respelled = pattern.replace(r"\z", r"\Z").replace(_JAVA_SURROGATES, _BEYOND_16_BITS)
    try:
        return re.compile(_JAVA_ESCAPE.sub(_translate, respelled))
    except re.error:
        return None


def _translate(escape: re.Match[str]) -> str:
    members = _JAVA_CLASSES[escape["name"]]
    before = escape.string[: escape.start()]
    is_in_brackets = before.count("[") > before.count("]")
    return members if is_in_brackets else f"[{members}]"


def _violation(value: object, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    member = name[:1].lower() + name[1:]
    return f"{path}.{member}" if path else member
