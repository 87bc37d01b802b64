"""Every constraint of every operation that the twin answers, as AWS's service models state them.

For each constraint there are two requests: one with a value just inside, one with a value just outside.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from tests.support.staging import Staging

from switchover_local.twin.wire.protocol import service_models

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICES = ("sagemaker", "cloudwatch", "application-autoscaling", "service-quotas")
# Texts that fit the models' patterns; repeated to the required length.
_SEEDS = (
    "a", "1", "A", "arn:aws:iam::000000000000:role/a", "arn:aws:sagemaker:us-east-1:000000000000:model/a",
    "s3://b/a", "https://s3.eu-west-1.amazonaws.com/b/a", "arn:aws:sns:us-east-1:000000000000:a", "sg-1",
    "subnet-1", "m1", "arn:aws:lambda:us-east-1:000000000000:function:a", "L-1234ABCD", "90%",
    "arn:aws:sagemaker:us-east-1:000000000000:mlflow-tracking-server/a", "key-1", "vpc-1",
    "arn:aws:sagemaker:us-east-1:aws:hub-content/h/Model/m/1.0.0",
    "arn:aws:sagemaker:us-east-1:000000000000:ml-reservation/a",
    "arn:aws:sagemaker:us-east-1:000000000000:inference-experiment/a",
    "application/json", "/", "{}", "mig-1g.5gb",
    "/a", "arn:aws:application-autoscaling:us-east-1:000000000000:scalable-target/a",
)  # fmt: skip
_UNFIT = ("\u0007", "\n", " ", "!", "a b", "-", "", "\U0001f600")
_MOMENT = datetime(2026, 1, 5, tzinfo=UTC)
_LONGEST = 50_000
_MISSING = object()


@dataclass(frozen=True)
class Case:
    """One constraint: its place, AWS's name for it, a request that keeps it and one that breaks it."""

    service: str
    operation: str
    path: str
    constraint: str
    inside: dict[str, Any]
    outside: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.operation}-{self.path}-{self.constraint[:40]}"


@dataclass(frozen=True)
class _Bound:
    constraint: str
    inside: Any
    outside: Any


def every_case() -> list[Case]:
    """The constraints of all operations that the twin answers."""
    return [
        case for service in SERVICES for name in _operations(service) for case in _of(service, name)
    ]


def _operations(service: str) -> list[str]:
    answered = Staging().twin.services[service].operations
    return [name for name in service_models()[service].operation_names if name in answered]


def _of(service: str, name: str) -> Iterator[Case]:
    shape = service_models()[service].operation_model(name).input_shape
    if not isinstance(shape, StructureShape):
        return
    request = _least(shape)
    for path, keys, bound in _bounds_within(shape, (), ""):
        inside = _with(request, shape, keys, bound.inside)
        outside = _with(request, shape, keys, bound.outside)
        yield Case(service, name, path, bound.constraint, inside, outside)


def _bounds_within(
    shape: Shape, seen: tuple[str, ...], path: str, keys: tuple[Any, ...] = ()
) -> Iterator[tuple[str, tuple[Any, ...], _Bound]]:
    if shape.name in seen:
        return
    seen = (*seen, shape.name)
    if path:
        for bound in _bounds(shape):
            yield path, keys, bound
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            inner = f"{path}.{_camel(name)}" if path else _camel(name)
            if name in shape.required_members:
                yield (
                    inner,
                    (*keys, name),
                    _Bound("Member must not be null", _fit(member), _MISSING),
                )
            yield from _bounds_within(member, seen, inner, (*keys, name))
    elif isinstance(shape, ListShape):
        yield from _bounds_within(shape.member, seen, f"{path}.1.member", (*keys, 0))
    elif isinstance(shape, MapShape):
        key = _fit(shape.key)
        yield from _bounds_within(shape.value, seen, f"{path}.{key}.value", (*keys, key))


def _bounds(shape: Shape) -> Iterator[_Bound]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if isinstance(shape, StringShape) and shape.enum:
        allowed = f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        yield _Bound(allowed, shape.enum[-1], "NOT_A_VALUE")
        return
    if isinstance(shape, StructureShape) or shape.type_name in {"blob", "boolean", "timestamp"}:
        return
    if shape.type_name in {"integer", "long", "float", "double"}:
        if most is not None:
            text = f"Member must have value less than or equal to {most}"
            yield _Bound(text, most, most + 1)
        if least is not None:
            text = f"Member must have value greater than or equal to {least}"
            yield _Bound(text, least, least - 1)
        return
    if most is not None and most < _LONGEST and (inside := _sized(shape, most)) is not None:
        outside = _sized(shape, most + 1, may_break_pattern=True)
        yield _Bound(f"Member must have length less than or equal to {most}", inside, outside)
    if least and (inside := _sized(shape, least)) is not None:
        outside = _sized(shape, least - 1, may_break_pattern=True)
        yield _Bound(f"Member must have length greater than or equal to {least}", inside, outside)
    pattern = shape.metadata.get("pattern")
    if pattern is not None and (unfit := _unfit(shape)) is not None:
        text = f"Member must satisfy regular expression pattern: {pattern}"
        yield _Bound(text, _fit(shape), unfit)


def _sized(shape: Shape, size: int, *, may_break_pattern: bool = False) -> Any:
    """A value of that length, None if no seed makes one."""
    if isinstance(shape, ListShape):
        return [_fit(shape.member)] * size
    if isinstance(shape, MapShape):
        return {f"{_fit(shape.key)}{number}": _fit(shape.value) for number in range(size)}
    seeds = [(seed + seed[-1] * size)[:size] for seed in _SEEDS]
    return next((text for text in seeds if may_break_pattern or _fits(shape, text)), None)


def _fits(shape: Shape, text: str) -> bool:
    pattern = shape.metadata.get("pattern")
    return pattern is None or re.fullmatch(_in_python(pattern), text) is not None


def _in_python(pattern: str) -> str:
    """Java's pattern for the ASCII texts of this file, whose classes are few."""
    for java, python in (
        (r"\p{L}", "a-zA-Z"), (r"\p{Z}", " "), (r"\p{N}", "0-9"), (r"\p{ASCII}", r"[\x00-\x7f]"),
        (r"\p{Print}+", r"[\x20-\x7e]+"), (r"\p{Print}", r"\x20-\x7e"), (r"\p{M}", ""),
        (r"\p{Alnum}", "a-zA-Z0-9"), (r"\p{P}", "!-/"), (r"\p{S}", "+"), (r"\z", r"\Z"),
        (r"\uD800\uDC00-\uDBFF\uDFFF", ""),
    ):  # fmt: skip
        pattern = pattern.replace(java, python)
    return pattern


def _unfit(shape: Shape) -> str | None:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", _LONGEST)
    texts = [text for text in _UNFIT if least <= len(text) <= most]
    return next((text for text in texts if not _fits(shape, text)), None)


def _fit(shape: Shape) -> Any:
    """The smallest value that keeps every constraint of a shape."""
    least = shape.metadata.get("min", 0)
    match shape.type_name:
        case "structure":
            assert isinstance(shape, StructureShape)
            return _least(shape)
        case "list":
            assert isinstance(shape, ListShape)
            return [_fit(shape.member)] * max(1, least)
        case "map":
            return _sized(shape, least)
        case "integer" | "long":
            return max(1, least)
        case "float" | "double":
            return max(1.0, float(least))
        case "boolean":
            return False
        case "timestamp":
            return _MOMENT
        case "blob":
            return b"x"
        case _:
            return _text(shape)


def _text(shape: Shape) -> str:
    if isinstance(shape, StringShape) and shape.enum:
        return str(shape.enum[0])
    least = shape.metadata.get("min", 0)
    texts = [seed if len(seed) >= least else (seed * least)[:least] for seed in _SEEDS]
    fitting = [text for text in texts if _fits(shape, text)]
    assert fitting, f"no seed fits {shape.name}: {shape.metadata}"
    return fitting[0]


def _least(shape: StructureShape) -> dict[str, Any]:
    return {name: _fit(shape.members[name]) for name in shape.required_members}


def _with(
    request: dict[str, Any], shape: Shape, keys: tuple[Any, ...], value: Any
) -> dict[str, Any]:
    """The request with `value` at the path `keys`; missing parents are created."""
    changed: Any = deepcopy(request)
    place = changed
    for key in keys[:-1]:
        shape = _step(shape, key)
        place = _enter(place, key, shape)
    if value is _MISSING:
        place.pop(keys[-1], None)
    elif keys[-1] == 0 and isinstance(place, list):
        place[:] = [value]
    else:
        place[keys[-1]] = value
    return dict(changed)


def _step(shape: Shape, key: Any) -> Shape:
    if isinstance(shape, StructureShape):
        return shape.members[key]
    if isinstance(shape, ListShape):
        return shape.member
    assert isinstance(shape, MapShape)
    return shape.value


def _enter(place: Any, key: Any, shape: Shape) -> Any:
    if isinstance(place, list):
        if not place:
            place.append(_fit(shape))
    elif key not in place:
        place[key] = _fit(shape)
    return place[key]


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
