"""Compares the tensors of all shards with config.json."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.checkpoint.text import quote
from switchover.checkpoint.weights import Groups, Weights, lowest
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.checkpoint.shapes import Expected

_SAME_MODEL = "Take config.json and weights from the same training run, and upload them together."


def compare_with_config(expected: tuple[Expected, ...], weights: Weights) -> Iterator[Reason]:
    """List the tensors that contradict config.json: another shape, missing, or one layer too many.

    Missing tensors are reported only if every shard could be read.
    """
    counts = {_stack(want.name): want.count for want in expected if _stack(want.name)}
    present = _find_layers(counts, weights.groups)
    missing = {stack: _first(counts[stack]) & ~layers for stack, layers in present.items()}
    for want in expected:
        yield from _compare_shape(want, weights.groups)
        if want.is_required and weights.is_complete:
            yield from _find_missing(want, weights.groups, missing.get(_stack(want.name), 0))
    for stack, count in counts.items():
        if missing[stack] and weights.is_complete:
            yield _miss_layers(stack, missing[stack], count)
        if present[stack] >> count:
            yield _refuse_layer(stack, present[stack].bit_length() - 1, count)


def _first(count: int) -> int:
    """A bit for each of the first `count` layers."""
    return (1 << count) - 1


def _stack(name: str) -> str:
    """The stack of layers to which a tensor belongs; empty for a tensor outside of layers."""
    return name.partition("{n}")[0] if "{n}" in name else ""


def _find_layers(stacks: Mapping[str, int], groups: Groups) -> dict[str, int]:
    """The layers of each stack, with any tensors in them."""
    present = dict.fromkeys(stacks, 0)
    for name in groups:
        stack = _stack(name)
        if stack in present:
            present[stack] |= _layers(name, groups)
    return present


def _layers(name: str | None, groups: Groups) -> int:
    layers = 0
    for held in groups.get(name, ()) if name else ():
        layers |= held.layers
    return layers


def _compare_shape(want: Expected, groups: Groups) -> Iterator[Reason]:
    accepted = (want.shape, want.packed_shape)
    wrong = [
        held
        for held in groups.get(want.name, ())
        if want.shape is not None
        and held.shape not in accepted
        and held.layers & _first(want.count)
    ]
    if wrong:
        first = min(wrong, key=lambda held: lowest(held.layers))
        peers = sum((held.layers & _first(want.count)).bit_count() for held in wrong) - 1
        yield Reason(
            code="model.shape-disagrees",
            subject=f"{first.path}: {want.name.replace('{n}', str(lowest(first.layers)))}",
            message=(
                f"has the shape {quote(list(first.shape))}{_and_others(peers)}; "
                f"config.json ({want.formula}) says {list(want.shape or ())}."
            ),
            remedy=_SAME_MODEL,
        )


def _find_missing(want: Expected, groups: Groups, accounted: int) -> Iterator[Reason]:
    """Find missing tensors. `accounted` are whole missing layers, which are reported once."""
    needed = _first(want.count) if want.needed_by is None else _layers(want.needed_by, groups)
    found = _layers(want.name, groups) | _layers(want.replaced_by, groups)
    missing = needed & ~found & ~accounted
    if missing:
        yield Reason(
            code="model.tensor-missing",
            subject=want.name.replace("{n}", str(lowest(missing))),
            message=f"is in no shard{_and_others(missing.bit_count() - 1, 'nor are')}.",
            remedy=_SAME_MODEL,
        )


def _miss_layers(stack: str, missing: int, count: int) -> Reason:
    return Reason(
        code="model.tensor-missing",
        subject=f"{stack}{lowest(missing)}",
        message=(
            f"is in no shard{_and_others(missing.bit_count() - 1, 'nor are')}; config.json says "
            f"{count} layers."
        ),
        remedy=_SAME_MODEL,
    )


def _refuse_layer(stack: str, layer: int, count: int) -> Reason:
    return Reason(
        code="model.shape-disagrees",
        subject=f"{stack}{layer}",
        message=f"is there, but config.json says {count} layers, 0 to {count - 1}.",
        remedy=_SAME_MODEL,
    )


def _and_others(count: int, verb: str = "as have") -> str:
    return f", {verb} {count} of its peers in other layers" if count else ""
