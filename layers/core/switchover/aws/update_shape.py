"""Converts an update to the flat form in which items hold it, and back."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from switchover.domain import flat_shape
from switchover.domain.flat_shape import place_fields
from switchover.domain.update.groups import (
    Asking,
    Capacity,
    Findings,
    GoingBack,
    Pins,
    Progress,
    Record,
    Told,
    Waiting,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover.domain.update.update import Update

GROUPS = {
    "pins": Pins,
    "found": Findings,
    "asking": Asking,
    "waiting": Waiting,
    "progress": Progress,
    "way_back": GoingBack,
    "capacity": Capacity,
    "told": Told,
    "record": Record,
}
# Fields whose name in items differs from their name in the group.
_NAMES = {
    ("asking", "given"): "approvals",
    ("asking", "link"): "approval_link",
    ("asking", "closed_by"): "gate_closed_by",
    ("way_back", "attempts"): "rollback_attempts",
    ("way_back", "faults"): "way_back_faults",
}
# For each name in items: the field's group, and its name in the group.
PLACES = place_fields(GROUPS, _NAMES)


def flatten(update: Update) -> dict[str, object]:
    """All fields of an update, by their names in items."""
    whole = _by_name(update)
    return flat_shape.flatten(
        {**whole, **{group: _by_name(whole[group]) for group in GROUPS}},
        PLACES,
    )


def nest(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item's fields, sorted into groups. Unknown names stay at the top."""
    return flat_shape.nest(item, PLACES)


def _by_name(record: Any) -> dict[str, Any]:
    return {each.name: getattr(record, each.name) for each in fields(record)}
