"""The code reads a plan in groups; it is written with its fields flat."""

from __future__ import annotations

from dataclasses import fields

import pytest
from pydantic import TypeAdapter, ValidationError
from tests.domain.test_update_shape import own_classes
from tests.support.samples import amend_plan, plan

from switchover.domain.plans import groups
from switchover.domain.plans.plan import GROUPS, PLACES, Plan

WRITTEN = TypeAdapter(Plan)
SINGLE = {each.name for each in fields(Plan)} - set(GROUPS)


def test_no_two_fields_are_written_under_one_name() -> None:
    grouped = [each.name for kind in GROUPS.values() for each in fields(kind)]

    assert len(PLACES) == len(grouped)
    assert not SINGLE & set(PLACES)


def test_every_group_is_known_to_what_is_written() -> None:
    assert set(GROUPS.values()) == own_classes(groups)


@pytest.mark.parametrize("strategy", ["rolling", "canary", "linear", "all-at-once", "redeploy"])
def test_a_plan_is_written_flat_and_read_as_it_was(strategy: str) -> None:
    made = plan(4, strategy=strategy, allow_downtime=True)

    written = WRITTEN.dump_python(made, mode="json")

    assert set(written) == SINGLE | set(PLACES)
    assert WRITTEN.validate_python(written) == made


def test_a_name_that_is_unknown_is_refused() -> None:
    written = {**WRITTEN.dump_python(plan()), "of_the_future": 1}

    with pytest.raises(ValidationError, match="of_the_future"):
        WRITTEN.validate_python(written)


@pytest.mark.parametrize(
    "default", [{"watch_seconds": 0}, {"needs_approval": False}, {"golden": None}]
)
def test_a_field_at_its_default_is_not_in_the_digest(default: dict[str, object]) -> None:
    written = WRITTEN.dump_python(plan(strategy="canary"))
    without = {name: value for name, value in written.items() if name not in default}

    assert WRITTEN.validate_python(without).digest == plan(strategy="canary").digest


def test_a_field_beside_its_default_is_in_the_digest() -> None:
    assert amend_plan(plan(), watch_seconds=1).digest != plan().digest
