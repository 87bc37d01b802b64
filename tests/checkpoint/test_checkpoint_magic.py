"""A file's kind by its bytes: no content causes a crash, and no pickle that runs code passes."""

from __future__ import annotations

import io
import os
import pickle
import pickletools
import string

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from switchover.checkpoint.contents import STRICT, count_bytes_to_see, judge_content, refuse
from switchover.checkpoint.magic import (
    OPENING_BYTES,
    Unpickled,
    may_be_unpickled,
    recognize,
    unpickle_in_mind,
)

NAMES = (
    "README.md",
    "LICENSE",
    "labels.txt",
    "config.json",
    "m.onnx",
    "a.npy",
    "lookup",
    "m.bin",
    "x.pth",
)
OPCODES = b"".join(opcode.code.encode("latin-1") for opcode in pickletools.opcodes)


class Runs:
    """Runs a program when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (self.command,)


class Asked(Exception):
    """An unpickler wanted to import something."""


class Watched(pickle._Unpickler):  # type: ignore[name-defined, misc]  # the one in Python: any opcode is safe
    def find_class(self, module: str, name: str) -> object:
        raise Asked(f"{module}.{name}")

    def persistent_load(self, name: object) -> object:
        raise Asked(str(name))


def asks_to_import(content: bytes) -> bool:
    try:
        Watched(io.BytesIO(content)).load()
    except Asked:
        return True
    except Exception:  # noqa: BLE001  # damaged pickles raise whatever they like
        return False
    return False


def refusals(path: str, content: bytes) -> list[str]:
    seen = content[: count_bytes_to_see(path, len(content))]
    return [reason.code for reason in refuse([*judge_content(path, len(content), seen)], STRICT)]


@given(
    st.sampled_from(NAMES),
    st.integers(0, 5),
    st.text(max_size=2000).filter(lambda text: "\0" not in text),
    st.sampled_from([b"", b"N0", b"(1", b"]0", b"I0x10\n0", b"(lp0\n0", b"N0" * 600]),
)
def test_no_name_and_no_padding_hides_a_pickle_that_runs_something(
    path: str, protocol: int, command: str, padding: bytes
) -> None:
    content = padding + pickle.dumps([Runs(command)], protocol=protocol)

    assert refusals(path, content) != []


@given(st.lists(st.sampled_from(sorted(OPCODES)), max_size=30), st.binary(max_size=10))
@example(list(b"I0x10"), b"\ncos\nsystem\n.")
@example(list(b"I1\0x"), b"\ncos\nsystem\n.")
@example(list(b"F1"), b"\ncos\nsystem\n.")
@example(list(b"S'a'"), b"\ncos\nsystem\n.")
@example(list(b"cos"), b"\nsystemx")
@settings(max_examples=500)
def test_what_is_called_harmless_lets_no_unpickler_import_anything(
    opcodes: list[int], behind: bytes
) -> None:
    content = bytes(opcodes) + behind
    assume(unpickle_in_mind(content, len(content)) is Unpickled.HARMLESS)

    assert not asks_to_import(content)


@given(st.sampled_from(NAMES), st.binary(max_size=600))
def test_no_bytes_are_an_error(path: str, content: bytes) -> None:
    assert isinstance(refusals(path, content), list)
    assert isinstance(may_be_unpickled(content, len(content)), bool)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz \n.,(){}[]", max_size=OPENING_BYTES))
@settings(max_examples=500)
def test_plain_text_is_no_pickle(text: str) -> None:
    assert recognize(text.encode(), len(text)) is None


@pytest.mark.parametrize("letter", string.ascii_letters + string.digits)
@pytest.mark.parametrize("path", ["system_prompt.txt", "README.md", "LICENSE"])
def test_a_text_whose_first_line_is_a_long_paragraph_is_sound(path: str, letter: str) -> None:
    paragraph = f"{letter}his model was trained on licensed text, code and images. ".encode() * 100

    assert refusals(path, paragraph) == []
    assert refusals(path, paragraph + b"\nIt is so. For all." * 300) == []


@pytest.mark.parametrize("padding", [b"V%s\n", b"X\x40\x1f\0\0%s", b"S'%s'\n"])
def test_a_pickle_behind_a_long_string_is_found_in_a_text(padding: bytes) -> None:
    content = padding % (b"x" * 8000) + pickle.dumps([Runs("id")], protocol=0)

    assert refusals("system_prompt.txt", content) == ["model.pickle-weights"]


def test_a_text_whose_first_line_does_not_end_in_what_is_read_is_refused() -> None:
    assert refusals("notes.txt", b"V" + b"x" * 20_000 + b"\n" + b"text\n") != []
