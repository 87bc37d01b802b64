"""People are asked before the start and before promotion; only a clear yes continues; all is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.asking import (
    BEFORE_PROMOTION,
    BEFORE_START,
    answer_token,
    ask,
    moments,
    only_approval,
    say,
)
from tests.support.expectations import (
    assert_no_request_failed,
    assert_nothing_left_behind,
    assert_untouched,
    codes,
)
from tests.support.laptop import KIM
from tests.support.scene import ENDPOINT, FIRST_CONFIG, VARIANT

from switchover.domain.outcome import Outcome
from switchover.domain.plans.alarms import Scope
from switchover.domain.update.approval import Channel, Gate, Reply
from switchover_cli.errors import Misused
from switchover_local.twin.scenario import Behaviour, EventFault, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.stories.conftest import MakeWorld
    from tests.support.walker import Execution
    from tests.support.world import World


def test_a_yes_by_command_starts_the_update_and_is_recorded(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    say(world, Reply.APPROVED, "looked at it with Kim")
    end = world.run()

    given = only_approval(world)
    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert (given.verdict, given.channel, given.gate) == (
        Reply.APPROVED,
        Channel.IAM,
        Gate.START,
    )
    assert given.by == KIM
    assert given.reason == "looked at it with Kim"
    (told,) = moments(world, "RecordApproval")
    assert told == (
        "Approved by user/kim (AWS identity, account 000000000000): “looked at it with Kim”."
    )


def test_who_is_asked_is_told_the_plan_and_the_commands(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    message = world.outlets.messages[-1]

    assert message["Subject"] == "Approve? vlm v2"
    assert "switchover approve vlm" in message["Message"]
    assert "switchover reject vlm" in message["Message"]
    assert "http" not in message["Message"]
    assert len(moments(world, "RequestApproval")) == 1


def test_a_no_by_command_leaves_the_endpoint_as_it_was(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    say(world, Reply.DECLINED, "not on Friday")
    end = world.run()

    update = assert_untouched(world)
    assert end.state == "Rejected"
    assert codes(update) == ["approval.declined"]
    assert "not on Friday" in update.summary
    assert only_approval(world).verdict is Reply.DECLINED


def test_an_answer_by_token_alone_names_nobody(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    answer_token(world, {"verdict": "approved"})
    end = world.run()

    assert end.state == "Updated"
    assert (only_approval(world).by, only_approval(world).channel) == ("", Channel.CONSOLE)
    assert moments(world, "RecordApproval") == ["Approved by somebody who answered the task token."]


@pytest.mark.parametrize("output", ["yes", {}, {"verdict": "Approved!"}, [True], 1])
def test_whatever_is_no_plain_yes_is_a_no(world: World, output: object) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    answer_token(world, output)
    world.run()

    assert codes(assert_untouched(world)) == ["approval.declined"]
    assert "isn't known" in only_approval(world).reason


def test_silence_is_a_recorded_no(world: World) -> None:
    world.put_policy(BEFORE_START)
    world.offer()

    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == ["approval.expired"]
    assert only_approval(world).verdict is Reply.EXPIRED


def test_a_second_answer_finds_that_nobody_waits(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")
    say(world, Reply.APPROVED)

    with pytest.raises(Misused, match="no longer waits for an answer"):
        say(world, Reply.DECLINED)
    world.clock.advance(60)
    with pytest.raises(Misused, match="was already answered: Approved by"):
        say(world, Reply.DECLINED)

    assert world.run().state == "Updated"


def test_what_waits_for_no_person_cannot_be_approved(world: World) -> None:
    world.offer()
    world.run_to("AwaitOutcome")
    world.clock.advance(60)

    with pytest.raises(Misused, match="needs no approval"):
        say(world, Reply.APPROVED)

    assert world.run().state == "Updated"


def test_an_endpoint_without_an_update_has_nothing_to_approve(world: World) -> None:
    with pytest.raises(Misused, match="vlm has no running update"):
        say(world, Reply.APPROVED)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_while_it_is_recorded_loses_no_answer(world: World, *, after: bool) -> None:
    world.crash("RecordApproval", times=2, after=after)
    ask(world, BEFORE_START, "RequestApproval")

    say(world, Reply.APPROVED)
    end = world.run()

    assert end.state == "Updated"
    assert only_approval(world).verdict is Reply.APPROVED
    assert len(moments(world, "RecordApproval")) == 1


def test_an_answer_that_cannot_be_recorded_starts_nothing(world: World) -> None:
    world.crash("RecordApproval", times=4)
    ask(world, BEFORE_START, "RequestApproval")

    say(world, Reply.APPROVED)
    end = world.run()

    assert end.state == "Rejected"
    assert codes(assert_untouched(world)) == ["switchover.crashed"]
    assert "RollBack" not in end.path


def test_an_update_stopped_while_it_is_asked_about_never_happened(world: World) -> None:
    ask(world, BEFORE_START, "RequestApproval")

    world.stepfunctions.stop_execution(executionArn=world.executions[0].arn)
    world.run()

    assert codes(assert_untouched(world)) == ["execution.stopped"]


def test_what_a_person_lets_stay_is_updated(world: World) -> None:
    ask(world, BEFORE_PROMOTION, "RequestPromotion")
    world.clock.advance(7200)
    assert world.serving == world.update().planned.target.config

    say(world, Reply.APPROVED, "the answers read well")
    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
    assert "Promote? vlm v2" in world.messages()
    assert only_approval(world).gate is Gate.PROMOTION
    assert_no_request_failed(world)


def test_what_a_person_lets_stay_is_watched_from_then_on(world: World) -> None:
    ask(world, f"{BEFORE_PROMOTION}\nwatch_seconds: 30m", "RequestPromotion")
    world.clock.advance(7200)

    say(world, Reply.APPROVED)
    end = world.run()

    assert end.state == "Updated"
    watched = (
        end.entered_at[end.path.index("RestoreCapacity")]
        - end.entered_at[end.path.index("WatchUpdated")]
    )
    assert watched.total_seconds() >= 1800


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda world: say(world, Reply.DECLINED, "the answers are worse"), "approval.declined"),
        (lambda _world: None, "approval.expired"),
    ],
    ids=["declined", "expired"],
)
def test_what_nobody_lets_stay_is_taken_back(
    world: World, act: Callable[[World], object], code: str
) -> None:
    ask(world, BEFORE_PROMOTION, "RequestPromotion")

    act(world)
    end = world.run()

    update = assert_nothing_left_behind(world)
    assert end.state == "RolledBack"
    assert update.outcome is Outcome.ROLLED_BACK
    assert world.serving == FIRST_CONFIG
    assert codes(update) == [code]
    assert_no_request_failed(world)


def gate_seconds(end: Execution) -> float:
    """How long people were waited for before promotion."""
    entered = dict(zip(end.path, end.entered_at, strict=True))
    return (entered["RecordApproval"] - entered["RequestPromotion"]).total_seconds()


def test_an_alarm_that_goes_red_while_people_are_asked_turns_it_back_at_once(world: World) -> None:
    ask(world, BEFORE_PROMOTION, "RequestPromotion")
    world.clock.advance(7200)

    world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=0.7))
    end = world.run()

    update, given = assert_nothing_left_behind(world), only_approval(world)
    assert end.state == "RolledBack"
    assert gate_seconds(end) < 7200 + 900
    assert set(codes(update)) == {"alarm.went-red"}
    assert (given.verdict, given.channel, given.by) == (Reply.DECLINED, Channel.LOOK, "")
    assert "alarm switchover/vlm/" in given.reason
    assert moments(world, "RecordApproval")[0].startswith(
        "Rejected by an observation of the endpoint: "
    )
    assert world.wishes.mark(ENDPOINT, "v2") is not None


def test_an_alarm_that_is_red_when_people_would_be_asked_spares_them(world: World) -> None:
    """Its event comes while TestModel is about to be tried again, when nobody waits."""
    world.crash("TestModel", times=1)
    world.put_policy(BEFORE_PROMOTION)
    world.offer()
    world.run_to("TestModel")
    # Of the new config: a standing alarm may be red yet of what the old fleet did.
    own = next(
        alarm for alarm in world.update().planned.alarms.specs if alarm.scope is Scope.UPDATE
    )
    world.cloudwatch.set_alarm_state(
        AlarmName=own.name, StateValue="ALARM", StateReason="It is red."
    )

    end = world.run()

    assert end.state == "RolledBack"
    assert gate_seconds(end) < 60
    assert codes(assert_nothing_left_behind(world)) == ["alarm.went-red"]
    assert "Promote? vlm v2" not in world.messages()


def test_a_config_that_serves_no_more_ends_the_question(world: World) -> None:
    ask(world, BEFORE_PROMOTION, "RequestPromotion")

    world.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=FIRST_CONFIG)
    end = world.run()

    assert gate_seconds(end) < 3600
    assert only_approval(world).channel is Channel.LOOK
    assert world.serving == FIRST_CONFIG


def test_good_news_and_a_resize_leave_the_question_to_people(world: World) -> None:
    ask(world, BEFORE_PROMOTION, "RequestPromotion")

    world.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=ENDPOINT,
        DesiredWeightsAndCapacities=[{"VariantName": VARIANT, "DesiredInstanceCount": 5}],
    )
    world.clock.advance(3600)

    assert world.executions[0].state == "RequestPromotion"
    assert world.update().progress.is_confirmed is False
    say(world, Reply.APPROVED)
    assert world.run().state == "Updated"


def test_if_the_event_of_a_red_alarm_is_lost_the_answer_finds_it(make_world: MakeWorld) -> None:
    world = make_world(Scenario(faults=(EventFault(effect="lost", times=500),)))
    ask(world, BEFORE_PROMOTION, "RequestPromotion")
    world.twin.set_behaviour("*/v2/", Behaviour(server_error_rate=0.7))
    world.clock.advance(3600)
    assert world.executions[0].state == "RequestPromotion"

    say(world, Reply.APPROVED)
    end = world.run()

    assert end.state == "RolledBack"
    assert "alarm.went-red" in codes(assert_nothing_left_behind(world))


def test_a_no_of_a_person_does_not_mark_the_version(world: World) -> None:
    """They may have had their own reasons; whoever means the version marks it bad themselves."""
    ask(world, BEFORE_PROMOTION, "RequestPromotion")
    say(world, Reply.DECLINED)

    world.run()

    assert world.wishes.mark(ENDPOINT, "v2") is None


def test_an_update_stopped_before_it_may_stay_is_taken_back(world: World) -> None:
    ask(world, BEFORE_PROMOTION, "RequestPromotion")

    world.stepfunctions.stop_execution(executionArn=world.executions[0].arn)
    world.run()

    assert assert_nothing_left_behind(world).outcome is Outcome.ROLLED_BACK


def test_an_answer_to_promotion_that_cannot_be_recorded_is_taken_back(world: World) -> None:
    world.crash("RecordApproval", times=4)
    ask(world, BEFORE_PROMOTION, "RequestPromotion")

    say(world, Reply.APPROVED)
    end = world.run()

    assert end.state == "RolledBack"
    assert_nothing_left_behind(world)


def test_both_gates_are_asked_and_recorded(world: World) -> None:
    ask(world, "approval: {required: true, promotion: true}", "RequestApproval")
    say(world, Reply.APPROVED)
    world.run_to("RequestPromotion")
    world.clock.advance(60)
    say(world, Reply.APPROVED)

    end = world.run()

    assert end.state == "Updated"
    assert [given.gate for given in world.update().asking.given] == [Gate.START, Gate.PROMOTION]


@pytest.mark.parametrize(
    "held",
    [
        "window: {from: '08:00', to: '15:00', timezone: UTC}",
        "freezes:\n- {from: 2026-03-02T15:00:00Z, to: 2026-03-05T00:00:00Z, reason: trade}",
    ],
    ids=["window", "freeze"],
)
def test_a_yes_that_comes_too_late_for_the_window_lets_nothing_start(
    world: World, held: str
) -> None:
    ask(world, f"{BEFORE_START}\n{held}", "RequestApproval")
    until = world.update().planned.times.begin_by
    assert until is not None
    world.clock.advance((until - world.clock.now()).total_seconds() + 60)

    say(world, Reply.APPROVED)
    world.run()

    assert codes(assert_untouched(world)) == ["approval.too-late"]
    assert only_approval(world).verdict is Reply.VOID
    assert f"Until {until:%Y-%m-%d %H:%M} UTC." in world.outlets.messages[-2]["Message"]


def test_a_yes_in_time_for_the_window_lets_it_start(world: World) -> None:
    ask(
        world,
        f"{BEFORE_START}\nwindow: {{from: '08:00', to: '15:00', timezone: UTC}}",
        "RequestApproval",
    )
    until = world.update().planned.times.begin_by
    assert until is not None
    world.clock.advance((until - world.clock.now()).total_seconds() - 60)

    say(world, Reply.APPROVED)
    end = world.run()

    assert end.state == "Updated"


def test_an_operator_who_passes_the_window_is_asked_without_its_end(world: World) -> None:
    world.put_policy(f"{BEFORE_START}\nwindow: {{from: '08:00', to: '15:00', timezone: UTC}}")
    world.offer(is_told=False)
    uri = f"s3://{world.bucket}/releases/vlm/v2/release.json"
    world.start("by-hand", release=uri, now=True, reason="agreed")
    world.run_to("RequestApproval")

    assert world.update().planned.times.begin_by is None
