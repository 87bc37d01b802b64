"""Holds the tensors of all shards against the index and against config.json."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.domain.checkpoint_reading import INDEX
from switchover.domain.checkpoint_text import (
    Json,
    Unparsed,
    integer_at,
    name_some,
    object_at,
    parse_object,
    quote,
)
from switchover.domain.reasons import Reason
from switchover.domain.safetensors_header import Shard, Tensor

if TYPE_CHECKING:
    from switchover.domain.checkpoint_shapes import Expected

_STACKED = re.compile(r"\b(layers|layer|blocks)\.(\d{1,6})\.")
_NUMBERED = re.compile(r"model-\d+-of-\d+\.safetensors")
_SAVE_AGAIN = "Save the checkpoint again (save_pretrained writes index and shards together)."
_SAME_MODEL = "Take config.json and weights from the same training run, and upload them together."


@dataclass(frozen=True, slots=True)
class Weights:
    """The shards that make up the model, and whether every one of them could be read."""

    shards: tuple[Shard, ...]
    is_complete: bool
    reasons: tuple[Reason, ...]


def assemble_weights(
    files: Iterable[str], shards: Mapping[str, Shard], index: bytes | None
) -> Weights:
    """Pick the shards that a loader would load, and say where index and shards disagree.

    Loaders load what the index names and leave other safetensors files alone, such as Mistral's
    consolidated.safetensors. `index` is None where there is none.
    """
    names = sorted(path for path in files if path.endswith(".safetensors") and "/" not in path)
    if index is not None:
        return _follow_index(names, shards, index)
    single = [name for name in names if name == "model.safetensors"] or names
    reasons: tuple[Reason, ...] = ()
    if len(single) > 1:
        reasons = (
            Reason(
                code="model.index-missing",
                subject=INDEX,
                message=f"is missing, but the weights are in {len(single)} files.",
                remedy=_SAVE_AGAIN,
            ),
        )
    return _collect(single, shards, reasons, are_all_known=len(single) == 1)


def _follow_index(names: list[str], shards: Mapping[str, Shard], raw: bytes) -> Weights:
    index = parse_object(raw)
    if isinstance(index, Unparsed):
        fault = _disagree("model.index-invalid", f"it {index}.")
        return _collect(names, shards, (fault,), are_all_known=False)
    weight_map = {
        tensor: shard
        for tensor, shard in object_at(index, "weight_map").items()
        if isinstance(shard, str)
    }
    if not weight_map or len(weight_map) < len(object_at(index, "weight_map")):
        fault = _disagree(
            "model.index-invalid", "its weight_map is not an object of tensor name to file name."
        )
        return _collect(names, shards, (fault,), are_all_known=False)

    named = sorted(set(weight_map.values()))
    absent = [name for name in named if name not in names]
    reasons = [
        _disagree(
            "model.index-disagrees",
            f"it names {quote(name)}, which is not among the release's files.",
        )
        for name in absent
    ]
    reasons += [
        _disagree("model.index-disagrees", f"it doesn't name {quote(name)}, which is there.")
        for name in names
        if _NUMBERED.fullmatch(name) and name not in named
    ]
    weights = _collect(
        [name for name in named if name in names], shards, (), are_all_known=not absent
    )
    reasons += weights.reasons
    reasons += _compare_map(weight_map, weights.shards)
    if weights.is_complete:
        reasons += _compare_total(object_at(index, "metadata"), weights.shards)
    return Weights(weights.shards, weights.is_complete, tuple(reasons))


def _collect(
    names: Iterable[str],
    shards: Mapping[str, Shard],
    reasons: tuple[Reason, ...],
    *,
    are_all_known: bool,
) -> Weights:
    names = list(names)
    found = tuple(shards[name] for name in names if name in shards)
    is_complete = are_all_known and len(found) == len(names)
    return Weights(
        shards=found,
        is_complete=is_complete and not any(shard.reasons for shard in found),
        reasons=(*reasons, *_find_duplicates(found)),
    )


def _find_duplicates(shards: tuple[Shard, ...]) -> Iterator[Reason]:
    home: dict[str, str] = {}
    for shard in shards:
        repeated = sorted(name for name in shard.tensors if name in home)
        if repeated:
            others = name_some(sorted({home[name] for name in repeated}))
            yield Reason(
                code="model.tensor-duplicated",
                subject=shard.path,
                message=f"tensors {_name_tensors(repeated)} are also in {others}.",
                remedy="Remove the shards of the other save, or save the checkpoint again.",
            )
        home.update(dict.fromkeys(shard.tensors, shard.path))


def _compare_map(weight_map: Mapping[str, str], shards: tuple[Shard, ...]) -> Iterator[Reason]:
    for shard in shards:
        if shard.reasons:
            continue
        promised = {name for name, path in weight_map.items() if path == shard.path}
        absent = sorted(promised - shard.tensors.keys())
        if absent:
            yield _disagree(
                "model.index-disagrees",
                f"it puts {len(absent)} tensors into {shard.path} that are not there: "
                f"{_name_tensors(absent)}.",
            )
        unnamed = sorted(shard.tensors.keys() - promised)
        if unnamed:
            yield _disagree(
                "model.index-disagrees",
                f"it doesn't put {len(unnamed)} tensors into {shard.path} that are there: "
                f"{_name_tensors(unnamed)}.",
            )


def _compare_total(metadata: Mapping[str, Json], shards: tuple[Shard, ...]) -> Iterator[Reason]:
    promised = integer_at(metadata, "total_size")
    actual = sum(tensor.end - tensor.begin for shard in shards for tensor in shard.tensors.values())
    if promised is not None and promised != actual:
        yield _disagree(
            "model.index-disagrees",
            f"its metadata.total_size is {quote(promised)}, but the shards hold {actual} bytes.",
        )


def compare_with_config(expected: tuple[Expected, ...], weights: Weights) -> Iterator[Reason]:
    """Say which tensors config.json wants otherwise: of another shape, missing, or one layer more.

    What is missing is only said where every shard could be read.
    """
    grouped = _group_by_layer(weights.shards)
    wholly_missing = dict(_find_missing_layers(expected, grouped))
    for want in expected:
        yield from _compare_shape(want, grouped.get(want.name, {}))
        if want.is_required and weights.is_complete:
            accounted = wholly_missing.get(_stack(want.name), frozenset())
            yield from _find_missing(want, grouped, accounted)
    if weights.is_complete:
        yield from _report_missing_layers(wholly_missing, expected)
    yield from _report_extra_layers(expected, grouped)


def _compare_shape(want: Expected, found: Mapping[int, tuple[str, Tensor]]) -> Iterator[Reason]:
    if want.shape is None:
        return
    accepted = (want.shape, want.packed_shape)
    wrong = [
        n for n, (_, tensor) in found.items() if n < want.count and tensor.shape not in accepted
    ]
    if wrong:
        path, tensor = found[wrong[0]]
        yield Reason(
            code="model.shape-disagrees",
            subject=f"{path}: {want.name.replace('{n}', str(wrong[0]))}",
            message=(
                f"has the shape {quote(list(tensor.shape))}{_and_others(len(wrong) - 1)}; "
                f"config.json ({want.formula}) says {list(want.shape)}."
            ),
            remedy=_SAME_MODEL,
        )


def _find_missing(want: Expected, grouped: _Groups, accounted: frozenset[int]) -> Iterator[Reason]:
    found = grouped.get(want.name, {})
    replaced = grouped.get(want.replaced_by, {}) if want.replaced_by else {}
    needed = range(want.count) if want.needed_by is None else grouped.get(want.needed_by, {})
    missing = [n for n in needed if n not in found and n not in accounted and n not in replaced]
    if missing:
        yield Reason(
            code="model.tensor-missing",
            subject=want.name.replace("{n}", str(missing[0])),
            message=f"is in no shard{_and_others(len(missing) - 1, 'nor are')}.",
            remedy=_SAME_MODEL,
        )


_Groups = Mapping[str, Mapping[int, tuple[str, Tensor]]]


def _group_by_layer(shards: tuple[Shard, ...]) -> _Groups:
    groups: dict[str, dict[int, tuple[str, Tensor]]] = defaultdict(dict)
    for shard in shards:
        for name, tensor in shard.tensors.items():
            plain = _plain_name(name)
            layer = _STACKED.search(plain)
            if layer is None:
                groups[plain][0] = (shard.path, tensor)
            else:
                pattern = _STACKED.sub(r"\1.{n}.", plain, count=1)
                groups[pattern][int(layer[2])] = (shard.path, tensor)
    return groups


def _plain_name(name: str) -> str:
    """Undo the renaming of newer transformers, which nests language model and vision tower."""
    for prefix, plain in (
        ("model.language_model.", "model."),
        ("language_model.model.", "model."),
        ("language_model.lm_head.", "lm_head."),
        ("language_model.output.", "output."),
        ("model.visual.", "visual."),
        ("model.vision_tower.", "vision_tower."),
        ("model.multi_modal_projector.", "multi_modal_projector."),
        ("model.image_newline", "image_newline"),
    ):
        if name.startswith(prefix):
            return plain + name.removeprefix(prefix)
    return name


def _stack(name: str) -> str:
    """The stack of layers that a tensor belongs to, empty for one that stands alone."""
    return name.partition("{n}")[0] if "{n}" in name else ""


def _find_missing_layers(
    expected: tuple[Expected, ...], grouped: _Groups
) -> Iterator[tuple[str, frozenset[int]]]:
    for stack, count in _stacks(expected).items():
        present = {n for name, found in grouped.items() if _stack(name) == stack for n in found}
        yield stack, frozenset(range(count)) - present


def _stacks(expected: tuple[Expected, ...]) -> dict[str, int]:
    return {_stack(want.name): want.count for want in expected if _stack(want.name)}


def _report_missing_layers(
    missing: Mapping[str, frozenset[int]], expected: tuple[Expected, ...]
) -> Iterator[Reason]:
    counts = _stacks(expected)
    for stack, absent in missing.items():
        if absent:
            yield Reason(
                code="model.tensor-missing",
                subject=f"{stack}{min(absent)}",
                message=(
                    f"is in no shard{_and_others(len(absent) - 1, 'nor are')}; config.json says "
                    f"{counts[stack]} layers."
                ),
                remedy=_SAME_MODEL,
            )


def _report_extra_layers(expected: tuple[Expected, ...], grouped: _Groups) -> Iterator[Reason]:
    for stack, count in _stacks(expected).items():
        last = max(
            (n for name, found in grouped.items() if _stack(name) == stack for n in found),
            default=-1,
        )
        if last >= count:
            yield Reason(
                code="model.shape-disagrees",
                subject=f"{stack}{last}",
                message=f"is there, but config.json says {count} layers, 0 to {count - 1}.",
                remedy=_SAME_MODEL,
            )


def _and_others(count: int, verb: str = "as have") -> str:
    return f", {verb} {count} of its peers in other layers" if count else ""


def _name_tensors(names: Iterable[str]) -> str:
    return name_some(quote(name) for name in names)


def _disagree(code: str, message: str) -> Reason:
    return Reason(code=code, subject=INDEX, message=message, remedy=_SAVE_AGAIN)
