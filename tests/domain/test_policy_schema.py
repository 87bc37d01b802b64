"""The published schema accepts and refuses the same as the code, so that editors are right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from switchover.domain.policies.choices import Tier
from switchover.domain.policies.layers import EffectivePolicy, merge_policy, parse_policy
from switchover_cli.policies.template import SCHEMA, Fleet, write_all_settings, write_first_policy

PROJECT = Path(__file__).parents[2]
PUBLISHED = PROJECT / "policies" / SCHEMA
FIRST = write_first_policy(Fleet("chat", "chat-v1", "main", 4, "ml.g5.xlarge"), Tier.CRITICAL)


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads(PUBLISHED.resolve().read_text())


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        FIRST,
        write_all_settings(),
        "{rolling: {bake_seconds: 5m, batch_percent: 25}, deadline_seconds: 2h}",
        "{$schema: ../policy.schema.json, capacity: {during: {min: 1, max: 2}}}",
    ],
)
def test_what_a_policy_may_hold_the_schema_takes(schema: Any, text: str) -> None:
    assert isinstance(merge_policy([parse_policy(text.encode(), "a.yaml")]), EffectivePolicy)
    assert list(Draft202012Validator(schema).iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    "text",
    [
        "{strategy: rollling}",
        "{canary: {percent: 51}}",
        "{canary: {percnt: 5}}",
        "{rolling: {bake_seconds: 5 minutes}}",
        "{rolling: {bake_seconds: 3601}}",
        "{capacity: {during: {min: 1}}}",
    ],
)
def test_what_a_policy_may_not_hold_the_schema_refuses(schema: Any, text: str) -> None:
    assert isinstance(merge_policy([parse_policy(text.encode(), "a.yaml")]), tuple)
    assert list(Draft202012Validator(schema).iter_errors(yaml.safe_load(text))) != []


def test_every_key_tells_its_meaning_to_the_editor(schema: Any) -> None:
    parts = [schema, *(part for part in schema["$defs"].values() if "properties" in part)]
    silent = [
        key
        for part in parts
        for key, told in part["properties"].items()
        if not told.keys() & {"description", "$ref", "const"}
    ]
    assert silent == []
