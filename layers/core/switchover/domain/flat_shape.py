"""The flat shape of a value in groups: one object, in which each field has a name of its own.

Groups are how the code reads a value. What is stored and printed doesn't know them, so that all versions
of the code read and write the same shape.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    # By a field's name in the flat shape: its group, and its name there.
    Places = Mapping[str, tuple[str, str]]


def place_fields(groups: Mapping[str, type], names: Mapping[tuple[str, str], str]) -> Places:
    """The place of each grouped field; `names` are those that differ from the name in the group."""
    return {
        names.get((group, each.name), each.name): (group, each.name)
        for group, kind in groups.items()
        for each in fields(kind)
    }


def flatten(nested: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """The flat shape of a value whose groups are mappings. What a group leaves out is left out."""
    groups = {group for group, _ in places.values()}
    flat = {name: value for name, value in nested.items() if name not in groups}
    grouped = {
        name: nested[group][field]
        for name, (group, field) in places.items()
        if field in nested.get(group, {})
    }
    return flat | grouped


def nest(flat: Mapping[str, Any], places: Places) -> dict[str, Any]:
    """A flat shape by groups. Names that are unknown stay where they are."""
    nested: dict[str, Any] = {name: value for name, value in flat.items() if name not in places}
    for name, (group, field) in places.items():
        if name in flat:
            nested.setdefault(group, {})[field] = flat[name]
    return nested
