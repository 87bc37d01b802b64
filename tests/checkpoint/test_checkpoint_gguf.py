"""A GGUF header is accepted only if it agrees with its file."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchover.checkpoint.gguf import HEADER_LIMIT_BYTES, GgufFile, parse_gguf
from switchover.checkpoint.headers import OPENING_BYTES
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import StoredFile, read_evidence

if TYPE_CHECKING:
    from switchover.checkpoint.findings import Inspection

PATH = "model.gguf"
Q4_0_BYTES = 18  # of 32 values


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def tensor(name: str, dimensions: list[int], kind: int, offset: int) -> bytes:
    counted = struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions)
    return text(name) + counted + struct.pack("<IQ", kind, offset)


def gguf(
    tensors: list[bytes], pairs: list[bytes] | None = None, *, version: int = 3, data_bytes: int
) -> bytes:
    pairs = (
        pairs if pairs is not None else [text("general.architecture") + b"\x08\0\0\0" + text("x")]
    )
    head = struct.pack("<4sIQQ", b"GGUF", version, len(tensors), len(pairs))
    head += b"".join(pairs) + b"".join(tensors)
    return head + bytes(-len(head) % 32) + bytes(data_bytes)


SOUND = gguf(
    [tensor("a", [64, 2], 2, 0), tensor("b", [8], 0, 96)], data_bytes=96 + 32
)  # a: 4 blocks of Q4_0, padded to 96; b: 8 × F32


def parse(content: bytes) -> GgufFile:
    parsed = parse_gguf(PATH, content, len(content))
    assert parsed is not None
    return parsed


class Stored:
    """One file whose reads are counted."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.read_bytes = 0

    def read(self, path: str, start: int, length: int) -> bytes:
        assert path == PATH
        self.read_bytes += length
        return self.content[start : start + length]


def inspect(stored: Stored) -> Inspection:
    return inspect_model(read_evidence([StoredFile(PATH, len(stored.content))], stored))


def test_a_sound_file_needs_no_config_beside_it() -> None:
    inspection = inspect(Stored(SOUND))

    assert (inspection.reasons, inspection.unchecked) == ((), ())
    assert inspection.checked == ("The headers of 1 GGUF files, with 2 tensors.",)


def test_a_file_cut_within_its_data_says_how_much_is_missing() -> None:
    (reason,) = parse(SOUND[:-5]).reasons

    assert reason.code == "model.shard-truncated"
    assert "5 bytes are missing" in reason.message


def test_a_file_cut_within_its_header_is_refused() -> None:
    (reason,) = parse(SOUND[:60]).reasons

    assert "it ends after 60 bytes, within its header" in reason.message


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04" + bytes(60), "begins with b'PK"),
        (gguf([], version=1, data_bytes=0), "has the version 1"),
        (struct.pack("<4sIQQ", b"GGUF", 3, 2**60, 1), "promises 1152921504606846976 tensors"),
        (gguf([tensor("a", [1] * 9, 0, 0)], data_bytes=4), "gives tensor b'a' 9 dimensions"),
        (gguf([], [text("k") + struct.pack("<I", 77)], data_bytes=0), "metadata value of type 77"),
    ],
)
def test_what_cannot_be_a_header_is_refused(content: bytes, says: str) -> None:
    (reason,) = parse(content).reasons

    assert reason.code == "model.header-invalid"
    assert says in reason.message


def test_a_type_that_is_not_known_is_said() -> None:
    parsed = parse(gguf([tensor("a", [32], 9_999, 0)], data_bytes=1))

    assert parsed.reasons == ()
    assert parsed.unchecked == (f"{PATH}: tensors of unknown types.",)


def test_another_alignment_moves_the_data() -> None:
    pair = text("general.alignment") + struct.pack("<II", 4, 4096)
    content = gguf([tensor("a", [8], 0, 0)], [pair], data_bytes=32)

    (reason,) = parse(content).reasons

    assert f"tensors up to byte {4096 + 32}" in reason.message


def test_a_long_vocabulary_is_read_through_and_no_weights() -> None:
    tokens = b"".join(text(f"token-{n:06}") for n in range(20_000))
    pair = text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 20_000) + tokens
    stored = Stored(gguf([tensor("a", [2**24], 24, 0)], [pair], data_bytes=2**24))

    assert len(tokens) > OPENING_BYTES
    assert inspect(stored).reasons == ()
    assert stored.read_bytes < 2 * len(tokens) + 16 * OPENING_BYTES


def test_a_header_beyond_the_limit_is_said() -> None:
    head = gguf([], [text("k") + struct.pack("<IIQ", 9, 0, 2**40)], data_bytes=0)
    head += bytes(HEADER_LIMIT_BYTES - len(head))

    parsed = parse_gguf(PATH, head, 2**41)

    assert parsed is not None
    assert "its header is longer than 33554432 bytes" in parsed.unchecked[0]


def test_more_is_asked_for_where_the_head_is_short() -> None:
    assert parse_gguf(PATH, SOUND[:60], len(SOUND)) is None


@given(
    content=st.binary(max_size=200),
    opening=st.sampled_from([b"", b"GGUF\x03\0\0\0"]),
    more=st.integers(0, 2**50),
)
def test_any_bytes_give_reasons_and_never_an_error(
    content: bytes, opening: bytes, more: int
) -> None:
    raw = opening + content

    parsed = parse_gguf(PATH, raw, len(raw) + more)

    # More is asked for only where there is more, and no other bytes pass for a header.
    assert more > 0 or parsed is not None
    assert raw.startswith(b"GGUF") or parsed is None or parsed.reasons


@given(at=st.integers(0, len(SOUND) - 1), value=st.integers(0, 255))
def test_any_damaged_byte_gives_reasons_and_never_an_error(at: int, value: int) -> None:
    content = SOUND[:at] + bytes([value]) + SOUND[at + 1 :]

    assert isinstance(parse_gguf(PATH, content, len(content)), GgufFile)
