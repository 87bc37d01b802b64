"""Which update is next, decided from one reading: any order of events gives the same answer."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.samples import ENDPOINT, EXECUTION, NOW, later, reason, update

from switchover.domain.marks import Mark, Pin, check_marks, mark_after
from switchover.domain.outcome import Ending, Outcome
from switchover.domain.plans.plan import Kind
from switchover.domain.policies.choices import WhenBusy
from switchover.domain.queueing import (
    Claim,
    Decision,
    Look,
    Standing,
    Turn,
    Waiting,
    decide_turn,
    order_of,
    order_of_update,
    outranked,
    rank_again,
)
from switchover.domain.update.records import Evidence
from switchover.domain.update.request import Request
from switchover.domain.windows.window import StartTime

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update

AT_ONCE = StartTime(NOW, "", None)
UPLOAD = Request(release="s3://models/releases/chat/v2/release.json", offered_at=NOW)


def me(**changes: object) -> Update:
    return update(**{"offered_at": NOW, **changes})


def waiting(name: str, seconds: int, not_before_seconds: int = 0) -> Waiting:
    return Waiting(
        endpoint=ENDPOINT,
        update_id=name,
        version=name,
        offered_at=NOW + timedelta(seconds=seconds),
        not_before=later(not_before_seconds),
        why="",
        queued_by="arn",
    )


def holder(name: str = "other", claimed_seconds_ago: int = 3600) -> Claim:
    return Claim(
        ENDPOINT, name, f"{EXECUTION}-{name}", NOW - timedelta(seconds=claimed_seconds_ago)
    )


def decide(
    *,
    standing: Standing = Standing(),  # noqa: B008 - frozen
    is_running: bool = True,
    others: tuple[Waiting, ...] = (),
    when_busy: WhenBusy = WhenBusy.SUPERSEDE,
    start: StartTime | tuple[Reason, ...] = AT_ONCE,
    refusals: tuple[Reason, ...] = (),
    asked: Update | None = None,
) -> Decision:
    look = Look(NOW, standing, is_running, others, when_busy, start, refusals)
    return decide_turn(asked or me(), look)


def test_a_free_endpoint_is_claimed() -> None:
    assert decide().turn is Turn.CLAIM


@pytest.mark.parametrize(
    ("when_busy", "turn"),
    [
        (WhenBusy.SUPERSEDE, Turn.WAIT),
        (WhenBusy.QUEUE, Turn.WAIT),
        (WhenBusy.REJECT, Turn.REJECTED),
    ],
)
def test_a_held_endpoint_is_waited_for_or_not(when_busy: WhenBusy, turn: Turn) -> None:
    decision = decide(standing=Standing(holder()), when_busy=when_busy)
    assert (decision.turn, decision.reasons[0].code) == (turn, "claim.held")


def test_ones_own_claim_is_no_obstacle() -> None:
    own = Claim(ENDPOINT, me().update_id, EXECUTION, NOW)
    assert decide(standing=Standing(own)).turn is Turn.CLAIM


def test_a_gone_holder_is_cleaned_up_before_anyone_goes_on() -> None:
    decision = decide(standing=Standing(holder()), is_running=False, when_busy=WhenBusy.REJECT)
    assert (decision.turn, decision.verdict) == (Turn.RECOVER, "queued")


def test_a_gone_execution_of_the_same_update_just_hands_over() -> None:
    decision = decide(standing=Standing(holder(me().update_id)), is_running=False)
    assert decision.turn is Turn.CLAIM


def test_a_holder_that_claimed_a_moment_ago_is_not_taken_for_dead() -> None:
    """DescribeExecution is eventually consistent."""
    decision = decide(standing=Standing(holder(claimed_seconds_ago=5)), is_running=False)
    assert decision.turn is Turn.WAIT


@pytest.mark.parametrize("when_busy", WhenBusy)
def test_nothing_goes_over_what_came_after_it(when_busy: WhenBusy) -> None:
    newest = order_of(later(1), "newer")
    decision = decide(standing=Standing(None, newest), when_busy=when_busy)
    assert decision.turn is Turn.SUPERSEDED
    assert "newer was offered after" in decision.reasons[0].message


def test_the_newest_itself_may_come_again() -> None:
    assert decide(standing=Standing(None, order_of_update(me()))).turn is Turn.CLAIM


@pytest.mark.parametrize(
    ("when_busy", "turn"),
    [
        (WhenBusy.SUPERSEDE, Turn.SUPERSEDED),
        (WhenBusy.QUEUE, Turn.CLAIM),
        (WhenBusy.REJECT, Turn.SUPERSEDED),
    ],
)
def test_a_newer_one_that_waits_takes_the_place(when_busy: WhenBusy, turn: Turn) -> None:
    assert decide(others=(waiting("newer", 1),), when_busy=when_busy).turn is turn


def test_in_a_queue_whoever_was_offered_earlier_goes_first() -> None:
    decision = decide(others=(waiting("older", -1),), when_busy=WhenBusy.QUEUE)
    assert (decision.turn, decision.reasons[0].code) == (Turn.WAIT, "queue.behind")


def test_in_a_queue_whoever_waits_for_a_later_time_holds_nobody_up() -> None:
    others = (waiting("older", -1, not_before_seconds=60),)
    assert decide(others=others, when_busy=WhenBusy.QUEUE).turn is Turn.CLAIM


def test_an_older_one_that_waits_makes_way() -> None:
    assert decide(others=(waiting("older", -1),)).turn is Turn.CLAIM


def test_a_later_start_is_waited_for() -> None:
    decision = decide(start=StartTime(later(60), "Its window is open then.", None))
    assert (decision.turn, decision.not_before) == (Turn.WAIT, later(60))
    assert "Its window is open then." in decision.reasons[0].message


def test_a_start_that_can_not_be_is_a_refusal() -> None:
    faults = (reason("start.no-window"), reason("freeze.calendar-missing"))
    assert decide(start=faults) == Decision(Turn.REJECTED, faults)


def test_refusals_come_all_at_once() -> None:
    decision = decide(refusals=(reason("a"), reason("b")), start=(reason("c"), reason("d")))
    assert [found.code for found in decision.reasons] == ["a", "b", "c", "d"]


def test_who_makes_way_is_not_asked_when_it_could_start() -> None:
    decision = decide(others=(waiting("newer", 1),), start=(reason("start.no-window"),))
    assert decision.turn is Turn.SUPERSEDED


def test_a_rollback_never_waits_behind_a_release() -> None:
    back = me(kind=Kind.ROLLBACK)
    assert decide(standing=Standing(holder()), asked=back).turn is Turn.REJECTED
    assert decide(others=(waiting("o", -1),), when_busy=WhenBusy.QUEUE, asked=back).turn is (
        Turn.CLAIM
    )


def test_an_order_sorts_by_time_whatever_the_zone() -> None:
    berlin = NOW.astimezone(tz=None)
    assert order_of(berlin, "a") == order_of(NOW, "a") < order_of(later(1), "a")


MARK = Mark(endpoint=ENDPOINT, version="v2", reason="alarm red", at=NOW)
PIN = Pin(endpoint=ENDPOINT, version="v1", reason="audit", at=NOW)


def test_a_marked_version_is_refused_to_an_upload_and_not_to_a_person() -> None:
    assert [r.code for r in check_marks(me(request=UPLOAD), MARK, None)] == ["release.marked-bad"]
    assert list(check_marks(me(), MARK, None)) == []


def test_a_pin_refuses_every_other_version() -> None:
    assert [r.code for r in check_marks(me(), None, PIN)] == ["endpoint.pinned"]
    assert list(check_marks(me(version="v1"), None, PIN)) == []


def test_neither_holds_a_rollback() -> None:
    assert list(check_marks(me(kind=Kind.ROLLBACK), MARK, PIN)) == []


def rolled_back(code: str = "alarm.went-red", failure: str = "", **changes: object) -> Update:
    return me(
        outcome=Outcome.ROLLED_BACK,
        reasons=(reason(code),),
        evidence=Evidence(failure_reason=failure),
        **changes,
    )


def test_a_release_that_was_rolled_back_is_marked() -> None:
    mark = mark_after(rolled_back())
    assert mark is not None
    assert (mark.version, mark.update_id) == ("v2", me().update_id)


def test_a_red_alarm_marks_a_release_that_was_called_off_as_well() -> None:
    called_off = rolled_back("update.aborted")
    both = called_off.with_reasons(*called_off.reasons, reason("alarm.went-red"))
    assert mark_after(both) is not None


@pytest.mark.parametrize(
    "ended",
    [
        rolled_back("execution.stopped"),
        rolled_back("switchover.crashed"),
        rolled_back("update.aborted"),
        rolled_back("bake.inconclusive"),
        rolled_back("golden.missing"),
        rolled_back("golden.unasked"),
        rolled_back("approval.expired"),
        rolled_back(failure="… due to InsufficientInstanceCapacity error."),
        rolled_back(kind=Kind.ROLLBACK),
        me(outcome=Outcome.UPDATED),
    ],
)
def test_what_is_not_the_releases_fault_leaves_no_mark(ended: Update) -> None:
    assert mark_after(ended) is None


def test_those_who_will_never_get_their_turn_are_known_from_the_queue() -> None:
    one, two, three = waiting("1", 1), waiting("2", 2), waiting("3", 3)
    assert outranked((one, two, three), "", NOW) == (one, two)
    assert outranked((), "", NOW) == ()


QUEUED = Ending(verdict="queued", reasons=(reason("claim.held"),))


@pytest.mark.parametrize(
    ("others", "newest", "newer"),
    [((waiting("later", 1),), "", "later"), ((), order_of(later(1), "served"), "served")],
)
def test_whoever_was_passed_over_while_it_queued_up_ends_by_itself(
    others: tuple[Waiting, ...], newest: str, newer: str
) -> None:
    waiting_ones = (waiting(me().update_id, 0), *others)
    ending = rank_again(me(), QUEUED, waiting_ones, Standing(holder(), newest), NOW)
    assert (ending.verdict, ending.reasons[0].code) == ("superseded", "queue.superseded")
    assert ending.reasons[0].message.startswith(f"{newer} was offered")


def test_the_newest_that_waits_stays_queued() -> None:
    waiting_ones = (waiting("older", -1), waiting(me().update_id, 0))
    assert rank_again(me(), QUEUED, waiting_ones, Standing(holder()), NOW) == QUEUED


def test_in_a_queue_only_the_newest_holder_outranks() -> None:
    one, two = (
        waiting(name, seconds).model_copy(update={"when_busy": WhenBusy.QUEUE})
        for name, seconds in (("1", 1), ("2", 2))
    )
    assert outranked((one, two), "", NOW) == ()
    assert outranked((one, two), two.order, NOW) == (one,)


@pytest.mark.parametrize("when_busy", [WhenBusy.SUPERSEDE, WhenBusy.REJECT])
def test_whoever_is_outranked_decides_to_make_way(when_busy: WhenBusy) -> None:
    """Else it would be started, wait, be outranked and started again, for ever."""
    own = waiting(me().update_id, 0).model_copy(update={"when_busy": when_busy})
    others = (own, waiting("newer", 1))
    assert own in outranked(others, "", NOW)
    assert decide(others=others, when_busy=when_busy).turn is Turn.SUPERSEDED


def test_a_newer_one_that_is_planned_for_later_takes_no_place() -> None:
    planned = waiting("planned", 1, not_before_seconds=3600)
    own = waiting(me().update_id, 0)
    ones = (own, planned)

    assert decide(others=ones).turn is Turn.CLAIM
    assert outranked(ones, "", NOW) == ()
    assert rank_again(me(), QUEUED, ones, Standing(holder()), NOW) == QUEUED


def test_a_newer_one_takes_the_place_of_one_that_would_begin_no_sooner() -> None:
    tonight = waiting("tonight", 1, not_before_seconds=3600)
    own = waiting(me().update_id, 0, not_before_seconds=3600)
    start = StartTime(later(3600), "", None)

    assert decide(others=(own, tonight), start=start).turn is Turn.SUPERSEDED
    assert outranked((own, tonight), "", NOW) == (own,)


def test_once_it_is_due_the_newer_one_takes_the_place() -> None:
    own, newer = waiting(me().update_id, 0), waiting("newer", 1, not_before_seconds=60)
    assert outranked((own, newer), "", later(60)) == (own,)


def test_whose_start_is_unknown_makes_way_only_for_one_that_is_due() -> None:
    planned = waiting("planned", 1, not_before_seconds=3600)
    faults = (reason("start.no-window"),)
    assert decide(others=(planned,), start=faults) == Decision(Turn.REJECTED, faults)


def test_of_several_newer_ones_the_newest_that_is_due_is_named() -> None:
    ones = (waiting("due", 1), waiting("planned", 2, not_before_seconds=3600))
    assert decide(others=ones).reasons[0].message.startswith("due was offered")
