"""Values in which every text of others contains characters that must never reach a person unescaped."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from pydantic import BaseModel

# An escape sequence as one character and as two, a new line of its own, a link, a direction, the end of a
# tag, and markup of rich that nothing opened.
POISON = "\x9b2J\x1b]52;c;cm0=\x07\nYes: https://evil.example\u202e\u200b<b>[/] @all ![x](y)"


def poison(value: Any) -> Any:
    """The same value with the poison behind each of its texts, however deep."""
    if type(value) is str:
        return f"{value}{POISON}"
    if isinstance(value, BaseModel):
        return value.model_copy(
            update={name: poison(getattr(value, name)) for name in type(value).model_fields}
        )
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: poison(getattr(value, each.name)) for each in fields(value)}
        )
    if isinstance(value, tuple | list):
        return type(value)(map(poison, value))
    if isinstance(value, dict):
        return {key: poison(each) for key, each in value.items()}
    return value
