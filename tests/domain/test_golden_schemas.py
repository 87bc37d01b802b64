"""Every keyword of a golden request's schema is checked, or the schema is refused."""

from __future__ import annotations

import json
from typing import Any

import fastjsonschema
import pytest

from switchover.domain.golden.schemas import compile_schema


def fits(schema: dict[str, Any], value: object) -> bool:
    try:
        compile_schema(json.dumps(schema))(value)
    except fastjsonschema.JsonSchemaValueException:
        return False
    return True


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"properties": {"a": {"pattern": r"^\d{2}$"}}}, {"a": "12"}, {"a": "12\n"}),
        ({"patternProperties": {"^x": {"type": "integer"}}}, {"x": 1}, {"xy": "1"}),
        ({"items": [{"pattern": "a"}]}, ["a"], ["b"]),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"pattern": "^a$"}}}, "a", "b"),
        ({"format": "email"}, "ada@example.com", "ada@example"),
        ({"format": "uuid"}, "123e4567-e89b-12d3-a456-426614174000", "123e4567"),
        ({"format": "date"}, "2024-02-29", "2026-02-29"),
        ({"properties": {"pattern": {"type": "string"}}}, {"pattern": "(?=a)"}, {"pattern": 1}),
    ],
)
def test_patterns_and_formats_are_checked_wherever_they_stand(
    schema: dict[str, Any], good: object, bad: object
) -> None:
    assert (fits(schema, good), fits(schema, bad)) == (True, False)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"items": {"pattern": "(x+x+)+y"}}, ["x" * 5_000]),
        ({"patternProperties": {"(x+x+)+y": {}}, "additionalProperties": False}, {"x" * 5_000: 1}),
        ({"format": "email"}, f"x@{'.x' * 50_000}@"),
    ],
    ids=["pattern", "patternProperties", "format"],
)
def test_no_pattern_of_a_schema_runs_away(schema: dict[str, Any], value: object) -> None:
    """By `re` each takes longer than anybody waits."""
    assert not fits(schema, value)
