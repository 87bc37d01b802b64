"""A file affects only the endpoint of its folder, independently of its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.offering import checkpoint, describe_release, object_created, release_text
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.support.world import World


def put(world: World, key: str, **changes: Any) -> None:
    """Put a release for the story's endpoint under some key, and tell of it as S3 does."""
    body = release_text(describe_release("v2", checkpoint(), ENDPOINT, **changes))
    stored = world.s3.put_object(Bucket=world.bucket, Key=key, Body=body)
    world.outlets.emit(object_created(world.bucket, key, stored, world.clock.now().isoformat()))
    world.clock.advance(60)


@pytest.mark.parametrize(
    "key",
    [
        "models/vlm-demo/notes/release.json",
        "models/vlm/v2/release.json",
        "release.json",
        "releases/release.json",
        "releases/vlm/release.json",
        "golden/vlm/v2/release.json",
        "Releases/vlm/v2/release.json",
        "releases/vlm/v2/Release.json",
        "releases/vlm/v2/release.json.bak",
        "x/releases/vlm/v2/release.json",
        "/releases/vlm/v2/release.json",
        "releases//v2/release.json",
        "releases/../v2/release.json",
        "releases/ｖlm/v2/release.json",
    ],
)
def test_what_lies_elsewhere_starts_nothing(world: World, key: str) -> None:
    put(world, key, policy={"approval": {"required": False}, "freezes": []})
    assert world.executions == []
    assert world.ledger.history(ENDPOINT) == ()


@pytest.mark.parametrize("folder", ["vlm-demo", "team-a"])
def test_a_release_in_another_endpoints_folder_is_filed_there_and_starts_nothing(
    world: World, folder: str
) -> None:
    put(world, f"releases/{folder}/v2/release.json")
    world.run()
    (refused,) = world.ledger.history(folder)
    assert refused.outcome is Outcome.REJECTED
    assert refused.reasons[0].code == "release.misplaced"
    assert world.ledger.history(ENDPOINT) == ()
    assert world.serving == FIRST_CONFIG


@pytest.mark.parametrize(
    ("place", "changes", "code"),
    [
        ("v3", {}, "release.misplaced"),
        ("v2/more", {}, "release.misplaced"),
        ("..", {}, "release.misplaced"),
        ("%2e%2e", {}, "release.misplaced"),
        ("v2/", {}, "release.misplaced"),
        ("v2", {"prefix": "models/team-b/v2/"}, "release.prefix-elsewhere"),
        ("v2", {"prefix": "models/vlm/v1/"}, "release.prefix-elsewhere"),
        ("v2", {"prefix": "models/vlm/v22/"}, "release.prefix-elsewhere"),
        ("v2", {"prefix": "models/vlm/v2/../v1/"}, "release.prefix-elsewhere"),
        ("v2", {"prefix": "models/VLM/v2/"}, "release.prefix-elsewhere"),
        (
            "v2",
            {"prefix": "models/team-b/v1/", "source": "s3://team-a/x/"},
            "release.prefix-elsewhere",
        ),
    ],
)
def test_a_release_that_says_another_place_is_rejected(
    world: World, place: str, changes: dict[str, Any], code: str
) -> None:
    put(world, f"releases/{ENDPOINT}/{place}/release.json", **changes)
    world.run()
    update = world.update()
    assert (update.endpoint, update.outcome) == (ENDPOINT, Outcome.REJECTED)
    assert code in [reason.code for reason in update.reasons]
    assert world.serving == FIRST_CONFIG


def test_an_operators_start_takes_releases_of_the_model_bucket_only(world: World) -> None:
    world.start("by-hand", release=f"s3://elsewhere/releases/{ENDPOINT}/v2/release.json")
    world.run()
    assert [reason.code for reason in world.update().reasons] == ["release.other-bucket"]
