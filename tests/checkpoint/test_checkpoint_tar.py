"""The checker sees the same files that GNU tar and Python's tarfile unpack, or refuses the archive."""

from __future__ import annotations

import gzip
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from switchover.checkpoint.archive import Archive, read_archive

POSIX, GNU = b"ustar\x0000", b"ustar  \0"
END = bytes(1024)


def header(
    name: bytes = b"config.json",
    size: bytes = b"00000000000\0",
    kind: bytes = b"0",
    form: bytes = POSIX,
    prefix: bytes = b"",
    rest: bytes = b"",
) -> bytes:
    """A tar header with whatever is wanted in it, and a checksum that fits."""
    fields = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size + b"00000000000\0"
    behind = kind + bytes(100) + form + bytes(64) + b"0000000\0" * 2 + prefix.ljust(155, b"\0")
    behind += rest.ljust(12, b"\0")
    total = sum(fields) + 8 * ord(" ") + sum(behind)
    return fields + b"%06o\0 " % total + behind


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def octal(number: int) -> bytes:
    return b"%011o\0" % number


def file(name: bytes, content: bytes = b"", **more: bytes) -> bytes:
    return header(name, octal(len(content)), **more) + padded(content)


def record(key: bytes, value: bytes) -> bytes:
    """A pax record, whose length counts its own digits."""
    length = len(key) + len(value) + 3
    length += len(str(length + len(str(length))))
    return b"%d %s=%s\n" % (length, key, value)


def pax(*records: bytes, kind: bytes = b"x") -> bytes:
    return file(b"pax", b"".join(records), kind=kind)


def look(tar: bytes, *, pack: bool = True) -> Archive:
    packed = gzip.compress(tar, 1) if pack else tar
    return read_archive(
        "model.tar.gz",
        len(packed),
        lambda start, length: packed[start : start + length],
        lambda *known: known[1],
        lambda: True,
    )


def with_field(place: int, value: bytes) -> bytes:
    """An empty file with one field of its header changed."""
    block = bytearray(header(b"a.txt"))
    block[place : place + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


EVIL = file(b"evil.py", b"x")

TRAPS = {
    "the name of a sparse file": pax(record(b"GNU.sparse.name", b"evil.py")) + file(b"a.txt", b"x"),
    "a sparse map of version 1.0": pax(
        record(b"GNU.sparse.major", b"1"),
        record(b"GNU.sparse.minor", b"0"),
        record(b"GNU.sparse.name", b"evil.py"),
        record(b"GNU.sparse.realsize", b"1"),
    )
    + file(b"GNUSparseFile.0/a.txt", b"1\n0\n1\n".ljust(512, b"\0") + b"x"),
    "a sparse map of version 0.1": pax(record(b"GNU.sparse.map", b"0,1")) + file(b"a.txt", b"x"),
    "an old sparse file": file(b"a.txt", b"x", kind=b"S", form=GNU),
    "a name for all files at once": pax(record(b"path", b"evil.py"), kind=b"g") + file(b"a.txt"),
    "a size for all files at once": pax(record(b"size", b"0"), kind=b"g") + file(b"a.txt", b"x"),
    "a NUL in a pax name": pax(record(b"path", b"evil.py\0.txt")) + file(b"a.txt"),
    "a NUL in a long name": file(b"n", b"evil.py\0.txt\0", kind=b"L", form=GNU) + file(b"a.txt"),
    "a link's target": pax(record(b"linkpath", b"/etc/passwd")) + file(b"a.txt"),
    "another encoding": pax(record(b"hdrcharset", b"BINARY")) + file(b"a.txt"),
    "star's real size": pax(record(b"SCHILY.realsize", b"9")) + file(b"a.txt", b"x"),
    "an unknown vendor": pax(record(b"ACME.path", b"evil.py")) + file(b"a.txt"),
    "a pax record too long": file(b"pax", b"99 path=evil.py\n", kind=b"x") + file(b"a.txt"),
    "a pax record cut short": file(b"pax", b"11 path=evil.py\n", kind=b"x") + file(b"a.txt"),
    "a pax record without a length": file(b"pax", b"path=evil.py\n", kind=b"x") + file(b"a.txt"),
    "a pax record with a sign": file(b"pax", b"+16 path=evil.p\n", kind=b"x") + file(b"a.txt"),
    "a pax name twice": pax(record(b"path", b"a.txt"), record(b"path", b"evil.py")) + file(b"b"),
    "an empty pax name": pax(record(b"path", b"")) + file(b"evil.py"),
    "two pax headers": pax(record(b"path", b"a.txt")) + pax(record(b"path", b"e.py")) + file(b"b"),
    "a pax and a GNU name": pax(record(b"path", b"a.txt"))
    + file(b"n", b"evil.py\0", kind=b"L", form=GNU)
    + file(b"b"),
    "a pax size that is no number": pax(record(b"size", b"1_0")) + file(b"a.txt", b"x"),
    "a header of times at the end": file(b"a.txt") + pax(record(b"mtime", b"1")),
    "a pax header at the end": file(b"a.txt") + pax(record(b"path", b"evil.py")),
    "a file twice": file(b"a.txt", b"good") + file(b"a.txt", b"evil"),
    "a file twice, spelt otherwise": file(b"a.txt", b"good") + file(b".//a.txt", b"evil"),
    "a file below a file": file(b"a", b"x") + file(b"a/evil.py"),
    "a folder over a file": file(b"a", b"x") + file(b"a/", kind=b"5"),
    "a file over a folder": file(b"a/", kind=b"5") + file(b"a", b"x"),
    "a file that ends as a folder": file(b"a.txt/", b""),
    "a file that a long name covers as a folder": file(b"n", b"a.txt\0", kind=b"L", form=GNU)
    + file(b"a/", kind=b"\0"),
    "a file that is a folder by its last dot": file(b"config.json/.", b"{}"),
    "a name that no file system takes": pax(record(b"path", b"n" * 256)) + file(b"a"),
    "a name deeper than folders can be made": pax(record(b"path", b"/".join([b"d"] * 600)))
    + file(b"a"),
    "a time that is no number": pax(record(b"mtime", b"nan")) + file(b"a"),
    "a time without end": pax(record(b"mtime", b"1e999")) + file(b"a"),
    "an owner with a NUL": pax(record(b"uname", b"a\0b")) + file(b"a"),
    "a time of letters": with_field(136, b"zzzzzzzzzzz\0"),
    "a time beyond the sun's": with_field(136, b"\x80" + b"\xff" * 11),
    "a mode of letters": with_field(100, b"zzzzzzz\0"),
    "an owner of letters": with_field(108, b"0x00000\0"),
    "a folder with content": header(b"a/", octal(512), b"5") + padded(EVIL[:512]),
    "an absolute name": file(b"/tmp/evil.py"),
    "a name that leads out": file(b"a/../../evil.py"),
    "a line break in a name": file(b"a.txt\nevil.py"),
    "a name that is not UTF-8": file(b"\xff.txt"),
    "no name": file(b""),
    "a prefix without a name": file(b"", prefix=b"evil.py"),
    "a symbolic link": header(kind=b"2"),
    "a hard link": header(kind=b"1"),
    "a device": header(kind=b"3"),
    "a pipe": header(kind=b"6"),
    "a volume's label": header(b"label", kind=b"V", form=GNU),
    "another volume's rest": header(b"a.txt", kind=b"M", form=GNU),
    "a GNU dump of a folder": header(b"a", kind=b"D", form=GNU),
    "Solaris' extended header": file(b"a", record(b"path", b"evil.py"), kind=b"X") + file(b"b"),
    "an unknown kind": header(b"evil.py", kind=b"Z"),
    "a negative size": header(size=b"\xff" * 12) + EVIL,
    "a size with a sign": header(size=b"-0000000001\0") + EVIL,
    "a size with an underscore": header(size=b"0000001_000\0") + padded(b"x" * 512),
    "a size with letters behind": header(size=b"0000000000x\0") + EVIL,
    "a size beyond any disk": header(size=b"\x80" + b"\xff" * 11),
    "no size": header(size=bytes(12)),
    "the oldest form, without a magic": file(b"a.txt", form=bytes(8)),
    "GNU's times where the prefix lies": file(b"a.txt", form=GNU, prefix=b"evil"),
    "star's trailer": file(b"a.txt", rest=b"\0" * 8 + b"tar\0"),
    "content behind the end": file(b"a.txt") + END + EVIL + END,
    "content behind a lone zero block": file(b"a.txt") + bytes(512) + EVIL + END,
}


@pytest.mark.parametrize("tar", [tar + END for tar in TRAPS.values()], ids=TRAPS.keys())
def test_what_tar_programs_read_differently_is_refused(tar: bytes) -> None:
    (reason,) = look(tar).reasons

    assert reason.code == "model.archive-invalid"
    assert reason.remedy.startswith("Pack the folder's plain files again")


@pytest.mark.parametrize(
    "behind", [b"garbage", gzip.compress(EVIL + END), b"\x1f\x8b\x08"], ids=["text", "more", "cut"]
)
def test_what_follows_the_archive_is_refused(behind: bytes) -> None:
    archive = look(gzip.compress(file(b"a.txt") + END, 1) + behind, pack=False)

    assert not archive.is_whole


HONEST = {
    "a name in the prefix": (file(b"a.txt", prefix=b"deep/er"), "deep/er/a.txt"),
    "times and owners": (pax(record(b"mtime", b"1.5"), record(b"uname", b"m")) + file(b"a"), "a"),
    "macOS's attributes": (pax(record(b"LIBARCHIVE.xattr.x", b"\0\1")) + file(b"a"), "a"),
    "a commit's number": (pax(record(b"comment", b"c0ffee"), kind=b"g") + file(b"a"), "a"),
    "a long pax name": (pax(record(b"path", b"n" * 150)) + file(b"n"), "n" * 150),
    "a long GNU name": (
        file(b"n", b"n" * 150 + b"\0", kind=b"L", form=GNU) + file(b"n"),
        "n" * 150,
    ),
    "a size in base 256": (header(b"a", b"\x80" + bytes(10) + b"\1") + padded(b"x"), "a"),
    "a size with blanks": (header(b"a", b"         1 \0") + padded(b"x"), "a"),
    "double slashes": (file(b"./a//b.txt"), "a/b.txt"),
    "an old regular file": (file(b"a", kind=b"\0", form=GNU), "a"),
    "a contiguous file": (file(b"a", kind=b"7"), "a"),
    "a time before 1970": (with_field(136, b"\xff" * 12), "a.txt"),
    "a mode without its NUL": (with_field(100, b"00000644"), "a.txt"),
    "an owner in base 256": (with_field(108, b"\x80" + bytes(6) + b"\1"), "a.txt"),
    "no times and owners": (with_field(100, bytes(24)), "a.txt"),
    "a pax time to the nanosecond": (pax(record(b"mtime", b"-1.123456789")) + file(b"a"), "a"),
    "a folder that comes twice": (file(b"d/", kind=b"5") * 2 + file(b"d/a"), "d/a"),
    "a folder behind its file": (file(b"d/a") + file(b"d/", kind=b"5"), "d/a"),
}


@pytest.mark.parametrize(("tar", "name"), HONEST.values(), ids=HONEST.keys())
def test_what_tar_programs_read_alike_is_read(tar: bytes, name: str) -> None:
    archive = look(tar + END)

    assert archive.reasons == ()
    assert [*archive.sizes] == [name]


def test_names_that_differ_in_case_are_two_files_as_on_linux() -> None:
    assert [*look(file(b"LICENSE") + file(b"license") + END).sizes] == ["LICENSE", "license"]


names = st.sampled_from(
    [
        b"a.txt",
        b"./a.txt",
        b"a//b",
        b"a/b",
        b"a",
        b"a/",
        b"b/./c",
        b"../x",
        b"/x",
        b"",
        b"\xc3\xa9",
        b"a\0b",
    ]
)
contents = st.binary(max_size=20)
kinds = st.sampled_from([b"0", b"\0", b"7", b"5", b"L", b"x", b"g", b"S", b"K", b"1", b"2"])
sizes = st.one_of(
    st.integers(0, 600).map(octal),
    st.sampled_from([b"\x80" + bytes(10) + b"\5", b"        5 \0 ", bytes(12), b"0000000005 \0"]),
)
records = st.builds(
    record,
    st.sampled_from([b"path", b"size", b"mtime", b"GNU.sparse.name", b"hdrcharset", b"linkpath"]),
    st.sampled_from([b"b.txt", b"5", b"0", b"1.5", b"x/../y", b"d/e", b"a\0b"]),
)
pieces = st.one_of(
    st.builds(
        lambda name, content, kind, form, prefix: file(
            name, content, kind=kind, form=form, prefix=prefix
        ),
        names,
        contents,
        kinds,
        st.sampled_from([POSIX, GNU]),
        st.sampled_from([b"", b"", b"", b"p"]),
    ),
    st.builds(
        lambda name, size, content: header(name, size) + padded(content), names, sizes, contents
    ),
    st.builds(lambda *several: pax(*several), records),
    st.builds(lambda *several: pax(*several), records, records),
    st.builds(lambda one: pax(one, kind=b"g"), records),
    names.map(lambda name: file(b"long", name + b"\0", kind=b"L", form=GNU)),
    st.sampled_from([bytes(512), END]),
)


def unpack_with_gnu_tar(packed: Path, into: Path) -> dict[str, bytes]:
    tar = ["tar", "--extract", "--gzip", "--no-same-owner", "--file", str(packed), "--directory"]
    subprocess.run([*tar, str(into)], check=False, capture_output=True, timeout=20)  # noqa: S603
    return read_all(into)


def unpack_with_python(packed: Path, into: Path) -> dict[str, bytes]:
    with tarfile.open(packed, "r:gz") as archive:
        archive.extractall(into, filter="tar")
    return read_all(into)


def read_all(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.long
@pytest.mark.skipif(
    b"GNU tar" not in subprocess.run(["tar", "--version"], check=False, capture_output=True).stdout,  # noqa: S607
    reason="needs GNU tar",
)
@pytest.mark.skipif(
    not hasattr(tarfile, "tar_filter"), reason="before 3.11.4 Python unpacks outside its folder"
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(st.lists(pieces, min_size=1, max_size=4))
def test_what_is_seen_is_what_gnu_tar_and_python_unpack(members: list[bytes]) -> None:
    tar = b"".join(members) + END
    archive = look(tar)
    assume(archive.is_whole)  # else it is refused, and nothing is unpacked
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / "model.tar.gz"
        packed.write_bytes(gzip.compress(tar, 1))
        (Path(folder) / "gnu").mkdir()
        (Path(folder) / "python").mkdir()

        by_gnu_tar = unpack_with_gnu_tar(packed, Path(folder) / "gnu")
        by_python = unpack_with_python(packed, Path(folder) / "python")

    seen = {name: archive.kept.get(name, b"") for name in archive.sizes}
    assert {name: len(content) for name, content in seen.items()} == archive.sizes
    assert seen == by_gnu_tar == by_python
