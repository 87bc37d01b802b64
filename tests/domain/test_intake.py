"""A faulty request is understood as far as possible."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter
from pydantic_core import to_json
from tests.support.samples import EXECUTION, NOW, reason, release_json

from switchover.domain.intake import UNKNOWN_ENDPOINT, Asked, understand
from switchover.domain.plans.plan import Kind
from switchover.domain.update.request import Request, parse_request
from switchover.domain.update.update import Update

URI = "s3://models/releases/chat/v2/release.json"


def ask(raw: object, release: bytes | tuple[Any, ...] = b"") -> Asked:
    return understand(parse_request(raw), release, "models")


def request_faults(raw: object) -> list[str]:
    parsed = parse_request(raw)
    assert isinstance(parsed, tuple)
    return [str(each) for each in parsed]


def test_a_release_alone_is_enough() -> None:
    asked = ask({"release": URI}, release_json())
    assert (asked.kind, asked.endpoint, asked.version) == (Kind.RELEASE, "chat", "v2")
    assert asked.bucket == "models"
    assert asked.reasons == ()


def test_a_release_of_another_bucket_is_refused() -> None:
    asked = ask({"release": "s3://elsewhere/releases/chat/v2/release.json"}, release_json())
    assert [each.code for each in asked.reasons] == ["release.other-bucket"]
    assert (asked.bucket, asked.release) == ("models", None)


def test_a_rollback_names_its_endpoint() -> None:
    asked = ask({"rollback": "chat", "to": "v0"})
    assert (asked.kind, asked.endpoint, asked.version) == (Kind.ROLLBACK, "chat", "v0")


def test_a_release_that_cannot_be_read_is_filed_by_its_key() -> None:
    asked = ask({"release": URI}, (reason("release.missing"),))
    assert (asked.endpoint, asked.version) == ("chat", "v2")
    assert [each.code for each in asked.reasons] == ["release.missing"]


@pytest.mark.parametrize(
    "raw",
    [release_json(endpoint="search"), release_json(endpoint="search", prefix="x"), b"{}", b"["],
)
def test_a_wrong_release_is_filed_under_the_endpoint_of_its_key(raw: bytes) -> None:
    asked = ask({"release": URI}, raw)
    assert (asked.endpoint, asked.version) == ("chat", "v2")
    assert asked.release is None
    assert asked.reasons


@pytest.mark.parametrize(
    "key",
    [
        "release.json",
        "a/b/c/d/release.json",
        "models/chat/v2/x",
        "models/chat/v2/release.json",
        "policies/chat/v2/release.json",
        "/releases/chat/v2/release.json",
    ],
)
def test_a_key_that_tells_nothing_is_filed_as_unknown(key: str) -> None:
    asked = ask({"release": f"s3://models/{key}"}, (reason(),))
    assert (asked.endpoint, asked.version) == (UNKNOWN_ENDPOINT, "")


def test_a_folder_that_is_no_endpoint_name_is_filed_as_unknown() -> None:
    """DescribeEndpoint refuses such a name with an error of its own (rules §1.2)."""
    asked = ask({"release": "s3://models/releases/my_chat/v2/release.json"}, (reason(),))
    assert asked.endpoint == UNKNOWN_ENDPOINT


def test_a_request_that_is_none_is_filed_as_unknown() -> None:
    asked = ask({"nope": 1})
    assert asked.endpoint == UNKNOWN_ENDPOINT
    assert asked.reasons


@pytest.mark.parametrize("raw", [{"nope": 1}, 5, None, {"release": URI, "rollback": "chat"}])
def test_even_a_request_that_is_none_opens_an_update_that_can_be_kept(raw: object) -> None:
    """It ends as a recorded Rejected, which has to be written and read back."""
    opened = ask(raw).open("id", EXECUTION, NOW)
    assert TypeAdapter(Update).validate_json(to_json(opened)) == opened


def test_an_opened_update_holds_what_was_asked() -> None:
    opened = ask({"release": URI, "reason": "hotfix"}, release_json()).open("id", EXECUTION, NOW)
    assert opened.release is not None
    assert (opened.update_id, opened.request.reason if opened.request else "") == ("id", "hotfix")


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "give `release`"),
        ({"release": URI, "rollback": "chat"}, "give `release`"),
        ({"relaese": URI}, "Did you mean 'release'?"),
        ({"release": "models/release.json"}, "release: 'models/release.json' is not accepted"),
        ({"rollback": "a_b"}, "rollback: 'a_b' is not accepted"),
        (5, "5 is not accepted"),
        ({"resume": "u", "policy": {"approval": {"required": False}}}, "keeps its request"),
        ({"recover": "u", "policy": {"freezes": []}}, "keeps its request"),
        ({"resume": "u", "now": True, "reason": "r"}, "keeps its request"),
        ({"resume": "u", "hotfix": True, "reason": "r"}, "hotfix is only for a `release`"),
    ],
)
def test_a_wrong_request_is_told(raw: object, words: str) -> None:
    [fault] = request_faults(raw)
    assert fault.startswith("execution input: ")
    assert words in fault


def test_a_release_lies_in_a_bucket_under_a_key() -> None:
    assert Request(release=URI).bucket_and_key == ("models", "releases/chat/v2/release.json")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (NOW + timedelta(days=9000), NOW),
        (NOW + timedelta(microseconds=1), NOW),
        (NOW, NOW),
        (NOW - timedelta(days=1), NOW - timedelta(days=1)),
    ],
)
def test_nothing_is_offered_later_than_it_is_asked_for(said: datetime, expected: datetime) -> None:
    asked = ask({"release": URI, "offered_at": said.isoformat()}, release_json())

    update = asked.open("id", EXECUTION, NOW + timedelta(seconds=5), NOW)

    assert update.offered_at == expected


@pytest.mark.parametrize("said", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_beyond_the_calendar_is_refused(said: str) -> None:
    (fault,) = request_faults({"release": URI, "offered_at": said})
    assert "between 1970 and 2999" in fault
