"""Every key of a policy with its value, its default, where it came from and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import UnionType
from typing import TYPE_CHECKING, Annotated, TypeGuard, Union, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel

from switchover.domain.policies.policy import Part, Policy
from switchover.domain.quantities import Duration, written_duration, written_number

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
        """The keys above it, dotted; empty at the top."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The key as it stands in its section."""
        return self.key.rpartition(".")[2]

    @property
    def is_default(self) -> bool:
        """Whether it holds what it would without any file."""
        return self.value == self.default


def settings_of(effective: EffectivePolicy) -> tuple[Setting, ...]:
    """Every leaf key in the order of the file."""
    return tuple(_settings(effective.policy, Policy(), effective, ""))


def sections_opened(before: str, section: str) -> tuple[str, ...]:
    """The dotted sections whose headings stand between a key of `before` and one of `section`."""
    parts = section.split(".") if section else []
    path = [".".join(parts[: depth + 1]) for depth in range(len(parts))]
    return tuple(step for step in path if not f"{before}.".startswith(f"{step}."))


def meaning_of_section(path: str) -> str:
    """What the keys of a section have in common."""
    part: type[Part] = Policy
    for name in path.split("."):
        inner = part.model_fields[name].annotation
        part = inner if _is_part(inner) else part
    return (part.__doc__ or "").partition("\n")[0].partition(". ")[0].rstrip(".") + "."


def _settings(
    values: Part, defaults: Part, effective: EffectivePolicy, prefix: str
) -> Iterator[Setting]:
    for name, field in type(values).model_fields.items():
        value, default, key = getattr(values, name), getattr(defaults, name), f"{prefix}{name}"
        if field.exclude:
            continue
        if _is_part(field.annotation):
            yield from _settings(value, default, effective, f"{key}.")
        else:
            marks = _marks(field)
            yield Setting(
                key=key,
                value=_written(value, marks),
                default=_written(default, marks),
                origin=effective.origins.get(key, DEFAULT),
                meaning=field.description or "",
                bounds=_bounds(field, marks),
            )


def _is_part(annotation: object) -> TypeGuard[type[Part]]:
    return isinstance(annotation, type) and issubclass(annotation, Part)


def _marks(field: FieldInfo) -> tuple[object, ...]:
    """What a field's annotation says beside its type, also where the value may be left out."""
    if get_origin(field.annotation) not in {Union, UnionType}:
        return tuple(field.metadata)
    choices = [choice for choice in get_args(field.annotation) if get_origin(choice) is Annotated]
    inner = [mark for choice in choices for mark in choice.__metadata__]
    nested = [entry for mark in inner for entry in getattr(mark, "metadata", (mark,))]
    return (*field.metadata, *nested)


def _written(value: object, marks: tuple[object, ...]) -> str:
    match value:
        case int() | float() if not isinstance(value, bool):
            is_duration = any(isinstance(mark, Duration) for mark in marks)
            return written_duration(value) if is_duration else written_number(value)
        case _:
            flow = yaml.safe_dump(
                [_plain(value)], default_flow_style=True, sort_keys=False, width=10_000
            )
            return flow.strip().removeprefix("[").removesuffix("]")


def _plain(value: object) -> object:
    match value:
        case BaseModel():
            return value.model_dump(mode="json", by_alias=True, exclude_none=True)
        case tuple():
            return [_plain(entry) for entry in value]
        case StrEnum():
            return value.value
        case _:
            return value


def _bounds(field: FieldInfo, marks: tuple[object, ...]) -> str:
    if isinstance(field.annotation, type) and issubclass(field.annotation, StrEnum):
        return " | ".join(member.value for member in field.annotation)
    if field.annotation is bool:
        return "true | false"
    low, high = "", ""
    for mark in marks:
        match mark:
            case Duration():
                return f"{written_duration(mark.at_least)}–{written_duration(mark.at_most)}"
            case Ge(number):
                low = f"{number}"
            case Gt(number):
                low = f"above {number}"
            case Le(number):
                high = f"{number}"
            case Lt(number):
                high = f"below {number}"
            case _:
                pass
    if low and high:
        return f"{low}–{high}" if low.isdigit() and high.isdigit() else f"{low} to {high}"
    return f"at least {low}" if low else f"at most {high}" if high else ""
