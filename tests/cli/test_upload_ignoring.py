"""Only files that the user named, or that no loader reads, aren't sent; each is listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from switchover.domain.reasons import Reason
from switchover_cli.upload.folder import Folder, list_folder
from switchover_cli.upload.ignoring import Ignored, read_ignored

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    "config.json",
    "model.safetensors",
    "pytorch_model.bin",
    "original/params.json",
    "original/deep/consolidated.pth",
    "onnx/model.onnx",
    "onnx/big/model.onnx",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def sent(folder: Path, *exclude: str) -> set[str]:
    listed = list_folder(folder, exclude)
    assert isinstance(listed, Folder)
    return {file.path for file in listed.files}


@pytest.mark.parametrize(
    ("pattern", "gone"),
    [
        ("*.bin", {"pytorch_model.bin"}),
        ("pytorch_model*.bin", {"pytorch_model.bin"}),
        ("original/", {"original/params.json", "original/deep/consolidated.pth"}),
        ("/original/", {"original/params.json", "original/deep/consolidated.pth"}),
        ("original", {"original/params.json", "original/deep/consolidated.pth"}),
        ("original/*", {"original/params.json", "original/deep/consolidated.pth"}),
        ("*.pth", {"original/deep/consolidated.pth"}),
        ("deep/", {"original/deep/consolidated.pth"}),
        ("onnx/*.onnx", {"onnx/model.onnx", "onnx/big/model.onnx"}),
        ("/config.json", {"config.json"}),
        ("config.json/", set()),
        ("CONFIG.JSON", set()),
        ("params", set()),
    ],
)
def test_a_pattern_leaves_out_what_it_says(folder: Path, pattern: str, gone: set[str]) -> None:
    assert sent(folder, pattern) == {*FILES} - gone


def test_the_folders_own_file_says_the_same(folder: Path) -> None:
    (folder / ".switchoverignore").write_text("# not needed\n\n  original/ \n*.bin\n")

    listed = list_folder(folder)

    assert isinstance(listed, Folder)
    assert {(left.path, left.why) for left in listed.left_out} == {
        (".switchoverignore", "hidden"),
        ("original", "excluded by 'original/' (.switchoverignore)"),
        ("pytorch_model.bin", "excluded by '*.bin' (.switchoverignore)"),
    }


@pytest.mark.parametrize(
    "name",
    ["a.incomplete", "a.part", "a.crdownload", "Thumbs.db", "desktop.ini", "a:Zone.Identifier"],
)
def test_what_no_loader_reads_is_left_out_by_default(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"x")

    assert sent(folder) == {*FILES}


def test_the_note_of_half_a_download_is_kept_for_the_check(folder: Path) -> None:
    (folder / "model.safetensors.aria2").write_bytes(b"x")

    assert sent(folder) == {*FILES, "model.safetensors.aria2"}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"!keep.bin\n", "line 1, '!keep.bin', would include files again"),
        (b"\xff\xfe", "is not UTF-8 at byte 0"),
        (b"a\n" * 40_000, "is longer than 65536 bytes"),
    ],
)
def test_a_file_that_cannot_be_followed_is_refused(folder: Path, content: bytes, says: str) -> None:
    (folder / ".switchoverignore").write_bytes(content)

    refused = list_folder(folder)

    assert isinstance(refused, Reason)
    assert refused.code == "upload.ignore-invalid"
    assert says in refused.message


def test_a_folder_without_the_file_ignores_what_is_asked(tmp_path: Path) -> None:
    assert read_ignored(tmp_path, ["*.bin"]) == Ignored({"*.bin": "--exclude"})
