"""A release switches off none of its endpoint's controls; an operator overrides what isn't locked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.scene import FIRST_CONFIG

from switchover.domain.outcome import Outcome

if TYPE_CHECKING:
    from tests.support.world import World

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


@pytest.mark.parametrize(
    "start", ["9999-12-31T23:59:59-14:00", "9998-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_beyond_the_calendar_ends_as_a_recorded_refusal(world: World, start: str) -> None:
    world.offer(start=start)
    world.run()
    assert world.update().outcome is Outcome.REJECTED
    assert [reason.code for reason in world.update().reasons] == ["release.invalid"]
    assert world.lambdas.errors == []


def test_an_input_that_says_it_was_offered_later_holds_nothing_up(world: World) -> None:
    """Neither the next release nor the rollback is superseded by it."""
    world.offer("v2", is_told=False)
    uri = f"s3://{world.bucket}/releases/vlm/v2/release.json"
    world.start("forged", release=uri, offered_at="2099-01-01T00:00:00Z")
    world.run()
    world.offer("v3")
    world.run()
    world.start("back", rollback="vlm")
    world.run()
    outcomes = [world.update(each).outcome for each in world.executions]
    assert outcomes == [Outcome.UPDATED] * 3
    assert "v2" in world.serving


def test_an_operator_takes_an_approval_back_and_everybody_is_told(world: World) -> None:
    world.put_policy("approval: {required: true}")
    world.offer(is_told=False)
    uri = f"s3://{world.bucket}/releases/vlm/v2/release.json"
    execution = world.start("by-hand", release=uri, policy={"approval": {"required": False}})
    world.run()
    update = world.update(execution)
    told = "approval.required: false instead of true (input policy)"
    detail = json.loads(world.outlets.events[-1]["Detail"])
    planned = [m.text for m in world.ledger.timeline("by-hand") if m.state == "PlanUpdate"]
    assert update.outcome is Outcome.UPDATED
    assert [str(each) for each in update.planned.overrides] == [told]
    assert told in world.outlets.messages[-1]["Message"]
    assert [each["key"] for each in detail["overrides"]] == ["approval.required"]
    assert told in planned[0]


def test_an_operator_does_not_take_back_what_the_owner_locked(world: World) -> None:
    world.put_policy("approval: {required: true}\nlocked: [approval]")
    world.offer(is_told=False)
    uri = f"s3://{world.bucket}/releases/vlm/v2/release.json"
    world.start("by-hand", release=uri, policy={"approval": {"required": False}})
    world.run()
    assert [reason.subject for reason in world.update().reasons] == [
        "input policy: approval.required"
    ]


def test_a_release_that_asks_for_an_approval_gets_one(world: World) -> None:
    world.offer(policy={"approval": {"required": True}})
    world.run_to("RequestApproval")
    assert world.serving == FIRST_CONFIG


def test_an_owner_lets_releases_pass_the_freeze_as_hotfixes(world: World) -> None:
    world.put_policy(
        "releases_may: [hotfix]\nfreezes:\n- {from: 2020-01-01, to: 2099-12-31, reason: audit}"
    )
    world.offer(hotfix=True, reason="it burns")
    world.run()
    assert world.update().outcome is Outcome.UPDATED


def test_the_stack_lets_releases_set_what_the_owners_leave_open(world: World) -> None:
    world.lambdas.overrides["SWITCHOVER_RELEASES_MAY"] = "approval"
    world.put_policy("approval: {required: true}")
    world.offer(policy={"approval": {"required": False}})
    world.run()
    assert world.update().outcome is Outcome.UPDATED


def test_a_refused_release_supersedes_nobody(world: World) -> None:
    """A release that may not be what it asks for takes no place in the queue either."""
    world.put_policy("freezes:\n- {from: 2020-01-01, to: 2026-12-31, reason: audit}")
    world.offer("v2")
    world.clock.advance(600)
    world.offer("v3", policy={"freezes": []})
    world.clock.advance(600)
    first, second = world.executions
    assert world.update(first).outcome is Outcome.QUEUED
    assert world.update(second).outcome is Outcome.REJECTED
    assert [one.version for one in world.queue.entries("vlm")] == ["v2"]


@pytest.mark.parametrize("when_busy", ["supersede", "queue"])
@pytest.mark.parametrize(
    "asked",
    [{"strategy": "none"}, {"approval": None}, {"typo": 1}],
    ids=lambda asked: next(iter(asked)),
)
def test_a_release_whose_policy_is_faulty_supersedes_nobody(
    world: World, when_busy: str, asked: dict[str, Any]
) -> None:
    freeze = "freezes:\n- {from: 2020-01-01, to: 2026-12-31, reason: audit}"
    world.put_policy(f"when_busy: {when_busy}\n{freeze}")
    world.offer("v2")
    world.clock.advance(600)
    world.offer("v3", policy=asked)
    world.clock.advance(600)
    first, second = world.executions
    assert world.update(first).outcome is Outcome.QUEUED
    assert world.update(second).outcome is Outcome.REJECTED
    assert [one.version for one in world.queue.entries("vlm")] == ["v2"]


def test_a_policy_file_that_breaks_meanwhile_costs_nobody_the_turn(world: World) -> None:
    world.put_policy("freezes:\n- {from: 2020-01-01, to: 2026-12-31, reason: audit}")
    world.offer("v2")
    world.clock.advance(600)
    world.put_policy("freezes: [")
    world.offer("v3")
    world.clock.advance(600)
    assert world.update(world.executions[0]).outcome is Outcome.QUEUED
    assert [reason.code for reason in world.update(world.executions[1]).reasons] == [
        "policy.not-yaml"
    ]


@pytest.mark.parametrize("word", ["resume", "recover"])
def test_taking_an_update_up_again_brings_no_policy_along(world: World, word: str) -> None:
    world.put_policy("freezes:\n- {from: 2020-01-01, to: 2026-12-31, reason: audit}")
    world.offer()
    world.clock.advance(600)
    queued = world.executions[0].name
    execution = world.start(
        "smuggled", **{word: queued}, policy={"freezes": [], "approval": {"required": False}}
    )
    world.clock.advance(600)
    assert world.ledger.update("smuggled").outcome is Outcome.REJECTED
    assert world.ledger.update(queued).outcome is Outcome.QUEUED
    assert execution.path[-1] == "Rejected"
    assert world.serving == FIRST_CONFIG
