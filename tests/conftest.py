"""What all tests share: service descriptions, AWS as moto plays it, and the division of work."""

from __future__ import annotations

import gc
import threading
from functools import wraps
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


# botocore remembers them for one session, and nearly every test has a session of its own.
Loader.load_service_model = _once(Loader.load_service_model)
Loader.load_data_with_path = _once(Loader.load_data_with_path)


# A logger keeps the stream that it finds when it is made, and the stream of a test is closed at its end.
logger()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left alone with it at the end.

    Deployed tests take longest, and wait for most of that time. Then come files with a long test, then
    all that stays together in a file; single stories fill up what is left.
    """
    items.sort(key=_turn)


def pytest_collection_finish() -> None:
    """Keep the collected tests out of each later search for garbage: there are many thousands."""
    gc.collect()
    gc.freeze()


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

    Tests of one file share a cloud or other costly fixtures. Each story makes its own world, and a file
    of a hundred stories would keep one worker busy while the others have nothing left.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if _STORIES in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Divide the tests so, whatever --dist says: xdist 3.8 ignores its groups under pytest 9.2."""
    return _Division(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None]:
    """Fail a test whose threads outlive it: they would work on in the middle of other tests."""
    before = set(threading.enumerate())
    yield
    left = {each.name for each in threading.enumerate() if each not in before and not each.daemon}
    assert not left, f"threads outlive the test: {', '.join(sorted(left))}"


# The same examples at each run, and no clock: a slow machine is no fault.
settings.register_profile("reproducible", deadline=None, derandomize=True, database=None)
settings.load_profile("reproducible")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """AWS as moto plays it, with credentials that are none."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    # moto stands in botocore; awscrt would pass it by.
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
    """DynamoDB with the ledger's table, shaped as the template shapes it."""
    client = boto3.client("dynamodb", region_name="us-east-1")
    create_table(client, TABLE)
    return client
