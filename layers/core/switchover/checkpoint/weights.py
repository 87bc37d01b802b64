"""Joins the headers of all shards of a checkpoint, and keeps the parts to compare.

A checkpoint of 1,000 GB has some 10⁵ tensors. Tensors with the same name and shape in different
layers are stored as one entry: the name with `{n}` for the layer, the shape, and a bit for each
layer.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from switchover.checkpoint.findings import Warned
from switchover.checkpoint.index import INDEX
from switchover.checkpoint.text import quote
from switchover.domain.many_reasons import name_some
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from switchover.checkpoint.index import Index
    from switchover.checkpoint.safetensors import Shard

# Three digits, so that the bits stay few for any number in a name.
_STACKED = re.compile(r"\b(layers|layer|blocks|block|h)\.(\d{1,3})\.")
_NUMBERED = re.compile(r"(.*)-(\d+)-of-(\d+)\.safetensors")
_SHOWN = 4  # one more than `name_some` shows, so that it says "and more"
_SAVE_AGAIN = "Save the checkpoint again (save_pretrained writes index and shards together)."


@dataclass(frozen=True, slots=True)
class Held:
    """Tensors with the same name and shape in several layers; `layers` has a bit for each layer.

    `name` is the lowest layer's tensor name as written in its shard, and `path` is that shard.
    """

    shape: tuple[int, ...]
    layers: int
    path: str
    name: str


Groups = Mapping[str, tuple[Held, ...]]


@dataclass(frozen=True, slots=True)
class Weights:
    """The joined content of all headers; `groups` are the tensors that a loader would load.

    `shard_reasons` are faults of single shards, `reasons` contradictions between shards.
    """

    groups: Groups = field(default_factory=dict)
    is_complete: bool = False
    shards: int = 0
    tensors: int = 0
    shard_reasons: tuple[Reason, ...] = ()
    reasons: tuple[Reason, ...] = ()


class Assembly:
    """Joins one shard after the other.

    Loaders load the files in the index and ignore other safetensors files, such as Mistral's
    consolidated.safetensors. `index` is None if the checkpoint has none. `is_index_unread`: another
    check has reported why the index can't be read.
    """

    def __init__(
        self, files: Iterable[str], index: Index | None, *, is_index_unread: bool = False
    ) -> None:
        names = sorted(path for path in files if path.endswith(".safetensors") and "/" not in path)
        self._index = index if index is not None and not index.fault else None
        self._loaded = set(names)
        self._is_every_shard_known = self._index is not None
        self._reasons: list[Reason] = []
        if self._index is not None:
            absent = sorted({*self._index.names} - {*names})
            self._loaded = {*self._index.names} & {*names}
            self._is_every_shard_known = not absent
            self._reasons += _compare_names(self._index, names, absent)
        elif index is not None:
            self._reasons.append(
                Reason(
                    code="model.index-invalid",
                    subject=INDEX,
                    message=index.fault,
                    remedy=_SAVE_AGAIN,
                )
            )
        elif not is_index_unread:
            # Mistral's own format is found only by its file names: vllm, MistralModelLoader's pattern.
            plain = [name for name in names if not name.startswith("consolidated")]
            self._loaded = {*plain} & {"model.safetensors"} or {*plain} or {*names}
            missed = tuple(_miss_index(sorted(self._loaded & {*plain})))
            self._is_every_shard_known = len(self._loaded) == 1 and not any(
                reason.code == "model.shard-missing" for reason in missed
            )
            self._reasons += missed
        self._groups: dict[str, tuple[Held, ...]] = {}
        self._hashes: dict[str, array[int]] = {}
        self._absent: dict[str, set[int]] = {}
        self._shard_reasons: list[Reason] = []
        self._shards = self._tensors = self._bytes = 0

    def add(self, shard: Shard) -> None:
        """Add one shard; the shard itself needn't be kept."""
        self._shards += 1
        self._tensors += len(shard.tensors)
        self._shard_reasons += shard.reasons
        if shard.path not in self._loaded:
            return
        if shard.reasons:
            self._is_every_shard_known = False
        elif self._index is not None:
            self._reasons += self._compare_map(shard, self._index)
        self._reasons += self._find_duplicates(shard, self._fold(shard))
        self._hashes[shard.path] = array("q", map(hash, shard.tensors))
        self._bytes += sum(tensor.end - tensor.begin for tensor in shard.tensors.values())

    def finish(self) -> Weights:
        """The joined weights."""
        is_complete = self._is_every_shard_known and self._loaded == self._hashes.keys()
        reasons = [*self._reasons]
        if self._index is not None:
            reasons += _name_absent(self._index, self._absent)
            if is_complete:
                reasons += _compare_total(self._index, self._bytes)
        return Weights(
            groups=self._groups,
            is_complete=is_complete,
            shards=self._shards,
            tensors=self._tensors,
            shard_reasons=tuple(self._shard_reasons),
            reasons=tuple(reasons),
        )

    def _compare_map(self, shard: Shard, index: Index) -> Iterator[Reason]:
        there = {hash(name): name for name in shard.tensors}
        promised = set(index.names[shard.path])
        absent = promised - there.keys()
        if absent:
            self._absent[shard.path] = absent
        unnamed = sorted(there[found] for found in there.keys() - promised)
        # Loaders take the names of the files from the index, and load every tensor of each file
        # (transformers, get_checkpoint_shard_files; vllm, filter_duplicate_safetensors_files).
        kind = Warned if absent != promised else Reason
        if unnamed:
            yield _disagree(
                kind,
                f"it doesn't list {len(unnamed)} tensors that are in {shard.path}: "
                f"{_name_tensors(unnamed)}.",
            )

    def _fold(self, shard: Shard) -> list[str]:
        """Add the shard's tensors to their groups; returns the names that another shard has already."""
        taken: list[str] = []
        for name, tensor in shard.tensors.items():
            pattern, layer = _split_name(name)
            group = self._groups.get(pattern, ())
            if any(held.layers >> layer & 1 for held in group):
                taken.append(name)
            alone = Held(tensor.shape, 1 << layer, shard.path, name)
            others = tuple(held for held in group if held.shape != tensor.shape)
            same = next((held for held in group if held.shape == tensor.shape), None)
            self._groups[pattern] = (*others, alone if same is None else _join(same, alone))
        return taken

    def _find_duplicates(self, shard: Shard, taken: list[str]) -> Iterator[Reason]:
        if not taken:
            return
        wanted = {hash(name): name for name in taken}
        homes = {path: wanted.keys() & set(hashes) for path, hashes in self._hashes.items()}
        repeated = sorted({wanted[found] for both in homes.values() for found in both})
        if repeated:
            others = name_some(sorted(path for path, both in homes.items() if both))
            yield Reason(
                code="model.tensor-duplicated",
                subject=shard.path,
                message=f"tensors {_name_tensors(repeated)} are also in {others}.",
                remedy="Remove the shards of the other save, or save the checkpoint again.",
            )


def _join(one: Held, other: Held) -> Held:
    """Join two groups; the lowest layer's tensor represents the group."""
    first = one if lowest(one.layers) <= lowest(other.layers) else other
    return Held(one.shape, one.layers | other.layers, first.path, first.name)


def lowest(layers: int) -> int:
    """The lowest of some layers; there must be at least one."""
    return (layers & -layers).bit_length() - 1


def _split_name(name: str) -> tuple[str, int]:
    """A tensor's name with `{n}` for its layer, and the layer; 0 if the name has no layer."""
    plain = _plain_name(name)
    layer = _STACKED.search(plain)
    if layer is None:
        return plain, 0
    return f"{plain[: layer.start(2)]}{{n}}{plain[layer.end(2) :]}", int(layer[2])


def _plain_name(name: str) -> str:
    """Undo the renaming of newer transformers, which nests language model and vision tower."""
    for prefix, plain in (
        ("model.language_model.", "model."),
        ("language_model.model.", "model."),
        ("language_model.lm_head.", "lm_head."),
        ("language_model.output.", "output."),
        ("model.visual.", "visual."),
        ("model.vision_tower.vision_model.", "vision_tower."),
        ("vision_tower.vision_model.", "vision_tower."),
        ("model.vision_tower.", "vision_tower."),
        ("model.multi_modal_projector.", "multi_modal_projector."),
        ("model.image_newline", "image_newline"),
    ):
        if name.startswith(prefix):
            return plain + name.removeprefix(prefix)
    return name


def _compare_names(index: Index, names: list[str], absent: list[str]) -> Iterator[Reason]:
    if absent:
        verb = "which is" if len(absent) == 1 else f"{len(absent)} files that are"
        yield _disagree(
            Reason, f"it names {_name_tensors(absent)}, {verb} not among the release's files."
        )
    sets = {found.groups()[::2] for path in index.names if (found := _NUMBERED.fullmatch(path))}
    for name in names:
        found = _NUMBERED.fullmatch(name)
        if found is not None and name not in index.names:
            # A further shard of the same set belongs to the model; any other file is a leftover.
            kind = Reason if found.groups()[::2] in sets else Warned
            yield _disagree(kind, f"it doesn't name {quote(name)}, which exists.")


def _miss_index(names: list[str]) -> Iterator[Reason]:
    """Find a missing index: the names alone show a set of numbered shards."""
    numbered = [found for name in names if (found := _NUMBERED.fullmatch(name))]
    wanted = max((int(found[3]) for found in numbered), default=0)
    if numbered and len(numbered) < wanted:
        yield Reason(
            code="model.shard-missing",
            subject=name_some(names),
            message=f"{'is' if len(names) == 1 else 'are'} {len(numbered)} of {wanted} shards by the "
            "name; the others and the index are missing.",
            remedy="Download the whole checkpoint, with its index, then upload again.",
        )
    elif len(names) > 1 or numbered:
        # transformers finds shards only through the index; vllm loads all safetensors files in the
        # folder.
        kind = Reason if len(numbered) > 1 else Warned
        yield kind(
            code="model.index-missing",
            subject=INDEX,
            message="is missing, but the weights are in "
            f"{f'{len(names)} files' if len(names) > 1 else names[0]}.",
            remedy=_SAVE_AGAIN,
        )


def _name_absent(index: Index, absent: Mapping[str, set[int]]) -> Iterator[Reason]:
    names = index.name_tensors(absent, _SHOWN) if absent else {}
    for path, hashes in absent.items():
        kind = Reason if len(hashes) == len({*index.names[path]}) else Warned
        yield _disagree(
            kind,
            f"it lists {len(hashes)} tensors in {path} that are not there: "
            f"{_name_tensors(names.get(path, ()))}.",
        )


def _compare_total(index: Index, actual_bytes: int) -> Iterator[Reason]:
    """Compare the index's total size with the shards; no loader reads it."""
    if index.total_bytes not in {None, actual_bytes}:
        yield _disagree(
            Warned,
            f"its metadata.total_size is {quote(index.total_bytes)}, but the shards hold "
            f"{actual_bytes} bytes.",
        )


def _name_tensors(names: Iterable[str]) -> str:
    return name_some(quote(name) for name in names)


def _disagree(kind: type[Reason], message: str) -> Reason:
    return kind(code="model.index-disagrees", subject=INDEX, message=message, remedy=_SAVE_AGAIN)
