"""A safetensors header is accepted only if it agrees with its file."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchover.checkpoint.safetensors import Shard, measure_header, parse_header
from switchover.domain.reasons import Reason

PATH = "model.safetensors"


def entry(begin: int, end: int, dtype: str = "F32") -> dict[str, object]:
    return {"dtype": dtype, "shape": [(end - begin) // 4], "data_offsets": [begin, end]}


def parse(tensors: object, data_bytes: int) -> Shard:
    header = json.dumps(tensors).encode()
    return parse_header(PATH, header, 8 + len(header) + data_bytes)


def parse_raw(header: bytes) -> Shard:
    return parse_header(PATH, header, 8 + len(header))


def only(reasons: tuple[Reason, ...]) -> Reason:
    (reason,) = reasons
    return reason


def test_a_sound_header_gives_its_tensors_and_no_reason() -> None:
    shard = parse({"__metadata__": {"format": "pt"}, "b": entry(8, 16), "a": entry(0, 8)}, 16)

    assert shard.reasons == ()
    assert shard.tensors["b"].shape == (2,)


def test_a_shard_without_tensors_is_sound() -> None:
    assert parse({}, 0).reasons == ()


def test_a_header_may_be_padded_with_blanks() -> None:
    assert parse_raw(b"{}      ").reasons == ()


def test_a_tensor_without_elements_takes_no_bytes() -> None:
    tensors = {"none": {"dtype": "BF16", "shape": [0, 7], "data_offsets": [0, 0]}, "a": entry(0, 8)}

    assert parse(tensors, 8).reasons == ()


def test_a_scalar_takes_one_element() -> None:
    assert parse({"a": {"dtype": "F16", "shape": [], "data_offsets": [0, 2]}}, 2).reasons == ()


def test_four_bit_values_share_bytes() -> None:
    assert parse({"a": {"dtype": "F4", "shape": [6], "data_offsets": [0, 3]}}, 3).reasons == ()


def test_a_file_cut_within_its_data_says_how_much_is_missing() -> None:
    reason = only(parse({"a": entry(0, 400)}, 300).reasons)

    assert reason.code == "model.shard-truncated"
    assert reason.subject == PATH
    assert "400 bytes of tensors, but 300 are there: 100 are missing" in reason.message
    assert "upload it again" in reason.remedy


def test_bytes_after_the_last_tensor_are_refused() -> None:
    reason = only(parse({"a": entry(0, 8)}, 13).reasons)

    assert reason.code == "model.offsets-disagree"
    assert "its last 5 bytes belong to no tensor" in reason.message


def test_overlapping_tensors_are_both_named() -> None:
    reason = only(parse({"a": entry(0, 8), "b": entry(4, 12)}, 12).reasons)

    assert reason.code == "model.offsets-disagree"
    assert "'a' and 'b' overlap: one ends at 8, the other begins at 4" in reason.message


def test_a_hole_between_tensors_is_refused() -> None:
    reason = only(parse({"a": entry(0, 8), "b": entry(12, 16)}, 16).reasons)

    assert reason.code == "model.offsets-disagree"
    assert "4 bytes between tensors 'a' and 'b' belong to neither" in reason.message


def test_a_hole_before_the_first_tensor_is_refused() -> None:
    reason = only(parse({"a": entry(4, 8)}, 8).reasons)

    assert "the first 4 bytes of data belong to no tensor" in reason.message


@pytest.mark.parametrize(
    ("tensor", "says"),
    [
        (7, "is described by 7"),
        ({"dtype": "F99", "shape": [1], "data_offsets": [0, 4]}, "has the dtype 'F99'"),
        ({"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}, "has the dtype ['F32']"),
        ({"dtype": "F32", "shape": "1", "data_offsets": [0, 4]}, "has the shape '1'"),
        ({"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}, "has the shape [-1]"),
        ({"dtype": "F32", "shape": [True], "data_offsets": [0, 4]}, "has the shape [True]"),
        ({"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}, "has the shape [1.0]"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}, "has the data_offsets [4, 0]"),
        ({"dtype": "F32", "shape": [1], "data_offsets": [4]}, "has the data_offsets [4]"),
        ({"dtype": "F32", "shape": [3], "data_offsets": [0, 4]}, "takes 4 bytes, but F32 × [3]"),
        (
            {"dtype": "F32", "shape": [2**62] * 300, "data_offsets": [0, 4]},
            "takes 4 bytes, but F32 × [4611686018427387904",
        ),
    ],
)
def test_an_entry_that_describes_no_tensor_is_quoted(tensor: object, says: str) -> None:
    reason = only(parse({"a": tensor}, 4).reasons)

    assert reason.code == "model.header-invalid"
    assert f"tensor 'a' {says}" in reason.message


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (b"", "does not begin with {"),
        (b"[]", "does not begin with {"),
        (b"{nonsense", "is not JSON"),
        (b'{"\xff": 1}', "is not UTF-8 at byte 2"),
        (b'{"a": ' + b"[" * 100_000, "is nested too deeply"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "is not JSON"),
        (b'{"a": {}, "a": {}}', "the key 'a' appears twice"),
    ],
)
def test_a_header_that_is_no_json_object_is_refused(header: bytes, says: str) -> None:
    reason = only(parse_raw(header).reasons)

    assert reason.code == "model.header-invalid"
    assert says in reason.message


def test_a_name_that_no_log_can_hold_is_escaped() -> None:
    reason = only(parse_raw(b'{"\\ud800": 1}').reasons)

    assert r"tensor '\ud800' is described by 1" in reason.message


def test_a_promised_header_of_2_to_the_63_bytes_is_refused_before_anything_is_read() -> None:
    reason = measure_header(PATH, (2**63).to_bytes(8, "little") + b"{", 1_000_000)

    assert isinstance(reason, Reason)
    assert reason.code == "model.header-invalid"
    assert "state a header of 9223372036854775808 bytes" in reason.message


def test_a_header_longer_than_the_file_means_that_the_file_was_cut() -> None:
    reason = measure_header(PATH, (5_000).to_bytes(8, "little") + b"{", 1_000)

    assert isinstance(reason, Reason)
    assert reason.code == "model.shard-truncated"
    assert "its header takes 5000 bytes, but the file ends after 1000" in reason.message


def test_a_header_too_large_to_parse_is_refused() -> None:
    reason = measure_header(PATH, (50_000_000).to_bytes(8, "little"), 10**9)

    assert isinstance(reason, Reason)
    assert reason.code == "model.header-too-large"


def test_an_empty_file_is_refused() -> None:
    reason = measure_header(PATH, b"", 0)

    assert isinstance(reason, Reason)
    assert "is 0 bytes long: too short for safetensors" in reason.message


def test_a_git_lfs_pointer_is_named_as_such() -> None:
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"

    reason = measure_header(PATH, pointer, len(pointer))

    assert isinstance(reason, Reason)
    assert reason.code == "model.lfs-pointer"
    assert "git lfs pull" in reason.remedy


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
tensor_like = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(["F32", "BF16", "F4", "X"]),
        "shape": st.lists(st.integers(-1, 2**70), max_size=5),
        "data_offsets": st.lists(st.integers(-1, 2**70), max_size=3),
    }
)


@given(content=st.binary(max_size=400), file_bytes=st.integers(0, 2**50))
def test_any_bytes_give_reasons_and_never_an_error(content: bytes, file_bytes: int) -> None:
    measured = measure_header(PATH, content, file_bytes)
    shard = parse_header(PATH, content, file_bytes)

    assert isinstance(measured, int | Reason)
    assert shard.reasons or shard.tensors or content.strip() == b"{}"


@given(
    tensors=st.dictionaries(st.text(), json_values | tensor_like, max_size=6),
    data_bytes=st.integers(0, 2**40),
)
def test_any_json_gives_reasons_and_never_an_error(
    tensors: dict[str, object], data_bytes: int
) -> None:
    shard = parse(tensors, data_bytes)

    spans = sum(tensor.end - tensor.begin for tensor in shard.tensors.values())
    assert shard.reasons or spans == data_bytes
