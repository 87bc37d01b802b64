"""The shape in which items hold an update: one flat object, in which each field has a name of its own.

Groups are how the code reads an update; items don't know them, so that all versions of the code read and
write the same shape.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

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
from switchover.domain.update.update import Update

if TYPE_CHECKING:
    from collections.abc import Mapping

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
PLACES = {
    _NAMES.get((group, each.name), each.name): (group, each.name)
    for group, kind in GROUPS.items()
    for each in fields(kind)
}


def flatten(update: Update) -> dict[str, object]:
    """Each field of an update by its name in items."""
    whole: dict[str, object] = {
        each.name: getattr(update, each.name) for each in fields(Update) if each.name not in GROUPS
    }
    grouped = {
        name: getattr(getattr(update, group), field) for name, (group, field) in PLACES.items()
    }
    return whole | grouped


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """What an item holds, by groups. Names that are unknown stay where they are."""
    nested: dict[str, Any] = {name: value for name, value in flat.items() if name not in PLACES}
    for name, (group, field) in PLACES.items():
        if name in flat:
            nested.setdefault(group, {})[field] = flat[name]
    return nested
