"""Reads the header of a safetensors file, and checks each value before use.

The file: 8 bytes with the header's length (little-endian), the header (a JSON object of tensor name
to dtype, shape and data_offsets), then the tensors' bytes, which the offsets cover without a hole.
Source: github.com/huggingface/safetensors, "Format" in its README.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from switchover.checkpoint.stream import BrokenJson, JsonStream
from switchover.checkpoint.text import Json, quote
from switchover.domain.many_reasons import name_some
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LENGTH_BYTES = 8
FORMAT_LIMIT_BYTES = 100_000_000  # the reference reader refuses longer headers
# A header this long describes 100 000 tensors.
READ_LIMIT_BYTES = 16 * 1024**2
_FAULTS_SHOWN = 3
_PIECE_BYTES = 64 * 1024

_BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "BOOL": 8, "U8": 8, "I8": 8,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16,
    "U32": 32, "I32": 32, "F32": 32,
    "U64": 64, "I64": 64, "F64": 64, "C64": 64,
}  # fmt: skip
_COUNT_LIMIT = 2**63
_UPLOAD_AGAIN = "Get the file again from where it was trained or published, and upload it again."


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor as its header describes it; offsets count from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Shard:
    """One safetensors file: its readable tensors, and its faults."""

    path: str
    tensors: Mapping[str, Tensor]
    reasons: tuple[Reason, ...] = ()


def measure_header(path: str, opening: bytes, file_bytes: int) -> int | Reason:
    """Read the header's length from the file's first bytes, or return why there can be no header."""
    if opening.startswith(b"version https://git-lfs"):
        return Reason(
            code="model.lfs-pointer",
            subject=path,
            message="is a Git LFS pointer, not the weights.",
            remedy="Run `git lfs pull` in the checkpoint's folder, then upload again.",
        )
    if len(opening) < LENGTH_BYTES:
        message = f"is {file_bytes} bytes long: too short for safetensors."
        return _reason("model.shard-truncated", path, message)
    length = int.from_bytes(opening[:LENGTH_BYTES], "little")
    if length > FORMAT_LIMIT_BYTES:
        return _reason(
            "model.header-invalid",
            path,
            f"its first 8 bytes state a header of {length} bytes; safetensors allows "
            f"{FORMAT_LIMIT_BYTES}. It is damaged or not a safetensors file.",
        )
    if length > file_bytes - LENGTH_BYTES:
        return _reason(
            "model.shard-truncated",
            path,
            f"its header takes {length} bytes, but the file ends after {file_bytes}.",
        )
    if length > READ_LIMIT_BYTES:
        return Reason(
            code="model.header-too-large",
            subject=path,
            message=f"its header takes {length} bytes; at most {READ_LIMIT_BYTES} are read.",
            remedy="Save the model in more shards, so that each header is smaller.",
        )
    return length


def parse_header(path: str, header: bytes, file_bytes: int) -> Shard:
    """Read a header and compare it with the file's size. Invalid bytes give reasons, never an error."""
    try:
        tensors, faults = _read_tensors(JsonStream(_cut(header)))
    except BrokenJson as error:
        fault = _reason("model.header-invalid", path, f"its header {error}.")
        return Shard(path=path, tensors={}, reasons=(fault,))
    if faults:
        faulty = (f"tensor {quote(name)} {why}" for name, why in faults.items())
        fault = _reason("model.header-invalid", path, f"{name_some(faulty, _FAULTS_SHOWN)}.")
        return Shard(path=path, tensors=tensors, reasons=(fault,))
    return Shard(
        path=path,
        tensors=tensors,
        reasons=tuple(_check_layout(path, tensors, file_bytes - LENGTH_BYTES - len(header))),
    )


def _read_tensors(stream: JsonStream) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read the tensors, and the faults of invalid ones; after a few faults the reading ends."""
    tensors: dict[str, Tensor] = {}
    faults: dict[str, str] = {}
    for name in stream.members():
        entry = stream.value()
        if name in tensors or name in faults:
            raise BrokenJson(f"is not JSON: the key {quote(name)} appears twice")
        if name == "__metadata__":
            continue
        tensor = _read_tensor(entry)
        if isinstance(tensor, Tensor):
            tensors[name] = tensor
        else:
            faults[name] = tensor
        if len(faults) > _FAULTS_SHOWN:
            return tensors, faults
    stream.end()
    return tensors, faults


def _cut(header: bytes) -> Iterator[bytes]:
    for start in range(0, len(header), _PIECE_BYTES):
        yield header[start : start + _PIECE_BYTES]


def _read_tensor(entry: Json) -> Tensor | str:
    if not isinstance(entry, dict):
        return f"is described by {quote(entry)}, not by an object"
    dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in _BITS:
        return f"has the dtype {quote(dtype)}, which safetensors doesn't define"
    dimensions = _counts(shape)
    if dimensions is None:
        return f"has the shape {quote(shape)}, not a list of counts"
    span = _counts(offsets)
    if span is None or len(span) != 2 or span[0] > span[1]:
        return f"has the data_offsets {quote(offsets)}, not [begin, end]"
    bits = _BITS[dtype] * _multiply(dimensions)
    if bits != 8 * (span[1] - span[0]):
        return (
            f"takes {span[1] - span[0]} bytes, but {dtype} × {quote(list(dimensions))} "
            f"takes {(bits + 7) // 8}"
        )
    return Tensor(dtype=dtype, shape=dimensions, begin=span[0], end=span[1])


def _counts(value: Json) -> tuple[int, ...] | None:
    if not isinstance(value, list):
        return None
    counts = tuple(
        item for item in value if type(item) is int and 0 <= item < _COUNT_LIMIT
    )  # isinstance takes `True` for an int
    return counts if len(counts) == len(value) else None


def _multiply(dimensions: tuple[int, ...]) -> int:
    """Multiply dimensions; a product beyond any file's size is capped."""
    if 0 in dimensions:
        return 0
    total = 1
    for dimension in dimensions:
        total *= dimension
        if total > _COUNT_LIMIT:
            return _COUNT_LIMIT
    return total


def _check_layout(path: str, tensors: Mapping[str, Tensor], data_bytes: int) -> Iterator[Reason]:
    """Check that the tensors' bytes have no overlap and no hole, and end at the end of the file."""
    ordered = sorted(tensors.items(), key=lambda item: (item[1].begin, item[1].end))
    seams = name_some(_find_seams(ordered))
    if seams:
        yield _reason("model.offsets-disagree", path, f"{seams}.")
    end = max((tensor.end for tensor in tensors.values()), default=0)
    if end > data_bytes:
        yield _reason(
            "model.shard-truncated",
            path,
            f"its header describes {end} bytes of tensors, but {max(data_bytes, 0)} are there: "
            f"{end - data_bytes} are missing at the end.",
        )
    elif end < data_bytes and not seams:
        yield _reason(
            "model.offsets-disagree",
            path,
            f"its last {data_bytes - end} bytes belong to no tensor.",
        )


def _find_seams(ordered: list[tuple[str, Tensor]]) -> Iterator[str]:
    if ordered and ordered[0][1].begin > 0:
        yield f"the first {ordered[0][1].begin} bytes of data belong to no tensor"
    for (name, tensor), (next_name, following) in pairwise(ordered):
        if following.begin < tensor.end:
            yield (
                f"tensors {quote(name)} and {quote(next_name)} overlap: one ends at {tensor.end}, "
                f"the other begins at {following.begin}"
            )
        elif following.begin > tensor.end:
            yield (
                f"{following.begin - tensor.end} bytes between tensors {quote(name)} and "
                f"{quote(next_name)} belong to neither"
            )


def _reason(code: str, path: str, message: str) -> Reason:
    return Reason(code=code, subject=path, message=message, remedy=_UPLOAD_AGAIN)
