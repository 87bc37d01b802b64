"""Recognises a file's format by its first bytes, as a loader does, without regard to the name.

Nothing is unpickled: a pickle's opcodes are only read, one after the other.
Sources: pickletools (Python's own list of opcodes); torch.serialization (zip, then tar, then a
pickled number); numpy.lib.format; zip, gzip, zstd, xz, bzip2 and ELF by their specifications.
"""

from __future__ import annotations

import pickletools
import zlib
from contextlib import suppress
from enum import StrEnum
from io import BytesIO

from switchover.checkpoint.tar import is_header

OPENING_BYTES = 1024
# The first line of a text may be a whole paragraph, and its end decides whether it may be a pickle.
TEXT_OPENING_BYTES = 16 * 1024


class Kind(StrEnum):
    """The kind of a file in a model's folder, as the container sees it."""

    DATA = "data"
    PICKLE = "pickle"
    CODE = "code"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"
    UNREAD = "unread"


class Unpickled(StrEnum):
    """How far an unpickler would get with some bytes."""

    HARMLESS = "harmless"  # it stops before any code could run
    MAYBE = "maybe"  # code may run, or the bytes don't decide it
    RUNS = "runs"  # all bytes seen are a pickle, and a call is made or the rest isn't seen


_ZIP = "is a zip archive, in which torch, numpy and joblib store pickles"
_PACKED = "is compressed, so its content can't be checked"
_MAGICS: tuple[tuple[bytes, Kind, str], ...] = (
    *((b"\x80%c" % version, Kind.PICKLE, "begins like a pickle") for version in range(2, 6)),
    (b"PK\x03\x04", Kind.PICKLE, _ZIP),
    (b"PK\x05\x06", Kind.PICKLE, _ZIP),
    (b"PK\x07\x08", Kind.PICKLE, _ZIP),
    (b"#!", Kind.CODE, "is a script (it begins with #!)"),
    (b"\x7fELF", Kind.CODE, "is a program or a library (ELF)"),
    (b"\0asm", Kind.CODE, "is a program (WebAssembly)"),
    (b"\xca\xfe\xba\xbe", Kind.CODE, "is a compiled Java class or a program"),
    (b"\x89HDF\r\n\x1a\n", Kind.CODE, "is HDF5, in which Keras keeps the code of Lambda layers"),
    (b"\x1f\x8b", Kind.UNKNOWN, _PACKED),
    (b"BZh", Kind.UNKNOWN, _PACKED),
    (b"\xfd7zXZ\0", Kind.UNKNOWN, _PACKED),
    (b"\x28\xb5\x2f\xfd", Kind.UNKNOWN, _PACKED),
    (b"\x04\x22\x4d\x18", Kind.UNKNOWN, _PACKED),
    (b"]\0\0", Kind.UNKNOWN, _PACKED),
)
# The number of bytes that hold an argument's length.
_LENGTH_BYTES = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_NAMED_BY_TWO_LINES = frozenset({"GLOBAL", "INST"})
_NUMPY = b"\x93NUMPY"
_OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}
_IMPORTS = frozenset({"GLOBAL", "INST", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4"})
_CALLS = frozenset({"BUILD", "INST", "NEWOBJ", "NEWOBJ_EX", "OBJ", "REDUCE"})
# If the first pickle is this number, in any encoding, torch.load unpickles the next one.
_TORCH_NUMBERS = frozenset({"INT", "LONG", "LONG1", "LONG4"})
_ACTS = _IMPORTS | _CALLS | _TORCH_NUMBERS | {"PERSID", "BINPERSID"}


def recognize(opening: bytes, size: int) -> tuple[Kind, str] | None:
    """Recognise a file of `size` bytes by its first bytes; None if they don't contradict its name.

    The text ends the sentence "it …".
    """
    for magic, kind, why in _MAGICS:
        if opening.startswith(magic):
            return kind, why
    if opening.startswith(_NUMPY):
        return _recognize_array(opening)
    if _is_zlib(opening):
        return Kind.UNKNOWN, _PACKED
    if is_header(opening[:512]):
        return Kind.UNKNOWN, "is a tar archive, whose content isn't checked"
    if unpickle_in_mind(opening, size) is Unpickled.RUNS:
        return Kind.PICKLE, "is a pickle from its first byte on"
    return None


def _recognize_array(opening: bytes) -> tuple[Kind, str] | None:
    """Recognise a numpy array of Python objects: a pickle after a header with dtype O or object."""
    # Version 1 has the header's length in two bytes, later ones in four (numpy.lib.format).
    begins = len(_NUMPY) + (4 if opening[6:7] == b"\x01" else 6)
    ends = begins + int.from_bytes(opening[len(_NUMPY) + 2 : begins], "little")
    header = opening[begins:ends]
    if ends <= len(opening) and not any(word in header for word in (b"O", b"object", b"\\")):
        return None
    return Kind.PICKLE, "is a numpy array of Python objects, which is a pickle"


def may_be_unpickled(opening: bytes, size: int) -> bool:
    """Whether torch.load or pickle.load might run code in a file of `size` bytes with this beginning.

    If a loader takes a file for a pickle by its name, only bytes at which every unpickler stops prove
    that the file is harmless.
    """
    return (
        recognize(opening, size) is not None
        or unpickle_in_mind(opening, size) is not Unpickled.HARMLESS
    )


def unpickle_in_mind(opening: bytes, size: int) -> Unpickled:
    """Go through the opcodes of a pickle of `size` bytes without executing them.

    It stops where an unpickler would fail: at a byte that isn't an opcode, at an opcode that needs
    more values than the stack has, or at an argument that isn't a value or is longer than the file.
    Texts fail this way, most of them within a few bytes.
    """
    stream, stack = BytesIO(opening), _Stack()
    seen: set[str] = set()
    while code := stream.read(1):
        opcode = _OPCODES.get(code.decode("latin-1"))
        if opcode is None or not stack.take(opcode) or not _take_argument(opcode, stream, size):
            # INST imports before it uses the stack, and GLOBAL imports even at the end of the file.
            tried = seen if opcode is None else seen | {opcode.name}
            return Unpickled.MAYBE if tried & _ACTS else Unpickled.HARMLESS
        seen.add(opcode.name)
        if opcode.name == "STOP":
            break
    is_cut = len(opening) < size and "STOP" not in seen
    if is_cut or (seen & _IMPORTS and seen & _CALLS):
        return Unpickled.RUNS
    is_decided = not opening or ("STOP" in seen and not seen & _ACTS)
    return Unpickled.HARMLESS if is_decided else Unpickled.MAYBE


def _take_argument(opcode: pickletools.OpcodeInfo, stream: BytesIO, size: int) -> bool:
    """Skip an opcode's argument; False if every unpickler fails at the argument.

    pickletools refuses more than unpicklers do, so its refusal alone isn't a proof.
    """
    if opcode.arg is None:
        return True
    begins = stream.tell()
    with suppress(ValueError):
        opcode.arg.reader(stream)
        return True
    argument = stream.getvalue()[begins:]
    if opcode.arg.n == pickletools.UP_TO_NEWLINE:
        lines = argument.split(b"\n")
        is_ended = len(lines) > (2 if opcode.name in _NAMED_BY_TWO_LINES else 1)
        return _may_be_value(opcode.name, lines[0]) if is_ended else begins + len(argument) < size
    width = _LENGTH_BYTES.get(opcode.arg.n, 0)
    return begins + width + int.from_bytes(argument[:width], "little") <= size


def _may_be_value(opcode: str, line: bytes) -> bool:
    """Whether an unpickler might accept a line that pickletools refused.

    CPython's unpickler reads numbers in any base, and only up to a zero byte (Modules/_pickle.c,
    load_int).
    """
    if opcode in {"INT", "LONG", "GET", "PUT"}:
        with suppress(ValueError):
            int(line.partition(b"\0")[0].strip().removesuffix(b"L"), 0)
            return True
        return False
    if opcode == "STRING":
        return len(line) > 1 and line[:1] in {b"'", b'"'} and line[:1] == line[-1:]
    return opcode != "FLOAT"


class _Stack:
    """An unpickler's stack, as kinds of objects in the terms of pickletools."""

    def __init__(self) -> None:
        self._held: list[pickletools.StackObject] = []

    def take(self, opcode: pickletools.OpcodeInfo) -> bool:
        """Apply an opcode to the stack; False if that is impossible."""
        held, wanted = self._held, len(opcode.stack_before)
        if pickletools.markobject in opcode.stack_before:
            if pickletools.markobject not in held:
                return False
            while held.pop() is not pickletools.markobject:
                pass
            wanted = opcode.stack_before.index(pickletools.markobject)
        if len(held) < wanted:
            return False
        del held[len(held) - wanted :]
        held += opcode.stack_after
        return True


def _is_zlib(opening: bytes) -> bool:
    try:
        return opening.startswith(b"x") and bool(zlib.decompressobj().decompress(opening))
    except zlib.error:
        return False
