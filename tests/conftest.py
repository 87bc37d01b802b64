"""Set-up of all tests: service descriptions, AWS simulated by moto, and the division of work."""

from __future__ import annotations

import gc
import threading
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.loaders import Loader
from hypothesis import settings
from moto import mock_aws
from tests.support.ledger_table import TABLE, create_table
from xdist.scheduler import LoadScopeScheduling

from switchover.log import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


def _once(load: Callable[..., Any]) -> Callable[..., Any]:
    """The method, which answers loaders with the same search paths alike."""
    known: dict[tuple[object, ...], Any] = {}

    @wraps(load)
    def remembering(loader: Loader, *asked: str | None, **named: str | None) -> Any:
        key = (*loader.search_paths, *asked, *named.items())
        if key not in known:
            known[key] = load(loader, *asked, **named)
        return known[key]

    return remembering


# botocore caches them per session, and nearly every test has its own session.
Loader.load_service_model = _once(Loader.load_service_model)
Loader.load_data_with_path = _once(Loader.load_data_with_path)


# A logger keeps the stream of its creation, and a test's stream is closed at the test's end.
logger()


def pytest_configure(config: pytest.Config) -> None:
    """Let each worker of xdist collect the files from another one on.

    In a fresh clone, pytest rewrites the assertions of every file, and keeps the result as bytecode.
    Workers that collect in the same order rewrite each file once per worker. With another beginning, each
    worker rewrites its share and finds the rest.
    """
    paths = [Path(argument) for argument in config.args]
    if not hasattr(config, "workerinput") or not all(path.is_dir() for path in paths):
        return
    files = [str(file) for path in paths for file in sorted(path.rglob("test_*.py"))]
    number = int(config.workerinput["workerid"].removeprefix("gw"))
    begin = len(files) * number // config.workerinput["workercount"]
    config.args[:] = files[begin:] + files[:begin]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest tests, so that no worker runs one alone at the end.

    Deployed tests take longest, and wait for most of that time. Then come files with a long test, then
    the other files that stay on one worker, and last the single stories. The order is the same in each
    worker, though each one collects from another file on.
    """
    items.sort(key=lambda item: (_turn(item), item.path))


def pytest_collection_finish() -> None:
    """Exclude the many thousands of collected tests from later garbage collections; collect seldom.

    By Python's own threshold, collections took 6 % of a story's CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def _turn(item: pytest.Item) -> int:
    markers = {marker.name for marker in item.iter_markers()}
    if "deployed" in markers:
        return 0
    if "long" in markers:
        return 1
    return 3 if _STORIES in item.nodeid else 2


_STORIES = "/test_stories_"


class _Division(LoadScopeScheduling):
    """Keeps each file on one worker, except files of stories.

    Tests of one file share a cloud or other costly fixtures. Each story makes its own world; a file of
    a hundred stories would keep one worker busy while the others have no work.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if _STORIES in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Divide the tests in this way with every --dist: xdist 3.8 ignores its groups under pytest 9.2."""
    return _Division(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    """Fail a test whose threads outlive it, as they would disturb later tests."""
    before = set(threading.enumerate())
    yield
    left = {each.name for each in threading.enumerate() if each not in before and not each.daemon}
    assert not left, f"threads outlive the test: {', '.join(sorted(left))}"


# The same examples in each run, and no time limit, as a slow machine is no fault.
settings.register_profile("reproducible", deadline=None, derandomize=True, database=None)
settings.load_profile("reproducible")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS simulated by moto, with fake credentials."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # moto hooks into botocore; awscrt would bypass it.
    monkeypatch.setenv("SWITCHOVER_UPLOAD_ENGINE", "botocore")
    with mock_aws():
        yield


@pytest.fixture
def s3(aws: None) -> S3Client:
    """S3 with an empty bucket, `models`."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="models")
    return client


@pytest.fixture
def dynamodb(aws: None) -> DynamoDBClient:
    """DynamoDB with the ledger's table, as the template defines it."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    create_table(client, TABLE)
    return client
