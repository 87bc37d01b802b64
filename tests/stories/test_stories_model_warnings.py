"""A model with warnings serves, and the warnings are reported, unless the policy refuses them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.clients import client
from tests.support.expectations import assert_untouched, codes
from tests.support.offering import checkpoint, describe_release, release_text
from tests.support.scene import ENDPOINT

if TYPE_CHECKING:
    from tests.support.world import World

_LEFTOVER = "Thumbs.db"
_SHARD = "model-00001-of-00002.safetensors"
_INDEX = "model.safetensors.index.json"


def _offer(world: World, files: dict[str, bytes]) -> None:
    world.offer(files=files, raw=release_text(describe_release("v2", files, ENDPOINT)))


def test_a_doubtful_model_is_served_and_the_doubt_is_kept(world: World) -> None:
    _offer(world, {**checkpoint(), _LEFTOVER: b"x"})

    end = world.run()

    update = world.update()
    assert end.state == "Updated"
    assert [warning.code for warning in update.found.warnings] == ["model.leftover"]
    assert update.found.preflight is not None
    assert (
        "Thumbs.db: is a leftover of the operating system"
        in update.found.preflight.checks[0].evidence
    )


def test_a_bucket_without_versions_is_used_and_the_plan_says_so(world: World) -> None:
    client("s3").put_bucket_versioning(
        Bucket=world.bucket, VersioningConfiguration={"Status": "Suspended"}
    )
    _offer(world, checkpoint())

    end = world.run()

    update = world.update()
    assert end.state == "Updated"
    assert [warning.code for warning in update.found.warnings] == ["model.unversioned"]
    assert update.found.preflight is not None
    assert "keeps no versions" in update.found.preflight.checks[0].evidence


def test_a_policy_refuses_what_is_only_warned_of(world: World) -> None:
    world.put_policy("model: {refuse: [model.leftover]}")
    _offer(world, {**checkpoint(), _LEFTOVER: b"x"})

    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == ["model.leftover"]


def test_a_policy_tolerates_what_would_be_refused_and_it_is_kept(world: World) -> None:
    world.put_policy("model: {tolerate: [model.index-missing, model.no-tokenizer]}")
    files = {path: content for path, content in checkpoint().items() if path != _INDEX}
    _offer(world, files)

    end = world.run()

    assert end.state == "Updated"
    assert {warning.code for warning in world.update().found.warnings} == {"model.index-missing"}
