"""A release in another bucket is copied first, once, or refused with every reason."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.expectations import (
    assert_no_request_failed,
    assert_nothing_left_behind,
    assert_untouched,
    codes,
)
from tests.support.laptop import deployment_of
from tests.support.offering import checkpoint, upload

from switchover_cli.scene import read_scene

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.world import World

_BUCKET = "team-exports"
_FOLDER = "nightly/v2/"
_SOURCE = f"s3://{_BUCKET}/{_FOLDER}"
_SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]


class Copies:
    """Counts the copies that S3 is asked for; `dies_after` so many, the asking process dies."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.dies_after: int | None = None

    def note(self, params: Mapping[str, Any], **_: Any) -> None:
        """Take note of one copy before it is sent."""
        if self.dies_after == self.asked.total():
            self.dies_after = None
            raise MemoryError("the process dies here")
        self.asked[params["context"]["input_params"]["Key"]] += 1


@pytest.fixture
def copies(world: World) -> Iterator[Copies]:
    """The source's bucket with the files of v2, and who counts what is copied."""
    world.s3.create_bucket(Bucket=_BUCKET)
    upload(world.s3, _BUCKET, _FOLDER, checkpoint())
    counted = Copies()
    world.s3.meta.events.register("before-call.s3.CopyObject", counted.note)
    yield counted
    world.s3.meta.events.unregister("before-call.s3.CopyObject", counted.note)


def _keys() -> Counter[str]:
    return Counter(f"models/vlm/v2/{path}" for path in checkpoint())


def test_another_teams_models_are_not_copied_into_a_teams_own_folder(
    world: World, copies: Copies
) -> None:
    upload(world.s3, world.bucket, "models/team-b/v1/", checkpoint())
    world.offer(files={}, source=f"s3://{world.bucket}/models/team-b/v1/")

    world.run()

    assert codes(assert_untouched(world)) == ["release.source-elsewhere"]
    assert copies.asked == {}


def test_a_release_of_another_bucket_is_copied_and_updated(world: World, copies: Copies) -> None:
    world.offer(files={}, source=_SOURCE)

    end = world.run()

    assert end.state == "Updated"
    assert copies.asked == _keys()
    assert_nothing_left_behind(world)
    assert_no_request_failed(world)
    assert world.lambdas.errors == []
    assert [m.text for m in world.ledger.timeline(end.name) if m.state == "CopyRelease"] == [
        f"{len(checkpoint())} files, 759.2 kB, copied from {_SOURCE}."
    ]


def test_the_phase_says_how_much_is_copied_while_it_is_copied(world: World, copies: Copies) -> None:
    deployment, phases = deployment_of(world), list[str]()

    def look(**_: Any) -> None:
        update_id = world.executions[0].name
        phases.append(read_scene(deployment, update_id).phase)

    world.s3.meta.events.register_first("before-call.s3.CopyObject", look)
    world.offer(files={}, source=_SOURCE)

    world.run()

    world.s3.meta.events.unregister("before-call.s3.CopyObject", look)
    pattern = rf"Copying the model's files: \S+ k?B of 759.2 kB, \d+ of {len(checkpoint())} files"
    assert len(phases) == len(checkpoint())
    assert [phase for phase in phases if not re.fullmatch(pattern, phase)] == []


def test_a_source_with_missing_files_is_rejected_and_nothing_is_copied(
    world: World, copies: Copies
) -> None:
    for shard in _SHARDS:
        world.s3.delete_object(Bucket=_BUCKET, Key=f"{_FOLDER}{shard}")
    world.offer(files={}, source=_SOURCE)

    end = world.run()

    update = assert_untouched(world)
    assert end.state == "Rejected"
    assert codes(update) == ["copy.file-missing"] * 2
    assert [reason.subject for reason in update.reasons] == [f"{_SOURCE}{s}" for s in _SHARDS]
    assert copies.asked.total() == 0


def test_a_crash_midway_goes_on_and_copies_each_file_once(world: World, copies: Copies) -> None:
    copies.dies_after = 2
    world.offer(files={}, source=_SOURCE)

    end = world.run()

    assert end.state == "Updated"
    assert copies.asked == _keys()
    assert [type(error) for error in world.lambdas.errors] == [MemoryError]
    assert_nothing_left_behind(world)


def test_a_crash_after_the_copy_copies_nothing_again(world: World, copies: Copies) -> None:
    world.crash("CopyRelease", times=2, after=True)
    world.offer(files={}, source=_SOURCE)

    end = world.run()

    assert end.state == "Updated"
    assert copies.asked == _keys()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_copy_that_crashes_each_time_rejects_the_release(
    world: World, copies: Copies, *, after: bool
) -> None:
    world.crash("CopyRelease", times=4, after=after)
    world.offer(files={}, source=_SOURCE)

    end = world.run()

    assert end.state == "Rejected"
    assert world.update().reasons[0].subject == "state CopyRelease"
    assert set(copies.asked) <= set(_keys())


def test_a_release_that_is_here_is_not_looked_for_elsewhere(world: World, copies: Copies) -> None:
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert copies.asked.total() == 0


def test_a_release_that_is_offered_again_is_not_copied_again(world: World, copies: Copies) -> None:
    world.put_policy("strategy: redeploy")
    world.offer(files={}, source=_SOURCE)
    world.run()
    world.put_policy("strategy: rolling")

    world.offer(files={}, source=_SOURCE, policy={"watch_seconds": 0})
    end = world.run()

    assert [execution.state for execution in world.executions] == ["Rejected", "Updated"]
    assert end.state == "Updated"
    assert copies.asked == _keys()
