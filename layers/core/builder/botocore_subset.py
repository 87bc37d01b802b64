"""Reduces botocore's data to the operations that the code calls.

botocore describes 400 services in 30 MB, and the first client of a service parses the whole description
of that service: SageMaker's is 2 MB long. A kept operation keeps every shape that it reaches, so
requests and answers are the same as with the whole botocore.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

Json = dict[str, Any]
# Data that isn't about one service.
_SHARED = ("_retry", "partitions", "sdk-default-configuration")
# Files whose entries are about one operation each, and the key of these entries.
_BY_OPERATION = {"paginators-1": "pagination", "waiters-2": "waiters"}


class NotInBotocore(Exception):
    """botocore describes no such service or operation."""


def write_subset(
    source: Path, newer: Path, operations: Mapping[str, Sequence[str]], target: Path
) -> None:
    """Write the subset of botocore's data folder `source` that describes these operations.

    `newer` is a folder of `service-2.sdk-extras.json` files, which are merged in as botocore would merge
    them at run time. The files in `target` are plain JSON: they are read faster than compressed ones.

    Raises:
        NotInBotocore: a service or an operation isn't described.
    """
    loader = Loader([str(newer), str(source)], include_default_search_paths=False)
    known = loader.list_available_services("service-2")
    if missing := sorted(set(operations) - set(known)):
        raise NotInBotocore(f"botocore describes no service {', '.join(missing)}")
    prefixes = set[str]()
    for service, called in operations.items():
        version = loader.determine_latest_version(service, "service-2")
        model = reduce_model(loader.load_service_model(service, "service-2", version), called)
        prefixes.add(model["metadata"]["endpointPrefix"])
        folder = target / service / version
        _write(folder / "service-2.json", model)
        rules = loader.load_service_model(service, "endpoint-rule-set-1", version)
        _write(folder / "endpoint-rule-set-1.json", rules)
        for name, key in _BY_OPERATION.items():
            with suppress(DataNotFoundError, UnknownServiceError):  # not every service has them
                whole = loader.load_service_model(service, name, version)
                _write(folder / f"{name}.json", _reduce_by_operation(whole, key, called))
    _write(target / "endpoints.json", reduce_endpoints(loader.load_data("endpoints"), prefixes))
    for name in _SHARED:
        _write(target / f"{name}.json", loader.load_data(name))


def reduce_model(model: Mapping[str, Any], operations: Sequence[str]) -> Json:
    """A service's description with these operations, the shapes that they reach, and no documentation.

    Raises:
        NotInBotocore: the description has no such operation.
    """
    if missing := sorted(set(operations) - set(model["operations"])):
        raise NotInBotocore(
            f"botocore's {model['metadata']['serviceId']} has no operation {', '.join(missing)}"
        )
    kept = {
        name: _without_documentation(operation)
        for name, operation in model["operations"].items()
        if name in operations
    }
    reached = _reached_shapes(model["shapes"], kept.values())
    return {
        **_without_documentation(model),
        "operations": kept,
        "shapes": {
            name: _undocumented_shape(shape)
            for name, shape in model["shapes"].items()
            if name in reached
        },
    }


def reduce_endpoints(endpoints: Mapping[str, Any], prefixes: set[str]) -> Json:
    """botocore's list of endpoints: every partition and region, and the services of these prefixes."""
    return {
        **endpoints,
        "partitions": [
            {
                **partition,
                "services": {
                    name: entry for name, entry in partition["services"].items() if name in prefixes
                },
            }
            for partition in endpoints["partitions"]
        ],
    }


def _reduce_by_operation(whole: Mapping[str, Any], key: str, operations: Sequence[str]) -> Json:
    """A paginator has its operation's name; a waiter names its operation in a field."""
    kept = {
        name: entry
        for name, entry in whole[key].items()
        if entry.get("operation", name) in operations
    }
    return {**whole, key: kept}


def _reached_shapes(shapes: Mapping[str, Any], operations: Iterable[Json]) -> set[str]:
    waiting = [name for operation in operations for name in _references_of_operation(operation)]
    reached = set[str]()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [reference["shape"] for reference in _references_of_shape(shapes[name])]
    return reached


def _references_of_operation(operation: Json) -> Iterator[str]:
    yield from (operation[key]["shape"] for key in ("input", "output") if key in operation)
    yield from (error["shape"] for error in operation.get("errors", ()))


def _references_of_shape(shape: Mapping[str, Any]) -> Iterator[Json]:
    yield from shape.get("members", {}).values()
    yield from (shape[key] for key in ("member", "key", "value") if key in shape)


def _undocumented_shape(shape: Mapping[str, Any]) -> Json:
    """A shape without documentation. A member that is itself called `documentation` is kept."""
    bare = _without_documentation(shape)
    if "members" in bare:
        bare["members"] = {
            name: _without_documentation(member) for name, member in bare["members"].items()
        }
    return bare | {
        key: _without_documentation(bare[key]) for key in ("member", "key", "value") if key in bare
    }


def _without_documentation(entry: Mapping[str, Any]) -> Json:
    return {key: value for key, value in entry.items() if key != "documentation"}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
