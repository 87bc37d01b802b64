"""What a plan changes about the live config and model, field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from switchover.domain.plans.cloning import without_origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from switchover.domain.fleet import LiveRelease
    from switchover.domain.plans.plan import Plan


class Change(BaseModel):
    """One field that differs; None where one side doesn't have it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    old: str | None
    new: str | None


class Difference(BaseModel):
    """The fields that the update changes, and the number of fields that stay the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: tuple[Change, ...]
    model: tuple[Change, ...]
    unchanged: int


def find_difference(plan: Plan, live: LiveRelease) -> Difference:
    """Compare the planned config and model with the live ones, without fields that only AWS writes."""
    config, same_config = _compare(
        _creatable(live.config, live.creatable_config_fields, live.config_tags),
        without_origin(plan.target.config_request or {}),
    )
    model, same_model = _compare(
        _creatable(live.model, live.creatable_model_fields, live.model_tags),
        without_origin(plan.target.model_request or {}),
    )
    return Difference(config=config, model=model, unchanged=same_config + same_model)


def _creatable(
    described: Mapping[str, Any], fields: frozenset[str], tags: Iterable[Mapping[str, str]]
) -> dict[str, Any]:
    own = [tag for tag in tags if not tag["Key"].startswith("aws:")]
    kept = {key: value for key, value in described.items() if key in fields}
    return without_origin({**kept, "Tags": own})


def _compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[tuple[Change, ...], int]:
    before, after = dict(_flatten(old, "")), dict(_flatten(new, ""))
    fields = tuple(dict.fromkeys((*before, *after)))
    changes = tuple(
        Change(field=field, old=before.get(field), new=after.get(field))
        for field in fields
        if before.get(field) != after.get(field)
    )
    return changes, len(fields) - len(changes)


def _flatten(value: object, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case Mapping() if value:
            for key, below in value.items():
                yield from _flatten(below, f"{path}.{key}" if path else str(key))
        case Sequence() if value and not isinstance(value, str | bytes):
            for index, below in enumerate(value):
                yield from _flatten(below, f"{path}[{index}]")
        case str():
            yield path, value
        case _:
            yield path, json.dumps(value, default=str)
