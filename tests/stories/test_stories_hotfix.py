"""The serving version fails: its red alarms must not stop its own replacement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.expectations import assert_nothing_left_behind, codes

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from tests.support.world import World

_ERRORS = Behaviour(server_error_rate=0.7)
_WHY = "v2 answers with errors"
_STANDING = "switchover/vlm/standing/errors"
_UNTIL_RED_SECONDS = 900


@pytest.fixture
def ailing(world: World) -> World:
    """Version v2 was taken for good, and fails since; its standing alarm is red."""
    world.put_policy("strategy: canary\nwatch_seconds: 10m\nreleases_may: [hotfix]")
    world.offer()
    world.run()
    assert world.update().outcome is Outcome.UPDATED
    world.twin.set_behaviour("*/v2/", _ERRORS)
    world.clock.advance(_UNTIL_RED_SECONDS)
    red = world.cloudwatch.describe_alarms(StateValue="ALARM")["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in red] == [_STANDING]
    return world


def test_without_a_hotfix_a_red_alarm_refuses_and_names_the_way_out(ailing: World) -> None:
    ailing.offer("v3")

    end = ailing.run()

    update = ailing.update(end)
    assert update.outcome is Outcome.REJECTED
    assert codes(update) == ["alarm.already-red"]
    assert "`hotfix: true` with a `reason`" in update.reasons[0].remedy


def test_a_hotfix_replaces_what_fails(ailing: World) -> None:
    """Its red alarm is neither listed, nor counted in the watch after success."""
    ailing.offer("v3", hotfix=True, reason=_WHY)

    end = ailing.run()

    update = assert_nothing_left_behind(ailing, end)
    assert update.outcome is Outcome.UPDATED
    assert update.planned.alarms.excluded == (_STANDING,)
    assert _STANDING not in update.planned.alarms.observed


def test_a_hotfix_tells_its_reason_and_what_it_left_out(ailing: World) -> None:
    ailing.offer("v3", hotfix=True, reason=_WHY)

    end = ailing.run()

    told = (
        f"Hotfix, for the reason given by the starter: “{_WHY}”;"
        f" ignored because already red: {_STANDING}."
    )
    planned = [m.text for m in ailing.ledger.timeline(end.name) if m.state == "PlanUpdate"]
    assert [told in text for text in planned] == [True]
    assert told in ailing.outlets.messages[-1]["Message"]
    assert json.loads(ailing.outlets.events[-1]["Detail"])["hotfix"] == told


def test_a_hotfix_that_fails_too_is_turned_back_by_the_new_fleets_alarms(ailing: World) -> None:
    ailing.twin.set_behaviour("*/v3/", _ERRORS)
    ailing.offer("v3", hotfix=True, reason=_WHY)

    end = ailing.run()

    update = assert_nothing_left_behind(ailing, end)
    assert update.outcome is Outcome.ROLLED_BACK
    assert "alarm.went-red" in codes(update)
    assert not any(_STANDING in reason.subject for reason in update.reasons)


def test_a_hotfix_started_by_hand_is_one(ailing: World) -> None:
    ailing.offer("v3", is_told=False)
    uri = f"s3://{ailing.bucket}/releases/vlm/v3/release.json"
    execution = ailing.start("by-hand", release=uri, hotfix=True, reason=_WHY)

    ailing.run()

    assert ailing.update(execution).outcome is Outcome.UPDATED
    assert ailing.update(execution).planned.alarms.excluded == (_STANDING,)


@pytest.mark.parametrize("reason", ["", "  "], ids=["none", "blank"])
def test_a_hotfix_without_a_reason_is_rejected(world: World, reason: str) -> None:
    world.offer(hotfix=True, reason=reason)

    end = world.run()

    update = world.update(end)
    assert codes(update) == ["release.invalid"]
    assert "add a reason" in str(update.reasons[0])
    assert "hotfix" in update.reasons[0].subject


def test_a_hotfix_by_hand_without_a_reason_is_rejected(world: World) -> None:
    world.offer(is_told=False)
    uri = f"s3://{world.bucket}/releases/vlm/v2/release.json"
    execution = world.start("by-hand", release=uri, hotfix=True)

    world.run()

    assert codes(world.update(execution)) == ["input.invalid"]


def test_a_rejected_update_records_what_was_checked(world: World) -> None:
    world.put_policy("variant: Blue")
    world.offer()

    end = world.run()

    update = world.update(end)
    assert update.found.preflight is not None
    refused = [check.name for check in update.found.preflight.checks if check.state == "refused"]
    assert refused == ["endpoint.variant"]
    assert update.plan is None


def test_every_check_of_a_sound_update_is_measured(world: World) -> None:
    """Nothing of what the local cloud can tell stays unknown."""
    world.offer()

    end = world.run()

    update = world.update(end)
    assert update.found.preflight is not None
    states = {check.name: check.state.value for check in update.found.preflight.checks}
    assert [name for name, state in states.items() if state in {"unknown", "refused"}] == []


def test_a_role_that_may_not_read_the_alarms_is_refused(world: World) -> None:
    """SageMaker watches the alarms as the model's role (rules §1.8)."""
    world.roles.allows = False
    world.offer()

    end = world.run()

    assert codes(world.update(end)) == ["alarm.not-readable"]


def test_nobody_listening_is_noted_and_refuses_nothing(world: World) -> None:
    world.outlets.subscriptions = 0
    world.offer()

    end = world.run()

    update = world.update(end)
    assert update.outcome is Outcome.UPDATED
    assert update.found.preflight is not None
    [heard] = [c for c in update.found.preflight.checks if c.name == "announcement.subscribers"]
    assert (heard.state, "no person gets the outcome" in heard.evidence) == ("noted", True)
