"""Groups of policy keys, and the walk over all keys."""

from __future__ import annotations

from enum import StrEnum
from types import UnionType
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeGuard, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from switchover.domain.units import Duration, written_duration, written_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic.fields import FieldInfo


class Part(BaseModel):
    """Keys that belong together; any other key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Leaf(NamedTuple):
    """One dotted key with its value and its declaration."""

    key: str
    value: object
    field: FieldInfo

    @property
    def written(self) -> str:
        """The value as it is written in a policy file."""
        return write_value(self.value, marks_of(self.field))


def is_part(annotation: object) -> TypeGuard[type[Part]]:
    """Whether a key is a section with keys of its own."""
    return isinstance(annotation, type) and issubclass(annotation, Part)


def leaves(part: Part, prefix: str = "") -> Iterator[Leaf]:
    """Every key that holds a value, in the order of the file."""
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if is_part(field.annotation):
            yield from leaves(value, f"{prefix}{name}.")
        elif not field.exclude:
            yield Leaf(f"{prefix}{name}", value, field)


def key_names(part: type[Part], prefix: str = "") -> Iterator[str]:
    """Every dotted key, sections included."""
    for name, field in part.model_fields.items():
        if not field.exclude:
            yield f"{prefix}{name}"
        if is_part(field.annotation):
            yield from key_names(field.annotation, f"{prefix}{name}.")


def is_named(key: str, names: tuple[str, ...]) -> bool:
    """Whether a dotted key is among these names of keys and sections."""
    return any(key == name or key.startswith(f"{name}.") for name in names)


def marks_of(field: FieldInfo) -> tuple[object, ...]:
    """The metadata of a field's annotation, also if the value is optional."""
    if get_origin(field.annotation) not in {Union, UnionType}:
        return tuple(field.metadata)
    choices = [choice for choice in get_args(field.annotation) if get_origin(choice) is Annotated]
    inner = [mark for choice in choices for mark in choice.__metadata__]
    nested = [entry for mark in inner for entry in getattr(mark, "metadata", (mark,))]
    return (*field.metadata, *nested)


def write_value(value: object, marks: tuple[object, ...] = ()) -> str:
    """The value as it is written in a policy file; `marks` distinguish a duration from other numbers."""
    match value:
        case int() | float() if not isinstance(value, bool):
            is_duration = any(isinstance(mark, Duration) for mark in marks)
            return written_duration(value) if is_duration else written_number(value)
        case _:
            import yaml  # here: a function that writes no value never loads it

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
