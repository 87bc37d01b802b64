"""Unpacked code is stored once, by content, and forks run it like separate processes."""

from __future__ import annotations

import os
import sys
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from switchover_local.forks import ForkedProcess, Forks
from switchover_local.workers import CodeStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE_SECONDS = 20
SCRIPT = """\
import os, sys
print(os.environ["GREETING"], os.getcwd(), sys.stdin.readline().strip(), flush=True)
print("an aside", file=sys.stderr)
"""


def pack(path: Path, text: str, year: int = 2026) -> str:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("python/room.py", (year, 1, 1, 0, 0, 0)), text)
    return str(path)


def unpack(store: CodeStore, archive: str, target: Path) -> Path:
    """As MiniStack does it; returns where the files really are."""
    target.mkdir()
    with store.open_zip(archive) as opened:
        opened.extractall(target)
    return target.resolve()


def test_equal_code_is_unpacked_once_whatever_its_dates(tmp_path: Path) -> None:
    store = CodeStore(tmp_path / "code")

    first = unpack(store, pack(tmp_path / "a.zip", "x = 1", 2025), tmp_path / "a")
    second = unpack(store, pack(tmp_path / "b.zip", "x = 1", 2026), tmp_path / "b")

    assert first == second
    assert (tmp_path / "a" / "python" / "room.py").read_text() == "x = 1"


def test_code_that_differs_has_a_place_of_its_own(tmp_path: Path) -> None:
    store = CodeStore(tmp_path / "code")

    first = unpack(store, pack(tmp_path / "a.zip", "x = 1"), tmp_path / "a")
    second = unpack(store, pack(tmp_path / "b.zip", "x = 2"), tmp_path / "b")

    assert first != second
    assert (second / "python" / "room.py").read_text() == "x = 2"


def test_another_cloud_finds_what_one_has_unpacked(tmp_path: Path) -> None:
    archive = pack(tmp_path / "a.zip", "x = 1")
    first = unpack(CodeStore(tmp_path / "code"), archive, tmp_path / "a")
    before = (first / "python").stat().st_ino

    second = unpack(CodeStore(tmp_path / "code"), archive, tmp_path / "b")

    assert (second / "python").stat().st_ino == before


def test_code_that_was_not_used_for_a_week_goes_when_other_code_comes(tmp_path: Path) -> None:
    store = CodeStore(tmp_path / "code")
    old = unpack(store, pack(tmp_path / "a.zip", "x = 1"), tmp_path / "a")
    kept = unpack(store, pack(tmp_path / "b.zip", "x = 2"), tmp_path / "b")
    long_ago = time.time() - 8 * 86_400
    os.utime(old, (long_ago, long_ago))

    unpack(store, pack(tmp_path / "c.zip", "x = 3"), tmp_path / "c")

    assert (old.exists(), kept.exists()) == (False, True)


@pytest.fixture(name="forked")
def fork_script(tmp_path: Path) -> Iterator[ForkedProcess]:
    """A fork that waits for a line on its stdin."""
    code = tmp_path / "code"
    code.mkdir()
    script = tmp_path / "_worker.py"
    script.write_text(SCRIPT)
    forks = Forks()
    process = forks.Popen(
        [sys.executable, str(script)], cwd=str(code), env={"GREETING": "hello", "_HANDLER": "a.b"}
    )
    yield process
    process.kill()
    forks.close()
    for stream in (process.stdin, process.stdout, process.stderr):
        stream.close()


def test_a_fork_has_streams_folder_and_environment_of_its_own(
    forked: ForkedProcess, tmp_path: Path
) -> None:
    forked.stdin.write("you\n")

    assert forked.stdout.readline() == f"hello {tmp_path / 'code'} you\n"
    assert forked.stderr.readline() == "an aside\n"
    assert forked.wait(PATIENCE_SECONDS) == 0


def test_a_fork_that_is_ended_is_over(forked: ForkedProcess) -> None:
    began = forked.poll()

    forked.terminate()

    assert began is None
    assert forked.wait(PATIENCE_SECONDS) == 0


def test_a_fork_ends_when_its_input_does(forked: ForkedProcess) -> None:
    forked.stdin.close()

    assert forked.stdout.readline().startswith("hello")
    assert forked.wait(PATIENCE_SECONDS) == 0
