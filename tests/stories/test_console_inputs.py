"""The inputs of docs/console.md, started unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support.expectations import assert_nothing_left_behind
from tests.support.scene import ENDPOINT

from switchover.domain.plans.plan import Kind
from switchover.domain.policies.choices import Strategy

if TYPE_CHECKING:
    from tests.support.world import World

_INPUTS = Path(__file__).parents[2] / "docs" / "inputs"


def pasted(world: World, name: str) -> dict[str, Any]:
    """An input as a person pastes it, with their own bucket and endpoint in the named places."""
    text = (_INPUTS / f"{name}.json").read_text()
    content: dict[str, Any] = json.loads(
        text.replace("MODEL-BUCKET", world.bucket).replace("vlm-demo", ENDPOINT)
    )
    return content


def test_a_release_alone_is_enough(world: World) -> None:
    world.offer(is_told=False)

    world.start("by-hand", **pasted(world, "release"))
    end = world.run()

    assert end.state == "Updated"
    assert assert_nothing_left_behind(world).version == "v2"


def test_overrides_and_reason_are_taken(world: World) -> None:
    world.offer(is_told=False)

    world.start("by-hand", **pasted(world, "release-with-overrides"))
    end = world.run()

    update = assert_nothing_left_behind(world)
    assert end.state == "Updated"
    assert update.planned.deployment.pace.strategy is Strategy.LINEAR
    assert (
        update.planned.deployment.pace.step_instances,
        update.planned.deployment.pace.bake_seconds,
    ) == (2, 300)
    assert update.request is not None
    assert update.request.reason == "Tuesday's quality fix"


def test_a_rollback_input_returns_to_what_served_before(world: World) -> None:
    world.offer()
    world.run()

    world.start("back", **pasted(world, "rollback"))
    end = world.run()

    update = world.update(end)
    assert end.state == "Updated"
    assert (update.kind, update.version) == (Kind.ROLLBACK, "v1")


def test_a_rollback_input_may_name_the_version(world: World) -> None:
    world.offer()
    world.run()

    world.start("back", **pasted(world, "rollback-to-version"))
    end = world.run()

    assert end.state == "Updated"
    assert world.update(end).version == "v1"


def test_every_input_in_the_docs_is_tried() -> None:
    tried = {"release", "release-with-overrides", "rollback", "rollback-to-version"}
    assert {path.stem for path in _INPUTS.glob("*.json")} == tried
