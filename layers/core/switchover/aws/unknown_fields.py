"""Finds fields in AWS's answers that are newer than the installed botocore, which drops them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, StructureShape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.client import BaseClient
    from botocore.model import OperationModel, Shape

# Under this name a parsed answer tells them.
UNKNOWN_FIELDS = "UnknownFields"


def tell_unknown_fields(client: BaseClient, *operations: str) -> None:
    """From now on the answers of these operations name what botocore would drop of them.

    botocore parses the members that it knows, and says nothing of the others.
    """
    service = client.meta.service_model.service_id.hyphenize()
    for operation in operations:
        client.meta.events.register(
            f"before-parse.{service}.{operation}", _note, unique_id=f"unknown-fields-{operation}"
        )


def find_unknown(value: Any, shape: Shape | None, path: str) -> Iterator[str]:
    """The path of every member of a decoded JSON value that a shape doesn't have."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for name, below in value.items():
            if below is None:
                continue
            if name in shape.members:
                yield from find_unknown(below, shape.members[name], f"{path}.{name}")
            else:
                yield f"{path}.{name}"
    elif isinstance(shape, ListShape) and isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from find_unknown(item, shape.member, f"{path}[{number}]")
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for key, item in value.items():
            yield from find_unknown(item, shape.value, f"{path}.{key}")


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
