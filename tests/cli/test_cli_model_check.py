"""`switchover model check` gives ValidateModel's result for a folder, an archive or a prefix."""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from switchover_cli.app import main
from switchover_cli.exits import ExitCode
from switchover_cli.upload.uploading import upload_release
from switchover_local.checkpoint import remove_shard, write_checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

BUCKET = "models"


@pytest.fixture(autouse=True)
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("COLUMNS", "160")
    with mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_checkpoint(tmp_path / "qwen", seed=1)
    return tmp_path / "qwen"


def check(model: object, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, str]:
    code = main(("model", "check", str(model), *more))
    return code, capsys.readouterr().out


def test_a_sound_folder_says_what_was_checked(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = check(folder, capsys)

    assert code == ExitCode.DONE
    assert "checked   The headers of 4 safetensors files, with 105 tensors." in out
    assert "Sound" in out


def test_a_faulty_folder_ends_with_every_fault_and_its_remedy(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remove_shard(folder, 2)
    (folder / "tokenizer.json").unlink()

    code, out = check(folder, capsys)

    assert code == ExitCode.REJECTED
    assert "Faulty: 2 faults" in out
    assert "tokenizer.json  is missing" in out
    assert "→ Copy it from the model that this one was trained from" in out
    assert "unchecked Whether every tensor is there" in out


def test_json_says_the_same_for_machines(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "tokenizer.json").unlink()

    code, out = check(folder, capsys, "--json")

    record = json.loads(out)
    assert code == ExitCode.REJECTED
    assert record["is_sound"] is False
    assert [reason["code"] for reason in record["reasons"]] == ["model.no-tokenizer"]
    assert record["checked"]


def test_what_the_folder_holds_beside_the_model_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / ".git").mkdir()

    _, out = check(folder, capsys)

    assert "unchecked .git: not part of the model (hidden)." in out


def test_an_archive_is_looked_into(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(folder, arcname=".")

    code, out = check(tmp_path / "model.tar.gz", capsys)

    assert code == ExitCode.DONE
    assert "The list of 11 files in model.tar.gz." in out


@pytest.mark.parametrize(
    "place", ["models/chat/7/", "models/chat/7", "releases/chat/7/release.json"]
)
def test_a_model_in_a_bucket_is_checked_where_it_lies(
    folder: Path, s3: S3Client, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    upload_release(folder, endpoint="chat", version="7", bucket=BUCKET, s3=s3)

    code, out = check(f"s3://{BUCKET}/{place}", capsys)

    assert code == ExitCode.DONE
    assert "Sound" in out


def test_a_folder_key_of_the_console_is_refused(
    folder: Path, s3: S3Client, capsys: pytest.CaptureFixture[str]
) -> None:
    upload_release(folder, endpoint="chat", version="7", bucket=BUCKET, s3=s3)
    s3.put_object(Bucket=BUCKET, Key="models/chat/7/", Body=b"")

    code, out = check(f"s3://{BUCKET}/models/chat/7/", capsys)

    assert code == ExitCode.REJECTED
    assert "s3://models/models/chat/7/  is a folder key without content" in out


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("s3://models/nowhere/", "s3://models/nowhere/  contains no file."),
        ("s3://elsewhere/x/", "s3://elsewhere  there is no such bucket."),
        (
            "s3://models/x/release.json",
            "s3://models/x/release.json  is not releases/<endpoint>/",
        ),
        ("nowhere", "nowhere  is neither a folder nor a .tar.gz file."),
    ],
)
def test_a_place_without_a_model_is_one_reason(
    capsys: pytest.CaptureFixture[str], place: str, says: str
) -> None:
    code, out = check(place, capsys)

    assert code == ExitCode.REJECTED
    assert says in out


def test_a_uri_without_a_bucket_is_misused(capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = check("s3:///models/", capsys)

    assert code == ExitCode.USAGE


@pytest.mark.parametrize(
    ("name", "code", "more"),
    [
        ("lookup.dat", "model.unknown-file", ("--data-file", "*.dat")),
        ("handler.py", "model.remote-code", ("--allow-remote-code",)),
        ("weights.dill", "model.pickle-weights", ("--allow-pickle",)),
    ],
)
def test_a_prefix_in_s3_is_judged_by_the_same_list(
    folder: Path,
    s3: S3Client,
    capsys: pytest.CaptureFixture[str],
    name: str,
    code: str,
    more: tuple[str, ...],
) -> None:
    upload_release(folder, endpoint="chat", version="7", bucket=BUCKET, s3=s3)
    s3.put_object(Bucket=BUCKET, Key=f"models/chat/7/{name}", Body=b"\x01\x02")
    place = f"s3://{BUCKET}/models/chat/7/"

    refused, said = check(place, capsys, "--json")
    allowed, _ = check(place, capsys, *more)

    assert (refused, allowed) == (ExitCode.REJECTED, ExitCode.DONE)
    assert [reason["code"] for reason in json.loads(said)["reasons"]] == [code]


def test_a_warning_is_said_and_the_model_is_sound(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "model (1).json").write_text("{}")

    code, out = check(folder, capsys)

    assert code == ExitCode.DONE
    assert "warning   model (1).json: is a second copy, by its name" in out
    assert "(model.leftover)" in out
    assert "Sound" in out


def test_a_warning_refuses_where_the_policy_would(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "model (1).json").write_text("{}")

    code, out = check(folder, capsys, "--refuse", "model.leftover", "--json")

    record = json.loads(out)
    assert code == ExitCode.REJECTED
    assert [reason["code"] for reason in record["reasons"]] == ["model.leftover"]
    assert record["warnings"] == []


def test_a_tolerated_fault_is_a_warning(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "tokenizer.json").unlink()

    code, out = check(folder, capsys, "--tolerate", "model.no-tokenizer", "--json")

    record = json.loads(out)
    assert code == ExitCode.DONE
    assert [warning["code"] for warning in record["warnings"]] == ["model.no-tokenizer"]


def test_what_is_excluded_is_not_checked_and_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "training_args.bin").write_bytes(b"\x80\x04")

    code, out = check(folder, capsys, "--exclude", "*.bin")

    assert code == ExitCode.DONE
    assert "training_args.bin: not part of the model (excluded by '*.bin' (--exclude))" in out
