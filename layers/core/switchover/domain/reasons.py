"""Why something was refused: values, collected all at once, never raised."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from collections.abc import Iterable


class Reason(BaseModel):
    """One fault that a person can act on.

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
    subjects: dict[str, str],
    source: str,
    model: type[BaseModel],
) -> tuple[Reason, ...]:
    """Turn every fault that pydantic found into a reason that names file, field, value and remedy.

    `subjects` maps a dotted field to the file it came from, where that is not `source`.
    """
    faults: list[dict[str, Any]] = [dict(fault) for fault in error.errors(include_url=False)]
    places = [fault["loc"] for fault in faults]
    return tuple(
        _reason(fault, code, subjects, source, model)
        for fault in faults
        # A list whose entries are faulty counts as too short to pydantic: that says nothing new.
        if fault["type"] != "too_short" or not _any_inside(places, fault["loc"])
    )


def _any_inside(places: list[tuple[str | int, ...]], outer: tuple[str | int, ...]) -> bool:
    return any(place[: len(outer)] == outer and len(place) > len(outer) for place in places)


def _reason(
    fault: dict[str, Any], code: str, subjects: dict[str, str], source: str, model: type[BaseModel]
) -> Reason:
    field = _dotted(fault["loc"])
    subject = f"{_origin(field, subjects, source)}: {field}" if field else source
    match fault["type"]:
        case "extra_forbidden":
            name = str(fault["loc"][-1])
            near = difflib.get_close_matches(name, _field_names(model, fault["loc"][:-1]), n=1)
            remedy = f"Did you mean {near[0]!r}?" if near else "Remove it, or correct its name."
            return Reason(
                code=code, subject=subject, message=f"unknown key {name!r}.", remedy=remedy
            )
        case "missing":
            return Reason(code=code, subject=subject, message="is missing.", remedy="Add it.")
        case _:
            return Reason(
                code=code,
                subject=subject,
                message=f"{_shortened(fault['input'])} is not accepted: {_lowered(fault['msg'])}.",
                remedy="Correct the value.",
            )


def _dotted(location: Iterable[str | int]) -> str:
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def _origin(field: str, subjects: dict[str, str], source: str) -> str:
    known = [
        path for path in subjects if field == path or field.startswith((f"{path}.", f"{path}["))
    ]
    return subjects[max(known, key=len)] if known else source


def _field_names(model: type[BaseModel], location: Iterable[str | int]) -> list[str]:
    here: Any = model
    for step in location:
        fields = getattr(here, "model_fields", {})
        if isinstance(step, str) and step in fields:
            here = fields[step].annotation
    fields = getattr(here, "model_fields", model.model_fields)
    return [field.alias or name for name, field in fields.items()]


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _lowered(message: str) -> str:
    text = message.removeprefix("Value error, ").rstrip(".")
    return text[:1].lower() + text[1:]
