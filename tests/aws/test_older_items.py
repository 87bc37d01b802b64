"""Records of earlier versions of the code: read with the same meaning, and written in the new form."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic_core import to_jsonable_python
from tests.support.ledger_table import TABLE

from switchover.aws.ledger import Ledger
from switchover.aws.update_shape import flatten

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ITEMS = Path(__file__).parents[1] / "older" / "items"
# Each with the digest of its plan, as the execution of that update carries it.
DIGESTS = {
    "asked": "b3cf2829246b3ef24e220cbf4c539f4af524429e70bf0808219766c0c438ec59",
    "rolling": "ebb75d08175bd7a2d64231e5f826c7f78c77e80ebc47ff4e4e8b5beb549b0c0e",
    "rolled_back": "655a1058943df81fe9473edc752c67cfbf70df5cdf246dcad59cb081b703b8d5",
}


def decode(attribute: dict[str, str]) -> dict[str, Any]:
    """An attribute as boto3 gives it."""
    return {"B": base64.b64decode(attribute["B"])} if "B" in attribute else attribute


@pytest.fixture(params=DIGESTS)
def name(request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> str:
    """The name of an old update, whose items lie in the table."""
    for item in json.loads((ITEMS / f"{request.param}.json").read_text()):
        old = {key: decode(attribute) for key, attribute in item.items()}
        dynamodb.put_item(TableName=TABLE, Item=old)
    return str(request.param)


@pytest.fixture
def ledger(dynamodb: DynamoDBClient) -> Ledger:
    return Ledger(dynamodb, TABLE)


@pytest.fixture
def was_read(name: str) -> dict[str, Any]:
    """The update as the code of that time read it."""
    told: dict[str, Any] = json.loads((ITEMS / f"{name}.read.json").read_text())
    # Whether a function guarded the bake. Guards are executions now; present code ignores the field.
    (told["guard"] or {}).pop("is_standing", None)
    return told


def test_an_old_update_is_read_as_it_was_read_then(
    ledger: Ledger, was_read: dict[str, Any]
) -> None:
    found = to_jsonable_python(flatten(ledger.update(was_read["update_id"])), by_alias=False)

    assert {key: found[key] for key in was_read} == was_read


def test_the_plan_of_an_old_update_keeps_its_digest(
    ledger: Ledger, name: str, was_read: dict[str, Any]
) -> None:
    assert ledger.update(was_read["update_id"]).planned.digest == DIGESTS[name]


def test_an_old_update_is_written_anew_by_its_next_change(
    ledger: Ledger, was_read: dict[str, Any]
) -> None:
    found = ledger.update(was_read["update_id"])

    saved = ledger.save(found.with_reasons())

    assert ledger.update(saved.update_id) == saved
    assert saved.planned == found.planned
