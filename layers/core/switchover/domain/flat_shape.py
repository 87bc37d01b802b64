"""The flat form of a value with groups: one object, in which each field has a unique name.

Only the code uses groups. The stored and printed form has none, so that all versions of the code read
and write the same form.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    # For each name in the flat form: the field's group, and its name in the group.
    Places = Mapping[str, tuple[str, str]]


def place_fields(groups: Mapping[str, type], names: Mapping[tuple[str, str], str]) -> Places:
    """The place of each grouped field; `names` are flat names that differ from those in the group."""
    return {
        names.get((group, each.name), each.name): (group, each.name)
        for group, kind in groups.items()
        for each in fields(kind)
    }


def flatten(nested: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """Flatten a value whose groups are mappings. A field that a group omits is omitted."""
    groups = {group for group, _ in places.values()}
    flat = {name: value for name, value in nested.items() if name not in groups}
    grouped = {
        name: nested[group][field]
        for name, (group, field) in places.items()
        if field in nested.get(group, {})
    }
    return flat | grouped


def nest(flat: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """Sort the fields of a flat form into groups. Unknown names stay at the top."""
    nested: dict[str, Any] = {name: value for name, value in flat.items() if name not in places}
    for name, (group, field) in places.items():
        if name in flat:
            nested.setdefault(group, {})[field] = flat[name]
    return nested
