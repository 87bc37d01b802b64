"""The service models' own constraints, each one asked of the twin from just inside and just outside."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.constraints import Case, every_case
from tests.support.staging import Staging

from switchover_local.twin.wire import cbor
from switchover_local.twin.wire.messages import Request
from switchover_local.twin.wire.protocol import service_models
from switchover_local.twin.wire.values import write_value

CASES = every_case()
CODES = {"cloudwatch": "ValidationError"}


@pytest.fixture(scope="module")
def staging() -> Staging:
    """One twin for all: a refusal changes nothing, and what is taken stands in no one's way."""
    return Staging()


def _ask(staging: Staging, case: Case, params: dict[str, Any]) -> tuple[int, str, str]:
    model = service_models()[case.service]
    if case.service == "cloudwatch":
        path = f"/service/{model.metadata['targetPrefix']}/operation/{case.operation}"
        response = staging.twin.handle(Request("POST", path, {}, cbor.encode(params)))
        assert response is not None
        answer: Any = cbor.decode(response.body)
    else:
        target = f"{model.metadata['targetPrefix']}.{case.operation}"
        shape = model.operation_model(case.operation).input_shape
        assert shape is not None
        body = json.dumps(write_value(params, shape)).encode()
        response = staging.twin.handle(Request("POST", "/", {"x-amz-target": target}, body))
        assert response is not None
        answer = json.loads(response.body)
    return response.status, answer.get("__type", ""), answer.get("message", "")


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_value_just_outside_is_refused_by_name(staging: Staging, case: Case) -> None:
    status, code, message = _ask(staging, case, case.outside)

    assert (status, code) == (400, CODES.get(case.service, "ValidationException"))
    assert f"at '{case.path}' failed to satisfy constraint: {case.constraint}" in message


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_value_just_inside_breaks_no_constraint(staging: Staging, case: Case) -> None:
    status, _, message = _ask(staging, case, case.inside)

    assert status < 500
    assert "failed to satisfy constraint" not in message


def test_the_constraints_are_as_many_as_the_models_have() -> None:
    assert len(CASES) > 1_100
