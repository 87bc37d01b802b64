"""AWS's own service models: the form of requests, and the possible content of answers."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.model import ListShape, MapShape, StructureShape
from botocore.validate import ParamValidator
from hypothesis import strategies as st

from switchover_local.twin.wire.refusals import Refusal
from switchover_local.twin.wire.validation import check_request

if TYPE_CHECKING:
    from botocore.model import OperationModel, Shape
    from hypothesis.strategies import SearchStrategy


@cache
def operation(service: str, name: str) -> OperationModel:
    """An operation of the installed botocore."""
    return botocore.session.get_session().get_service_model(service).operation_model(name)


def input_shape(service: str, name: str) -> StructureShape:
    """The input shape of an operation."""
    shape = operation(service, name).input_shape
    assert shape is not None
    return shape


def faults_of(service: str, name: str, request: dict[str, Any]) -> str:
    """The faults of a request by AWS's model, with maxima, enums and patterns; "" if there are none.

    botocore alone checks types, required members and minima (rules §1.1).
    """
    shape = input_shape(service, name)
    report: str = ParamValidator().validate(request, shape).generate_report()
    try:
        check_request(request, shape, "ValidationException")
    except Refusal as refusal:
        return f"{report} {refusal.message}"
    return report


def answers(service: str, name: str) -> SearchStrategy[dict[str, Any]]:
    """Generated answers of an operation, with any of its model's members."""
    shape = operation(service, name).output_shape
    assert shape is not None
    return _structure(shape)


def _structure(shape: StructureShape) -> SearchStrategy[dict[str, Any]]:
    required = set(shape.required_members)
    return st.fixed_dictionaries(
        {name: _value(member) for name, member in shape.members.items() if name in required},
        optional={
            name: _value(member) for name, member in shape.members.items() if name not in required
        },
    )


def _value(shape: Shape) -> SearchStrategy[Any]:
    if isinstance(shape, StructureShape):
        return _structure(shape)
    if isinstance(shape, ListShape):
        return st.lists(_value(shape.member), min_size=1, max_size=2)
    if isinstance(shape, MapShape):
        return st.dictionaries(st.sampled_from(["A", "B"]), _value(shape.value), max_size=2)
    if shape.type_name == "boolean":
        return st.booleans()
    if shape.type_name in {"integer", "long", "float", "double"}:
        return st.integers(1, 100)
    return st.sampled_from(["a", "b", "c"])
