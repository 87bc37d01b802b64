"""Reasons for a refusal: values that are collected together and never raised."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from switchover.domain.units import remedy_for_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pydantic.fields import FieldInfo

_QUOTED = re.compile(r"'([^']*)'")
# Reasons must fit into payloads of 256 KB and into one item of the ledger.
MOST_REASONS = 20
_LONGEST_FIELD = 200
_LONGEST_MESSAGE = 400


class Reason(BaseModel):
    """One fault that a person can fix.

    `subject` names the file and field, or the AWS resource; `message` says what is wrong with which
    value; `remedy` says what to do. `code` is stable: scripts may match it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    subject: str
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.subject}: {self.message} {self.remedy}"


def reasons_from(
    error: ValidationError,
    *,
    code: str,
    subjects: Mapping[str, str],
    source: str,
    model: type[BaseModel],
) -> tuple[Reason, ...]:
    """Turn the faults that pydantic found into reasons that name file, field, value and remedy.

    `subjects` maps a dotted field to its file, if that isn't `source`. Of very many faults, only the
    first ones are listed, with the total number.
    """
    all_faults = error.errors(include_url=False)
    faults: list[dict[str, Any]] = [dict(fault) for fault in all_faults[: MOST_REASONS + 1]]
    places = [fault["loc"] for fault in faults]
    told = tuple(
        _reason(fault, code, subjects, source, model)
        for fault in faults
        # Pydantic also reports a list with faulty entries as too short, which adds nothing.
        if fault["type"] != "too_short" or not _any_inside(places, fault["loc"])
    )
    count = sum(fault["type"] != "too_short" for fault in all_faults)
    return limit_reasons(told, code=code, subject=source, count=count)


def limit_reasons(
    reasons: Sequence[Reason], *, code: str, subject: str, count: int = 0
) -> tuple[Reason, ...]:
    """The first reasons, and a reason with the number of the others.

    `count` is the total number, if not all reasons are given.
    """
    left = max(count, len(reasons)) - MOST_REASONS
    if len(reasons) <= MOST_REASONS or left <= 0:
        return tuple(reasons)
    last = Reason(
        code=code,
        subject=subject,
        message=f"has {left} more faults.",
        remedy="Correct the faults above first: many may have the same cause.",
    )
    return (*reasons[:MOST_REASONS], last)


def _any_inside(places: list[tuple[str | int, ...]], outer: tuple[str | int, ...]) -> bool:
    return any(place[: len(outer)] == outer and len(place) > len(outer) for place in places)


def _reason(
    fault: dict[str, Any],
    code: str,
    subjects: Mapping[str, str],
    source: str,
    model: type[BaseModel],
) -> Reason:
    place, around, choices = _walk(model, fault["loc"])
    context = fault.get("ctx", {})
    match fault["type"]:
        case "extra_forbidden":
            message = f"unknown key {str(place[-1])!r}."
            remedy = _remedy_for_key(str(place[-1]), around, model)
        case "missing":
            message, remedy = "is missing.", "Add it."
        case "union_tag_not_found":
            tag = context["discriminator"].strip("'")
            place = (*place, tag)
            known = ", ".join(repr(each.model_fields[tag].default) for each in choices)
            message, remedy = "is missing.", f"Add one of {known}."
        case "union_tag_invalid":
            place = (*place, context["discriminator"].strip("'"))
            expected = context["expected_tags"]
            message = f"{context['tag']!r} is not accepted: input should be one of {expected}."
            near = _nearest(context["tag"], _QUOTED.findall(expected))
            remedy = near or "Correct the value."
        case _:
            message = f"{_shortened(fault['input'])} is not accepted: {_lowered(fault['msg'])}."
            remedy = _remedy_for_value(fault)
    field = _cut(_dotted(place), _LONGEST_FIELD)
    subject = f"{nearest_origin(field, subjects, source)}: {field}" if field else source
    return Reason(code=code, subject=subject, message=message, remedy=remedy)


def _remedy_for_key(name: str, around: type[BaseModel], model: type[BaseModel]) -> str:
    paths = tuple(_paths(model))
    if name in paths:
        return f"Nest it: `{name.replace('.', ': {')}: …{'}' * name.count('.')}`."
    elsewhere = [path for path in paths if path.rpartition(".")[2] == name]
    if elsewhere:
        return f"Did you mean {_either(elsewhere)}?"
    return _nearest(name, _fields(around)) or "Remove it, or correct its name."


def _nearest(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]!r}?" if near else ""


def _remedy_for_value(fault: dict[str, Any]) -> str:
    """The remedy for a value: the validator's own, the nearest choice, or the number without its unit."""
    value, context = fault["input"], fault.get("ctx", {})
    remedy: str | None
    match fault["type"]:
        case "enum" | "literal_error" if isinstance(value, str):
            remedy = _nearest(value.lower(), _QUOTED.findall(context["expected"]))
        case "int_parsing" | "float_parsing":
            remedy = remedy_for_number(value)
        case _:
            remedy = context.get("remedy")
    return remedy or "Correct the value."


def _dotted(location: Iterable[str | int]) -> str:
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def nearest_origin(field: str, subjects: Mapping[str, str], source: str) -> str:
    """The place where a dotted field or its section was set; `source` if neither is known."""
    known = [
        path for path in subjects if field == path or field.startswith((f"{path}.", f"{path}["))
    ]
    return subjects[max(known, key=len)] if known else source


def _walk(
    model: type[BaseModel], location: Iterable[str | int]
) -> tuple[tuple[str | int, ...], type[BaseModel], tuple[type[BaseModel], ...]]:
    """A place within a model as in the file, the model around it, and the models that may check it.

    For a tagged union, pydantic's place contains the tag as a step, which the file doesn't have.
    """
    place: list[str | int] = []
    around = here = model
    choices: tuple[type[BaseModel], ...] = ()
    for step in location:
        tagged = next((each for each in choices if _has_tag(each, step)), None)
        if tagged is not None:
            here, choices = tagged, ()
            continue
        place.append(step)
        field, around = _fields(here).get(str(step)), here
        if field is not None:
            choices = tuple(_models_in(field.annotation))
            here = choices[0] if len(choices) == 1 else here
    return tuple(place), around, choices


def _has_tag(model: type[BaseModel], tag: str | int) -> bool:
    # An index isn't a tag; the check matters because 1 equals True.
    return isinstance(tag, str) and any(
        get_origin(field.annotation) is Literal and field.default == tag
        for field in model.model_fields.values()
    )


def _model_in(annotation: object) -> type[BaseModel] | None:
    """The only model that an annotation allows, if there is one: `Bounds` for `Bounds | None`."""
    models = tuple(_models_in(annotation))
    return models[0] if len(models) == 1 else None


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """Every model that an annotation names, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for part in get_args(annotation):
        yield from _models_in(part)


def _paths(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Every dotted key within a model."""
    for name, field in _fields(model).items():
        yield f"{prefix}{name}"
        inner = _model_in(field.annotation)
        if inner is not None:
            yield from _paths(inner, f"{prefix}{name}.")


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def _either(names: list[str]) -> str:
    *others, last = map(repr, names)
    return f"{', '.join(others)} or {last}" if others else last


def _shortened(value: object) -> str:
    return _cut(repr(value), 80)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _lowered(message: str) -> str:
    text = _cut(message.removeprefix("Value error, "), _LONGEST_MESSAGE).rstrip(".")
    return text[:1].lower() + text[1:]
