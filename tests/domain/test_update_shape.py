"""The code reads an update in groups; items have its fields flat."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from tests.support.samples import course, plan, reason, update

from switchover.aws.update_shape import GROUPS, PLACES, flatten, nest
from switchover.domain.update import groups
from switchover.domain.update.update import Update

if TYPE_CHECKING:
    from types import ModuleType


def own_classes(module: ModuleType) -> set[type]:
    """The classes that a module defines."""
    return {
        each
        for each in vars(module).values()
        if isinstance(each, type) and each.__module__ == module.__name__
    }


def test_no_two_fields_have_one_name_in_items() -> None:
    grouped = [each.name for kind in GROUPS.values() for each in fields(kind)]
    single = {each.name for each in fields(Update)} - set(GROUPS)

    assert len(PLACES) == len(grouped)
    assert not single & set(PLACES)


def test_every_group_is_known_to_items() -> None:
    assert set(GROUPS.values()) == own_classes(groups)


def test_what_is_flattened_is_nested_as_it_was() -> None:
    whole = update(
        plan=plan(), course=course(), way_back_faults=(reason(),), rollback_attempts=2, revision=3
    )

    nested = nest(flatten(whole))

    assert Update(**{**nested, **{name: GROUPS[name](**nested[name]) for name in GROUPS}}) == whole


def test_a_name_that_is_unknown_stays_where_it_is() -> None:
    assert nest({"of_the_future": 1, "cause": []}) == {
        "of_the_future": 1,
        "way_back": {"cause": []},
    }
