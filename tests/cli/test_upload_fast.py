"""Many small files are sent by awscrt if it is installed; after any failure, botocore sends them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import boto3
import pytest
from tests.support.s3_fake import RESET, Bucket, fail_times, serve_s3

from switchover_cli.upload.fast import ENGINE_VARIABLE, FastLane, open_fast_lane
from switchover_cli.upload.folder import Folder, list_folder
from switchover_cli.upload.memory import Memory
from switchover_cli.upload.place import Place
from switchover_cli.upload.progress import Progress, Step
from switchover_cli.upload.transfer import Sending, send_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

BUCKET = "models"
FILES = {f"a b/ü{number}.txt": b"%d" % number * 1000 for number in range(60)} | {"empty.txt": b""}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a b").mkdir()
    for path, content in FILES.items():
        (tmp_path / path).write_bytes(content)
    return tmp_path


def open_lane(s3: S3Client, **environment: str) -> FastLane | None:
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test")  # noqa: S106
    return open_fast_lane(session, s3, BUCKET, environment)


def send(s3: S3Client, root: Path, told: list[Progress], by_botocore: list[str]) -> Sending:
    """Send by awscrt where that is possible; `by_botocore` are the URLs of the other files."""
    s3.meta.events.register(
        "before-send.s3.PutObject", lambda request, **_: by_botocore.append(request.url)
    )
    listed = list_folder(root)
    assert isinstance(listed, Folder)
    place = Place(BUCKET, "p/")
    return send_files(
        s3, listed, place, 64 * 1024**2, told.append, Memory({}, 0), lambda: open_lane(s3)
    )


def objects(bucket: Bucket) -> Mapping[str, bytes]:
    return {key.removeprefix("p/"): content for key, content in bucket.objects.items()}


def test_small_files_are_sent_by_awscrt_as_botocore_sends_them(root: Path) -> None:
    bucket, told, by_botocore = Bucket(), list[Progress](), list[str]()

    with serve_s3(bucket) as s3:
        sending = send(s3, root, told, by_botocore)

    assert (sending.reasons, by_botocore) == ((), [])
    assert objects(bucket) == FILES
    assert bucket.metadata == {
        f"p/{path}": hashlib.sha256(content).hexdigest() for path, content in FILES.items()
    }
    sent = sum(each.advanced_bytes for each in told if each.step is Step.SENT)
    assert sent == sum(map(len, FILES.values()))


@pytest.mark.parametrize("trouble", ["AccessDenied", "NoSuchBucket"])
def test_after_a_refusal_botocore_sends_what_is_left(root: Path, trouble: str) -> None:
    bucket, by_botocore = Bucket(trouble=fail_times(1, trouble, "PUT")), list[str]()

    with serve_s3(bucket) as s3:
        sending = send(s3, root, [], by_botocore)

    assert sending.reasons == ()
    assert by_botocore
    assert objects(bucket) == FILES


def test_a_passing_trouble_is_lived_through(root: Path) -> None:
    bucket = Bucket(trouble=fail_times(2, RESET, "PUT"))

    with serve_s3(bucket) as s3:
        sending = send(s3, root, [], [])

    assert sending.reasons == ()
    assert objects(bucket) == FILES


def test_botocore_sends_where_it_is_asked_to() -> None:
    with serve_s3(Bucket()) as s3:
        assert open_lane(s3, **{ENGINE_VARIABLE: "botocore"}) is None


def test_botocore_sends_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", "")

    with serve_s3(Bucket()) as s3:
        assert open_lane(s3) is None
