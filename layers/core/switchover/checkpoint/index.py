"""Reads the index of a sharded checkpoint in one pass and keeps only hashes of its names.

The index of a model with 10¹² parameters names some 10⁵ tensors. Only the hash of each name is kept,
by shard: that shows whether index and headers agree. If they don't, the index is read once more for
the names.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field

from switchover.checkpoint.stream import BrokenJson, JsonStream
from switchover.checkpoint.text import Json, integer_at, quote

INDEX = "model.safetensors.index.json"
_MAP, _METADATA = "weight_map", "metadata"
_NO_MAP = "its weight_map is not an object of tensor name to file name."

Pieces = Callable[[], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Index:
    """The tensors that the index assigns to each shard, as hashes of their names.

    `total_bytes` is the total size that the index states. `fault` says why the index can't be used.
    """

    pieces: Pieces
    names: Mapping[str, array[int]] = field(default_factory=dict)
    total_bytes: int | None = None
    fault: str = ""

    def name_tensors(
        self, wanted: Mapping[str, Collection[int]], shown: int
    ) -> Mapping[str, list[str]]:
        """Read the index again to find the first few names of the wanted hashes of each shard."""
        found: dict[str, list[str]] = defaultdict(list)
        try:
            for section, tensor, path in _walk(JsonStream(self.pieces())):
                if section != _MAP or not isinstance(path, str) or len(found[path]) >= shown:
                    continue
                if hash(tensor) in wanted.get(path, ()):
                    found[path].append(tensor)
        except BrokenJson:  # the index was changed since; the count is shown without names
            return found
        return found


def fold_index(pieces: Pieces) -> Index:
    """Read an index. Invalid bytes give a fault, never an error."""
    names: dict[str, array[int]] = defaultdict(lambda: array("q"))
    total_bytes: int | None = None
    try:
        for section, name, value in _walk(JsonStream(pieces())):
            if section == _METADATA and isinstance(value, dict):
                total_bytes = integer_at(value, "total_size")
            elif section == _MAP and isinstance(value, str):
                # Python's hash has 64 bits and a secret key. Two of 10⁵ names have the same hash by
                # chance once in 10⁹ checkpoints, and an attacker can't choose such names.
                names[value].append(hash(name))
            elif section == _MAP:
                return Index(pieces, fault=_NO_MAP)
    except BrokenJson as error:
        return Index(pieces, fault=f"it {error}.")
    repeated = next((path for path, found in names.items() if len({*found}) < len(found)), None)
    if repeated is not None:
        return Index(pieces, fault=f"it names a tensor of {quote(repeated)} twice.")
    return Index(pieces, names, total_bytes, "" if names else _NO_MAP)


def _walk(stream: JsonStream) -> Iterator[tuple[str, str, Json]]:
    """Yield section, name and value of each entry of the map; other sections whole, without a name."""
    seen: set[str] = set()
    for section in stream.members():
        if section in seen:
            raise BrokenJson(f"holds the key {quote(section)} twice")
        if section in {_MAP, _METADATA}:
            seen.add(section)
        if section == _MAP and stream.begins_object():
            for name in stream.members():
                yield section, name, stream.value()
        else:
            yield section, "", stream.value()
    stream.end()
