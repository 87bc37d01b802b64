"""A check takes little memory, whatever the checkpoint's size and the sizes that files state."""

from __future__ import annotations

import gzip
import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.peak_memory import MIB, measure_peak_bytes

from switchover.checkpoint.archive import read_archive
from switchover.checkpoint.gguf import parse_gguf
from switchover.checkpoint.index import fold_index
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import StoredFile, read_evidence
from switchover.checkpoint.safetensors import measure_header, parse_header
from switchover.domain.reasons import Reason

PATH = "model.safetensors"
INDEX = "model.safetensors.index.json"
TENSORS = 400  # per shard


class Experts:
    """A mixture of experts in any number of shards, each with half a layer's experts."""

    def __init__(self, shards: int) -> None:
        weight_map: dict[str, str] = {}
        self.content: dict[str, bytes] = {}
        for number in range(shards):
            path = f"model-{number + 1:05}-of-{shards:05}.safetensors"
            names = [
                f"model.layers.{number // 2}.mlp.experts.{number % 2 * TENSORS + n}.up_proj.weight"
                for n in range(TENSORS)
            ]
            self.content[path] = write_shard(names)
            weight_map |= dict.fromkeys(names, path)
        self.content[INDEX] = json.dumps({"weight_map": weight_map}).encode()
        self.files = [StoredFile(path, len(raw)) for path, raw in self.content.items()]

    def read(self, path: str, start: int, length: int) -> bytes:
        return self.content[path][start : start + length]


def write_shard(names: list[str]) -> bytes:
    entries = {
        name: {"dtype": "U8", "shape": [1], "data_offsets": [n, n + 1]}
        for n, name in enumerate(names)
    }
    header = json.dumps(entries).encode()
    return len(header).to_bytes(8, "little") + header + bytes(len(names))


@pytest.mark.long
def test_memory_does_not_grow_with_the_number_of_shards() -> None:
    few, many = Experts(12), Experts(64)

    peak_of_few = measure_peak_bytes(lambda: inspect_model(read_evidence(few.files, few)))
    peak_of_many = measure_peak_bytes(lambda: inspect_model(read_evidence(many.files, many)))

    assert len(many.content[INDEX]) > 1.9 * MIB
    assert peak_of_many < peak_of_few + 3 * MIB // 2


def test_many_shards_are_read_as_soundly_as_few() -> None:
    many = Experts(24)

    weights = read_evidence(many.files, many).weights

    assert (weights.reasons, weights.shard_reasons) == ((), ())
    assert (weights.is_complete, weights.tensors) == (True, 24 * TENSORS)


HOSTILE = {
    "entries that are no tensors": b'{%s"z":1}' % b"".join(b'"%d":[],' % n for n in range(30_000)),
    "one list of empty lists": b'{"a":[%s[]]}' % (b"[]," * 200_000),
    "one endless text": b'{"a":"' + b"x" * MIB,
    "depth": b'{"a":' + b"[" * MIB,
    "one endless number": b'{"a":' + b"9" * MIB,
    "metadata without end": b'{"__metadata__":{%s"z":""}}'
    % b"".join(b'"%d":"",' % n for n in range(50_000)),
}


@pytest.mark.parametrize("header", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_header_takes_bounded_memory(header: bytes) -> None:
    peak = measure_peak_bytes(lambda: parse_header(PATH, header, 8 + len(header)))

    assert peak < 40 * MIB


def test_a_header_of_empty_tensors_takes_a_few_times_its_length() -> None:
    empty = b'"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},'
    header = b'{%s"z":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}' % b"".join(
        empty % n for n in range(6_000)
    )

    peak = measure_peak_bytes(lambda: parse_header(PATH, header, 8 + len(header)))

    assert peak < 10 * len(header)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_index_takes_bounded_memory(text: bytes) -> None:
    index = b'{"weight_map":' + text

    def read_pieces() -> object:
        return fold_index(lambda: (index[n : n + 65_536] for n in range(0, len(index), 65_536)))

    assert measure_peak_bytes(read_pieces) < 40 * MIB


SOUND = json.dumps(
    {
        "__metadata__": {"format": "pt"},
        **{
            f"model.layers.{n}.weight": {
                "dtype": "BF16",
                "shape": [4, 2],
                "data_offsets": [16 * n, 16 * n + 16],
            }
            for n in range(6)
        },
    }
).encode()
# What a fuzzer would splice in: structure, limits of number types, and names that mean something.
TOKENS = st.sampled_from(
    [
        *(
            b"{",
            b"}",
            b"[",
            b"]",
            b'"',
            b",",
            b":",
            b"-",
            b"\\u",
            b"1e999",
            b"null",
            b"NaN",
            b"\xff",
        ),
        *(b"9223372036854775808", b"18446744073709551616", b'"shape"', b'"__metadata__"'),
        b"[" * 3000,
    ]
)


@settings(max_examples=100, deadline=None)
@given(
    at=st.integers(0, len(SOUND)),
    dropped=st.integers(0, 40),
    spliced=TOKENS | st.binary(max_size=12),
    claimed=st.none() | st.integers(0, 2**64 - 1),
)
def test_any_damage_to_a_header_gives_reasons_within_little_memory(
    at: int, dropped: int, spliced: bytes, claimed: int | None
) -> None:
    header = SOUND[:at] + spliced + SOUND[at + dropped :]
    length = len(header) if claimed is None else claimed
    opening = length.to_bytes(8, "little") + header
    file_bytes = len(opening) + 96

    def check() -> None:
        measured = measure_header(PATH, opening, file_bytes)
        shard = parse_header(PATH, header, file_bytes)
        spans = sum(tensor.end - tensor.begin for tensor in shard.tensors.values())
        assert isinstance(measured, Reason) == (not 0 <= length <= len(header) + 96)
        assert shard.reasons or spans == 96

    assert measure_peak_bytes(check) < MIB


@settings(max_examples=100, deadline=None)
@given(
    counts=st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1)),
    numbers=st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 12), max_size=24),
    rest=st.binary(max_size=64),
    more=st.integers(0, 2**62),
)
def test_any_numbers_in_a_gguf_header_take_little_memory(
    counts: tuple[int, int], numbers: list[int], rest: bytes, more: int
) -> None:
    head = struct.pack("<4sIQQ", b"GGUF", 3, *counts)
    head += b"".join(struct.pack("<Q" if n > 12 else "<I", n) for n in numbers) + rest

    peak = measure_peak_bytes(lambda: parse_gguf("model.gguf", head, len(head) + more))

    assert peak < MIB


@settings(max_examples=100, deadline=None)
@given(
    at=st.integers(0, 511),
    spliced=st.binary(min_size=1, max_size=12) | st.sampled_from([b"\xff" * 12, b"7" * 11]),
    size=st.integers(0, 2**40),
)
def test_any_tar_header_takes_bounded_memory(at: int, spliced: bytes, size: int) -> None:
    header = bytearray(b"config.json".ljust(124, b"\0") + b"%011o\0" % min(size, 8**11 - 1))
    header += bytes(512 - len(header))
    header[at : at + len(spliced)] = spliced
    del header[512:]
    total = sum(header[:148]) + 8 * 32 + sum(header[156:])
    header[148:156] = b"%06o\0 " % total
    packed = gzip.compress(bytes(header) + bytes(1024), 1)

    def read() -> object:
        return read_archive(
            "model.tar.gz",
            len(packed),
            lambda start, length: packed[start : start + length],
            lambda *known: known[1],
            lambda: True,
        )

    assert measure_peak_bytes(read) < 4 * MIB
