"""One expected tensor, and the sizes in config.json that determine its shape."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from switchover.checkpoint.text import Json, object_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Size = Annotated[int, Field(ge=1, lt=2**31)]
# `checkpoint_weights` keeps a bit for each layer; published models have up to some 130.
Layers = Annotated[int, Field(ge=1, lt=1000)]
Ratio = Annotated[float, Field(gt=0, lt=1024, strict=False)]


def _first_of_two(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


# Images are square: newer configs write [448, 448] instead of 448.
Side = Annotated[Size, BeforeValidator(_first_of_two)]


class Sizes(BaseModel):
    """A part of config.json; keys other than the sizes are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True, populate_by_name=True)


@dataclass(frozen=True, slots=True)
class Expected:
    """One tensor of an architecture; `{n}` in its name runs from 0 to `count` - 1.

    `formula` explains the shape with the keys of config.json. Quantization replaces a linear tensor
    by others: in a layer with `replaced_by`, this tensor may be missing. `packed_shape` is another
    valid shape under the same name. `needed_by` names the tensor without which this one isn't
    required. Without a shape, only the tensor's presence is expected.
    """

    name: str
    shape: tuple[int, ...] | None
    formula: str
    count: int = 1
    is_linear: bool = False
    is_required: bool = True
    replaced_by: str | None = None
    packed_shape: tuple[int, ...] | None = None
    needed_by: str | None = None


def expect_linear(
    name: str,
    rows: tuple[int, str],
    columns: tuple[int, str],
    *,
    count: int = 1,
    has_bias: bool = True,
) -> Iterator[Expected]:
    """A linear module's weight, and its bias if it has one; each size comes with its formula."""
    yield Expected(
        f"{name}.weight",
        (rows[0], columns[0]),
        f"{rows[1]}, {columns[1]}",
        count,
        is_linear=True,
    )
    if has_bias:
        yield Expected(f"{name}.bias", (rows[0],), rows[1], count)


def expect_norm(
    name: str, width: tuple[int, str], *, count: int = 1, has_bias: bool = True
) -> Iterator[Expected]:
    """A normalization's weight, and its bias if it has one."""
    yield Expected(f"{name}.weight", (width[0],), width[1], count)
    if has_bias:
        yield Expected(f"{name}.bias", (width[0],), width[1], count)


def prefix_names(prefix: str, tensors: Iterable[Expected]) -> Iterator[Expected]:
    """The same tensors inside a module."""
    return (replace(tensor, name=f"{prefix}{tensor.name}") for tensor in tensors)


def find_text_config(config: Mapping[str, Json]) -> dict[str, Json]:
    """The language model's part of config.json: flat, nested, or as InternVL nests it."""
    return {**config, **object_at(config, "llm_config"), **object_at(config, "text_config")}
