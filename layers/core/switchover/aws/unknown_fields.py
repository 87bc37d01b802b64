"""Finds fields in AWS's answers that the installed botocore doesn't know and therefore drops."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.client import BaseClient
    from botocore.hooks import BaseEventHooks
    from botocore.model import OperationModel, Shape

# The key of these fields in a parsed answer.
UNKNOWN_FIELDS = "UnknownFields"


def tell_unknown_fields(client: BaseClient, *operations: str) -> None:
    """Make the answers of these operations also name the fields that botocore drops.

    botocore parses the members that it knows, and drops the others silently.
    """
    _watch(client.meta.events, client.meta.service_model.service_id.hyphenize(), operations)


# A process makes a gateway for each state, and its client once.
@lru_cache(maxsize=16)
def _watch(events: BaseEventHooks, service: str, operations: tuple[str, ...]) -> None:
    for operation in operations:
        events.register(
            f"before-parse.{service}.{operation}", _note, unique_id=f"unknown-fields-{operation}"
        )


def find_unknown(value: Any, shape: Shape | None, path: str) -> Iterator[str]:
    """The path of every member of a decoded JSON value that a shape doesn't have."""
    for step, below, known in _members(value, shape):
        if known is None:
            yield f"{path}{step}"
        else:
            yield from find_unknown(below, known, f"{path}{step}")


def _members(value: Any, shape: Shape | None) -> Iterator[tuple[str, Any, Shape | None]]:
    """Each member of a value with the path step to it and its shape; None if it has no shape."""
    match shape, value:
        case StructureShape(), dict():
            for name, below in value.items():
                if below is not None:
                    yield f".{name}", below, shape.members.get(name)
        case ListShape(), list() | tuple():
            for number, below in enumerate(value):
                yield f"[{number}]", below, shape.member
        case MapShape(), dict():
            for name, below in value.items():
                yield f".{name}", below, shape.value


def _note(
    operation_model: OperationModel,
    response_dict: dict[str, Any],
    customized_response_dict: dict[str, Any],
    **_: object,
) -> None:
    if response_dict["status_code"] >= 300:  # an error has no shape
        return
    raw = json.loads(response_dict["body"])
    path = operation_model.name.removeprefix("Describe")
    found = list(find_unknown(raw, operation_model.output_shape, path))
    if found:
        customized_response_dict[UNKNOWN_FIELDS] = found
