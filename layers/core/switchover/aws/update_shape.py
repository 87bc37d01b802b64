"""The flat shape in which items hold an update."""

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
# Fields that items hold under another name than their group.
_NAMES = {
    ("asking", "given"): "approvals",
    ("asking", "link"): "approval_link",
    ("asking", "closed_by"): "gate_closed_by",
    ("way_back", "attempts"): "rollback_attempts",
    ("way_back", "faults"): "way_back_faults",
}
# By the name in items: the group of a field, and its name there.
PLACES = place_fields(GROUPS, _NAMES)


def flatten(update: Update) -> dict[str, object]:
    """Each field of an update by its name in items."""
    whole = _by_name(update)
    return flat_shape.flatten(
        {**whole, **{group: _by_name(whole[group]) for group in GROUPS}},
        PLACES,
    )


def nest(item: Mapping[str, Any]) -> dict[str, Any]:
    """What an item holds, by groups. Names that are unknown stay where they are."""
    return flat_shape.nest(item, PLACES)


def _by_name(record: Any) -> dict[str, Any]:
    return {each.name: getattr(record, each.name) for each in fields(record)}
