"""Tells from a file's first bytes which format a loader would see, whatever the name is.

Nothing is unpickled: a pickle's opcodes are only named, one after the other.
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


class Kind(StrEnum):
    """The kind of a file in a model's folder, as the container sees it."""

    DATA = "data"
    PICKLE = "pickle"
    CODE = "code"
    ELSEWHERE = "elsewhere"
    UNKNOWN = "unknown"
    UNREAD = "unread"


class Unpickled(StrEnum):
    """How far an unpickler would come with some bytes."""

    HARMLESS = "harmless"  # it stops before anything could run
    MAYBE = "maybe"  # something may run, or the bytes don't tell
    RUNS = "runs"  # every byte seen is pickle, and something is called or the rest isn't seen


_ZIP = "is a zip archive, as which torch, numpy and joblib keep pickles"
_PACKED = "is compressed, so its content can't be checked"
_MAGICS: tuple[tuple[bytes, Kind, str], ...] = (
    *((b"\x80%c" % version, Kind.PICKLE, "begins as a pickle does") for version in range(2, 6)),
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
_NUMPY = b"\x93NUMPY"
_OPCODES = {opcode.code: opcode for opcode in pickletools.opcodes}
_IMPORTS = frozenset({"GLOBAL", "INST", "STACK_GLOBAL", "EXT1", "EXT2", "EXT4"})
_CALLS = frozenset({"BUILD", "INST", "NEWOBJ", "NEWOBJ_EX", "OBJ", "REDUCE"})
# torch.load unpickles on where the first pickle is one certain number, however it is written.
_TORCH_NUMBERS = frozenset({"INT", "LONG", "LONG1", "LONG4"})
_ACTS = _IMPORTS | _CALLS | _TORCH_NUMBERS | {"PERSID", "BINPERSID"}


def recognize(opening: bytes) -> tuple[Kind, str] | None:
    """Recognise a file by its first bytes; None if they don't contradict its name.

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
    if unpickle_in_mind(opening) is Unpickled.RUNS:
        return Kind.PICKLE, "is a pickle from its first byte on"
    return None


def _recognize_array(opening: bytes) -> tuple[Kind, str] | None:
    """An array of Python objects is a pickle behind a header that says so (dtype O or object)."""
    # Version 1 has the header's length in two bytes, later ones in four (numpy.lib.format).
    begins = len(_NUMPY) + (4 if opening[6:7] == b"\x01" else 6)
    ends = begins + int.from_bytes(opening[len(_NUMPY) + 2 : begins], "little")
    header = opening[begins:ends]
    if ends <= len(opening) and not any(word in header for word in (b"O", b"object", b"\\")):
        return None
    return Kind.PICKLE, "is a numpy array of Python objects, which is a pickle"


def may_be_unpickled(opening: bytes) -> bool:
    """Whether torch.load or pickle.load might run something in a file that begins so.

    Of a file that a loader takes for a pickle by its name, only bytes that no unpickler goes on
    with are proof of the contrary.
    """
    return recognize(opening) is not None or unpickle_in_mind(opening) is not Unpickled.HARMLESS


def unpickle_in_mind(opening: bytes) -> Unpickled:
    """Go through a pickle's opcodes without doing what they say.

    It ends where an unpickler would give up: at a byte that is no opcode, or an opcode that takes
    more from the stack than lies there. Texts end so within a few bytes.
    """
    stream, stack = BytesIO(opening), _Stack()
    seen: set[str] = set()
    while code := stream.read(1):
        opcode = _OPCODES.get(code.decode("latin-1"))
        if opcode is None or not stack.take(opcode):
            # INST imports before it takes anything from the stack.
            tried = seen if opcode is None else seen | {opcode.name}
            return Unpickled.MAYBE if tried & _ACTS else Unpickled.HARMLESS
        if opcode.arg is not None:
            # Unpicklers take some arguments that pickletools doesn't, such as I0x10.
            with suppress(ValueError):
                opcode.arg.reader(stream)
        seen.add(opcode.name)
        if opcode.name == "STOP":
            break
    is_cut = len(opening) >= OPENING_BYTES and "STOP" not in seen
    if is_cut or (seen & _IMPORTS and seen & _CALLS):
        return Unpickled.RUNS
    is_decided = not opening or ("STOP" in seen and not seen & _ACTS)
    return Unpickled.HARMLESS if is_decided else Unpickled.MAYBE


class _Stack:
    """An unpickler's stack; what lies there is told by pickletools, as kinds of objects."""

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
