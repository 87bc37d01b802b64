"""Every key of a policy with its value, its default, its origin and its meaning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from annotated_types import Ge, Gt, Le, Lt

from switchover.domain.policies.parts import Part, is_part, marks_of, write_value
from switchover.domain.policies.policy import Policy
from switchover.domain.units import Duration, written_duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo

    from switchover.domain.policies.layers import EffectivePolicy

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Setting:
    """One key of a policy. Values are written as the file takes them; `null` is "left out"."""

    key: str
    value: str
    default: str
    origin: str
    meaning: str
    bounds: str

    @property
    def section(self) -> str:
        """The dotted name of the section that the key is in; empty at the top."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The key's name within its section."""
        return self.key.rpartition(".")[2]

    @property
    def is_default(self) -> bool:
        """Whether the value is the default."""
        return self.value == self.default


def settings_of(effective: EffectivePolicy) -> tuple[Setting, ...]:
    """Every leaf key in the order of the file."""
    return tuple(_settings(effective.policy, Policy(), effective, ""))


def sections_opened(before: str, section: str) -> tuple[str, ...]:
    """The dotted sections whose headings come between a key of `before` and a key of `section`."""
    parts = section.split(".") if section else []
    path = [".".join(parts[: depth + 1]) for depth in range(len(parts))]
    return tuple(step for step in path if not f"{before}.".startswith(f"{step}."))


def meaning_of_section(path: str) -> str:
    """The description of a section."""
    part: type[Part] = Policy
    for name in path.split("."):
        inner = part.model_fields[name].annotation
        part = inner if is_part(inner) else part
    return (part.__doc__ or "").partition("\n")[0].partition(". ")[0].rstrip(".") + "."


def _settings(
    values: Part, defaults: Part, effective: EffectivePolicy, prefix: str
) -> Iterator[Setting]:
    for name, field in type(values).model_fields.items():
        value, default, key = getattr(values, name), getattr(defaults, name), f"{prefix}{name}"
        if field.exclude:
            continue
        if is_part(field.annotation):
            yield from _settings(value, default, effective, f"{key}.")
        else:
            marks = marks_of(field)
            yield Setting(
                key=key,
                value=write_value(value, marks),
                default=write_value(default, marks),
                origin=effective.origins.get(key, DEFAULT),
                meaning=field.description or "",
                bounds=_bounds(field, marks),
            )


def _bounds(field: FieldInfo, marks: tuple[object, ...]) -> str:
    if isinstance(field.annotation, type) and issubclass(field.annotation, StrEnum):
        return " | ".join(member.value for member in field.annotation)
    if field.annotation is bool:
        return "true | false"
    duration = next((mark for mark in marks if isinstance(mark, Duration)), None)
    if duration is not None:
        return f"{written_duration(duration.at_least)}–{written_duration(duration.at_most)}"
    return _say_range(
        low="".join(map(_say_lower_bound, marks)), high="".join(map(_say_upper_bound, marks))
    )


def _say_range(low: str, high: str) -> str:
    if low and high:
        return f"{low}–{high}" if low.isdigit() and high.isdigit() else f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}" if high else ""


def _say_lower_bound(mark: object) -> str:
    match mark:
        case Ge(number):
            return f"{number}"
        case Gt(number):
            return f"above {number}"
        case _:
            return ""


def _say_upper_bound(mark: object) -> str:
    match mark:
        case Le(number):
            return f"{number}"
        case Lt(number):
            return f"below {number}"
        case _:
            return ""
