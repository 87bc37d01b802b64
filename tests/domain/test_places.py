"""A release's key decides its endpoint and version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.samples import release, release_json

from switchover.domain.places import ReleasePlace, endpoint_of_key, find_place, parse_placed
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from switchover.domain.release import Release

PLACE = ReleasePlace("chat", "v2")
URI = "s3://models/releases/chat/v2/release.json"


def read(**changes: Any) -> Release | tuple[Reason, ...]:
    return parse_placed(release_json(**changes), PLACE, "models")


def test_a_release_and_its_files_have_a_folder_each() -> None:
    assert PLACE.key == "releases/chat/v2/release.json"
    assert PLACE.prefix == "models/chat/v2/"


@pytest.mark.parametrize(
    ("endpoint", "version"),
    [
        ("chat", "v2"),
        ("Chat-1", "2024.01+cu12"),
        ("c", "v2."),
        ("e" * 63, "1" * 63),
    ],
)
def test_a_place_is_found_by_its_key(endpoint: str, version: str) -> None:
    place = ReleasePlace(endpoint, version)
    assert find_place("models", place.key, "models") == place


@pytest.mark.parametrize(
    "key",
    [
        "releases/chat/release.json",
        "releases/chat/v2/more/release.json",
        "releases/chat//release.json",
        "releases/chat/v2//release.json",
        "releases//v2/release.json",
        "releases/chat/../release.json",
        "releases/chat/./release.json",
        "releases/../chat/release.json",
        "releases/chat/%2e%2e/release.json",
        "releases/ch%61t/v2/release.json",
        "releases/chat/v2/release.json/",
        "releases/chat/v2/release.json\n",
        "releases/chat\n/v2/release.json",
        "releases/chat/v2\n/release.json",
        "releases/chat/v 2/release.json",
        "releases/chat/v2/RELEASE.JSON",
        "RELEASES/chat/v2/release.json",
        "releases/сhat/v2/release.json",
        "releases/chat/v２/release.json",
        "releases/chat./v2/release.json",
        "releases/-chat/v2/release.json",
        f"releases/{'e' * 64}/v2/release.json",
        f"releases/chat/{'1' * 64}/release.json",
        "models/chat/v2/release.json",
        "",
    ],
)
def test_no_other_key_is_a_release(key: str) -> None:
    found = find_place("models", key, "models")
    assert isinstance(found, Reason)
    assert found.code == "release.misplaced"


def test_another_bucket_holds_no_release() -> None:
    found = find_place("team", PLACE.key, "models")
    assert isinstance(found, Reason)
    assert found.code == "release.other-bucket"


@pytest.mark.parametrize(
    ("key", "endpoint"),
    [
        ("releases/chat/v2/release.json", "chat"),
        ("releases/chat/v2/more/release.json", "chat"),
        ("releases/chat/%2e%2e/release.json", "chat"),
        ("releases/../chat/release.json", None),
        ("models/chat/v2/release.json", None),
        ("releases/chat/release.json", None),
        ("releases/chat/v2/notes.json", None),
    ],
)
def test_a_misplaced_release_is_told_to_the_endpoint_in_whose_folder_it_lies(
    key: str, endpoint: str | None
) -> None:
    assert endpoint_of_key(key) == endpoint


@pytest.mark.parametrize("prefix", ["models/chat/v2/", "models/chat/v2/fp8/", "models/chat/v2/ä/"])
def test_files_lie_in_the_places_folder_or_below(prefix: str) -> None:
    assert read(prefix=prefix) == release(prefix=prefix)


@pytest.mark.parametrize(
    "prefix",
    [
        "models/chat/v1/",
        "models/chat/v22/",
        "models/chat/",
        "models/search/v2/",
        "models/Chat/v2/",
        "models/chat-2/v2/",
        "models/сhat/v2/",
        "models/chat/v2/../v1/",
        "models/chat/v2/./",
        "models/chat/v2/a\nb/",
        "models/chat/v2%2f/",
        "policies/",
        "releases/chat/v2/",
        "golden/",
    ],
)
@pytest.mark.parametrize("source", [None, "s3://team/v7/"])
def test_files_lie_nowhere_else_and_are_copied_nowhere_else(
    prefix: str, source: str | None
) -> None:
    faults = read(prefix=prefix, source=source)
    assert isinstance(faults, tuple)
    assert [fault.code for fault in faults] == ["release.prefix-elsewhere"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"endpoint": "team-b-prod"}, "endpoint"),
        ({"endpoint": "Chat"}, "endpoint"),
        ({"model": {"name": "qwen", "version": "v3"}}, "model.version"),
        ({"model": {"name": "qwen", "version": "V2"}}, "model.version"),
    ],
)
def test_a_release_speaks_for_its_place_only(changes: dict[str, Any], field: str) -> None:
    faults = read(**changes)
    assert isinstance(faults, tuple)
    assert [(fault.code, fault.subject) for fault in faults] == [
        ("release.misplaced", f"{URI}: {field}")
    ]


def test_everything_that_is_out_of_place_is_told_at_once() -> None:
    faults = read(
        endpoint="search", model={"name": "qwen", "version": "v3"}, prefix="models/search/v3/"
    )
    assert isinstance(faults, tuple)
    assert len(faults) == 3


@pytest.mark.parametrize(
    "source",
    [
        "s3://models/models/team-b/v1/",
        "s3://models/models/chat-eu/v1/",
        "s3://models/models/chatter/",
        "s3://models/models/Chat/v1/",
        "s3://models/models/chat/../team-b/v1/",
        "s3://models/models/chat/./../team-b/",
        "s3://models/models/",
        "s3://models//models/chat/v1/",
        "s3://models/",
        "s3://models/policies/",
        "s3://models/golden/",
        "s3://models/releases/chat/v1/",
    ],
)
def test_another_endpoints_models_are_no_source(source: str) -> None:
    """The function that copies may read them, and who offers might not."""
    (reason,) = read(source=source)

    assert isinstance(reason, Reason)
    assert (reason.code, reason.subject) == ("release.source-elsewhere", f"{URI}: source")


@pytest.mark.parametrize(
    "source",
    [
        "s3://models/models/chat/v1/",
        "s3://models/models/chat/",
        "s3://models-eu/models/team-b/v1/",
        "s3://models/former/chat-v1/",
    ],
)
def test_own_folders_other_buckets_and_a_former_layout_are_sources(source: str) -> None:
    assert read(source=source) == release(source=source)
