"""An archive is checked as the folder that it holds, without being unpacked."""

from __future__ import annotations

import gzip
import io
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switchover.checkpoint.archive import FETCH_BYTES, read_archive
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import StoredFile, read_evidence
from switchover_local.checkpoint import Sizes, remove_shard, truncate_shard, write_checkpoint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from switchover.checkpoint.findings import Inspection
    from switchover.domain.reasons import Reason

PATH = "model.tar.gz"


class Stored:
    """An archive that records every read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.lengths: list[int] = []

    def read(self, path: str, start: int, length: int) -> bytes | Reason:
        assert path == PATH
        self.lengths.append(length)
        return self.content[start : start + length]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_checkpoint(tmp_path / "qwen", seed=1)
    return tmp_path / "qwen"


def pack(folder: Path, inside: str = ".", form: int = tarfile.PAX_FORMAT) -> Stored:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=form, compresslevel=1) as archive:
        archive.add(folder, arcname=inside)
    return Stored(packed.getvalue())


def inspect(stored: Stored, may_go_on: Callable[[], bool] = lambda: True) -> Inspection:
    files = [StoredFile(PATH, len(stored.content))]
    return inspect_model(read_evidence(files, stored, may_go_on=may_go_on))


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_a_sound_archive_gives_no_reason(folder: Path, form: int) -> None:
    inspection = inspect(pack(folder, form=form))

    assert (inspection.reasons, inspection.unchecked) == ((), ())
    assert "The list of 11 files in model.tar.gz." in inspection.checked
    assert "The headers of 4 safetensors files, with 105 tensors." in inspection.checked


def test_faults_inside_are_the_faults_of_the_folder(folder: Path) -> None:
    truncate_shard(folder, 1)
    remove_shard(folder, 2)
    (folder / "tokenizer.json").unlink()

    codes = {reason.code for reason in inspect(pack(folder)).reasons}

    assert codes == {"model.shard-truncated", "model.index-disagrees", "model.no-tokenizer"}


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_names_longer_than_a_header_holds_are_read(folder: Path, form: int) -> None:
    long_name = "n" * 150 + ".pt"
    (folder / long_name).write_bytes(b"")

    (reason,) = inspect(pack(folder, form=form)).reasons

    assert (reason.code, reason.subject) == ("model.pickle-weights", long_name)


def test_a_folder_around_everything_is_said(folder: Path) -> None:
    inspection = inspect(pack(folder, inside="qwen"))

    assert inspection.reasons == ()
    assert "all its files are in qwen/" in inspection.unchecked[0]


def test_only_headers_of_weights_are_kept(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, seed=1, shards=1, sizes=Sizes(vocabulary=8192))
    weights = tmp_path / "model-00001-of-00001.safetensors"
    stored = pack(tmp_path)

    evidence = read_evidence([StoredFile(PATH, len(stored.content))], stored)

    assert evidence.inside is not None
    kept = evidence.inside.archive.kept
    assert len(kept[weights.name]) <= 64 * 1024 < weights.stat().st_size / 50


def test_what_is_not_seen_in_time_is_refused_but_not_called_missing(folder: Path) -> None:
    time_left = iter([True, True])

    (reason,) = inspect(pack(folder), may_go_on=lambda: next(time_left, False)).reasons

    assert reason.code == "model.not-inspected"
    assert "files) were read, and the rest may hold anything" in reason.message
    assert "Upload the folder instead" in reason.remedy


def test_more_files_than_are_looked_at_hide_nothing(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        for number in range(10_001):
            archive.addfile(tarfile.TarInfo(f"{number}.txt"))
        archive.addfile(tarfile.TarInfo("pytorch_model.pt"))

    (reason,) = inspect(Stored(packed.getvalue())).reasons

    assert reason.code == "model.not-inspected"


def test_what_was_seen_before_the_time_was_over_is_refused_too(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as archive:
        archive.addfile(tarfile.TarInfo("handler.py"))
        entry = tarfile.TarInfo("zeros.safetensors")
        entry.size = 20 * 1024**2
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    steps = iter(range(5))

    inspection = inspect(Stored(packed.getvalue()), may_go_on=lambda: next(steps, None) is not None)

    assert {"model.not-inspected", "model.remote-code"} <= {r.code for r in inspection.reasons}


def test_an_archive_within_the_archive_is_no_known_file() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        inner = pack_bytes("config.json", b"{}")
        entry = tarfile.TarInfo("model.tar.gz")
        entry.size = len(inner)
        archive.addfile(entry, io.BytesIO(inner))

    reasons = {reason.code: reason for reason in inspect(Stored(packed.getvalue())).reasons}

    assert "is compressed" in reasons["model.unknown-file"].message


def test_a_tokenizer_too_large_to_parse_is_no_fault_in_an_archive(folder: Path) -> None:
    with (folder / "tokenizer.json").open("r+b") as file:
        file.truncate(16 * 1024**2 + 1)

    assert inspect(pack(folder)).reasons == ()


def test_an_archive_is_fetched_in_bounded_pieces(folder: Path) -> None:
    stored = pack(folder)

    inspect(stored)

    assert max(stored.lengths) <= FETCH_BYTES


def test_an_archive_cut_short_is_refused(folder: Path) -> None:
    whole = pack(folder).content

    (reason,) = inspect(Stored(whole[: len(whole) // 2])).reasons

    assert reason.code == "model.archive-invalid"
    assert "ends within its compressed data" in reason.message


def test_a_flipped_bit_is_found_by_gzips_own_checksum(folder: Path) -> None:
    # The checksum lies behind the padding that follows the last file.
    whole = bytearray(gzip.compress(gzip.decompress(pack(folder).content) + bytes(3 * 1024**2), 1))
    whole[-6] ^= 1

    (reason,) = inspect(Stored(bytes(whole))).reasons

    assert "can't be decompressed" in reason.message
    assert "incorrect data check" in reason.message


def test_gzip_files_put_one_after_the_other_are_one(folder: Path) -> None:
    tar = gzip.decompress(pack(folder).content)
    middle = len(tar) // 2
    stored = Stored(gzip.compress(tar[:middle]) + gzip.compress(tar[middle:]))

    assert inspect(stored).reasons == ()


def test_a_gzip_that_is_no_tar_is_refused() -> None:
    (reason,) = inspect(Stored(gzip.compress(b"<html>" * 1000))).reasons

    assert "contains no tar archive" in reason.message


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("../../etc/cron.d/x", tarfile.REGTYPE, "a path outside of the model's folder"),
        ("/etc/passwd", tarfile.REGTYPE, "a path outside of the model's folder"),
        ("config.json", tarfile.SYMTYPE, "is a link or a device"),
        ("config.json", tarfile.CHRTYPE, "is a link or a device"),
    ],
)
def test_an_entry_that_unpacks_elsewhere_is_refused(name: str, kind: bytes, says: str) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.type = kind
        archive.addfile(entry)

    (reason,) = inspect(Stored(packed.getvalue())).reasons

    assert reason.code == "model.archive-invalid"
    assert says in reason.message


def test_a_bomb_takes_no_more_than_the_time_there_is() -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo("zeros.safetensors")
        entry.size = 200 * 1024**2
        archive.addfile(entry, io.BytesIO(bytes(entry.size)))
    steps = iter(range(20))

    inspection = inspect(Stored(packed.getvalue()), may_go_on=lambda: next(steps, None) is not None)

    assert "were read" in inspection.reasons[0].message


def pack_bytes(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


SMALL = gzip.decompress(pack_bytes("config.json", b"{}"))[:1536]


@given(at=st.integers(0, len(SMALL) - 1), value=st.binary(min_size=1, max_size=12))
def test_any_damage_gives_reasons_and_never_an_error(at: int, value: bytes) -> None:
    packed = gzip.compress(SMALL[:at] + value + SMALL[at + len(value) :], 1)

    archive = read_archive(
        PATH,
        len(packed),
        lambda start, length: packed[start : start + length],
        lambda *known: known[1],
        lambda: True,
    )

    assert archive.reasons or archive.sizes or archive.is_whole


def test_a_long_chat_template_inside_is_read_whole(folder: Path) -> None:
    template = "{% for m in messages %}" + "x" * 5000 + "{% endfor %}"
    (folder / "chat_template.jinja").write_text(template)

    inspection = inspect(pack(folder))

    assert (inspection.reasons, inspection.warnings) == ((), ())
