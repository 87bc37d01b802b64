"""A release switches off none of its endpoint's controls; an operator overrides what isn't locked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.statemachine.scene import FIRST_CONFIG

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.statemachine.world import World

_GUARDED = """
approval: {required: true}
freezes:
- {from: 2020-01-01, to: 2099-12-31, reason: nothing moves until the audit is over}
"""


@pytest.mark.parametrize(
    ("key", "asked"),
    [
        ("approval.required", {"approval": {"required": False}}),
        ("freezes", {"freezes": []}),
        ("window", {"window": []}),
        ("alarms.error_rate", {"alarms": {"error_rate": 0.999}}),
        ("guard.min_requests", {"guard": {"min_requests": 0}}),
        ("model.allow_pickle", {"model": {"allow_pickle": True}}),
        ("model.allow_remote_code", {"model": {"allow_remote_code": True}}),
        ("allow_downtime", {"allow_downtime": True}),
        ("strategy", {"strategy": "redeploy"}),
        ("capacity.during", {"capacity": {"during": {"min": 1, "max": 1}}}),
    ],
)
def test_a_release_that_loosens_a_control_is_rejected_before_anything_is_read(
    world: World, key: str, asked: dict[str, Any]
) -> None:
    world.put_policy(_GUARDED + "window: {from: '01:00', to: '01:30', timezone: UTC}")
    world.offer(policy=asked)
    execution = world.run()
    update = world.update()
    assert update.outcome is Outcome.REJECTED
    assert [reason.code for reason in update.reasons] == ["policy.override-refused"]
    assert update.reasons[0].subject == f"release.json policy: {key}"
    assert "ValidateModel" not in execution.path
    assert world.serving == FIRST_CONFIG


def test_every_refused_override_is_told_at_once(world: World) -> None:
    world.put_policy(_GUARDED)
    world.offer(
        policy={"approval": {"required": False}, "freezes": []}, hotfix=True, reason="it burns"
    )
    world.run()
    assert {reason.subject for reason in world.update().reasons} == {
        "release.json policy: approval.required",
        "release.json policy: freezes",
        "release.json: hotfix",
    }


def test_a_time_that_is_past_passes_neither_window_nor_freeze(world: World) -> None:
    world.put_policy("freezes:\n- {from: 2020-01-01, to: 2026-12-31, reason: audit}")
    world.offer(start="2000-01-01T00:00:00Z")
    world.clock.advance(600)
    (execution,) = world.executions
    assert world.update(execution).outcome is Outcome.QUEUED
    assert world.serving == FIRST_CONFIG


def test_a_past_time_waits_for_the_window(world: World) -> None:
    hour = (world.clock.now().hour + 6) % 24
    world.put_policy(f"window: {{from: '{hour:02}:00', to: '{hour:02}:59', timezone: UTC}}")
    world.offer(start="2000-01-01T00:00:00Z")
    world.clock.advance(600)
    assert world.update().outcome is Outcome.QUEUED
