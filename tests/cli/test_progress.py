"""Progress of long work is true: it only rises, ends at its total, and shows on a terminal only."""

from __future__ import annotations

import io
import json
import sys
import tarfile
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from switchover.checkpoint.contents import Allowed
from switchover.checkpoint.counting import CountingReader
from switchover.checkpoint.reading import StoredFile
from switchover.domain.counts import Count
from switchover_cli.app import main
from switchover_cli.models.checking import check_model
from switchover_cli.plan.folder import count_bytes
from switchover_cli.progress import counting, say_count_done
from switchover_cli.upload.folder import Folder, list_folder
from switchover_cli.upload.memory import digest_folder, open_memory
from switchover_local.checkpoint import write_checkpoint

if TYPE_CHECKING:
    from pathlib import Path

ALLOWED = Allowed()


class _Zeros:
    def read(self, path: str, start: int, length: int) -> bytes:  # noqa: ARG002
        return bytes(length)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_checkpoint(tmp_path / "qwen", seed=1)
    return tmp_path / "qwen"


def interrupt(console: Console) -> None:
    with counting(console=console) as on_count:
        on_count(Count("Reading endpoints", 3, 12))
        raise KeyboardInterrupt


def rises(counts: list[Count]) -> bool:
    return all(one.done < next_one.done for one, next_one in pairwise(counts))


def test_a_check_counts_each_file_once_and_ends_at_the_total(folder: Path) -> None:
    counts: list[Count] = []

    check_model(str(folder), ALLOWED, (), local=False, on_count=counts.append)

    total = len(list(folder.iterdir()))
    assert rises(counts)
    assert counts[-1] == Count("Reading headers and small files", total, total)
    assert [count.done for count in counts].count(total) == 1


def test_a_check_of_an_archive_counts_its_bytes(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "model.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(folder, ".")
    counts: list[Count] = []

    check_model(str(archive), ALLOWED, (), local=False, on_count=counts.append)

    size = archive.stat().st_size
    assert rises(counts)
    assert counts[-1] == Count("Reading the archive", size, size, is_bytes=True)


def test_the_total_is_not_reached_while_a_file_may_be_read_again() -> None:
    counts: list[Count] = []
    reader = CountingReader(_Zeros(), [StoredFile("a", 9), StoredFile("b", 9)], counts.append)

    reader.read("a", 0, 8)
    reader.read("b", 0, 8)
    reader.read("b", 8, 1)

    assert [count.done for count in counts] == [1]


def test_the_weights_of_a_plan_are_counted_by_bytes_up_to_their_sum(folder: Path) -> None:
    listed = list_folder(folder)
    assert isinstance(listed, Folder)
    counts: list[Count] = []
    memory = open_memory(None, listed, 1024**2, "")

    digest_folder(listed, 1024**2, memory, count_bytes(listed, counts.append))

    total = sum(path.stat().st_size for path in folder.iterdir())
    assert rises(counts)
    assert counts[-1] == Count("Reading weights for checksums", total, total, is_bytes=True)


def test_a_count_is_drawn_on_a_terminal() -> None:
    console = Console(file=_Terminal(), force_terminal=True, width=80)

    with counting(console=console) as on_count:
        on_count(Count("Reading endpoints", 3, 12))

    assert "3 of 12" in console.file.getvalue()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("is_terminal", "is_silent"), [(False, False), (True, True)], ids=["no terminal", "silent"]
)
def test_nothing_is_drawn_elsewhere(*, is_terminal: bool, is_silent: bool) -> None:
    console = Console(file=io.StringIO(), force_terminal=is_terminal)

    with counting(is_silent=is_silent, console=console) as on_count:
        on_count(Count("Reading endpoints", 3, 12))

    assert console.file.getvalue() == ""  # type: ignore[attr-defined]


def test_the_cursor_comes_back_after_ctrl_c() -> None:
    console = Console(file=_Terminal(), force_terminal=True, width=80)

    with pytest.raises(KeyboardInterrupt):
        interrupt(console)

    drawn = console.file.getvalue()  # type: ignore[attr-defined]
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l")


def test_standard_output_stays_where_it_is_while_a_bar_is_drawn() -> None:
    console = Console(file=_Terminal(), force_terminal=True, width=80)
    before = sys.stdout

    with counting(console=console):
        during = sys.stdout

    assert during is before


def test_a_check_with_json_prints_only_its_document_even_on_a_terminal(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    main(("model", "check", str(folder), "--json"))

    printed = capsys.readouterr()
    assert json.loads(printed.out)["is_sound"] is True
    assert printed.err == ""


def test_without_a_total_only_the_number_is_said() -> None:
    assert say_count_done(Count("Listing configs", 1200, 0)) == "1,200"
