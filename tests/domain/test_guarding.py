"""What a bake's guard counts, which fleet it blames, and when it is called (rules §2.5, §2.7, §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.samples import NEW, NOW, course, endpoint, later, plan, update, variant

from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus, Stage
from switchover.domain.golden.answers import Answer
from switchover.domain.golden.questions import GoldenQuestion
from switchover.domain.golden.requests import GoldenRequest
from switchover.domain.golden.results import GoldenVerdict
from switchover.domain.guarding import (
    Probes,
    Tally,
    bake_of,
    call_guard,
    doubt_traffic,
    first_look_in,
    next_look_in,
    share_of_new_fleet,
    weigh,
)
from switchover.domain.update.records import GuardCall

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.update import Update

PLAN = plan(4, strategy="canary")
GONE = Absent(name="chat", read_at=NOW)
DOUBTS = doubt_traffic(PLAN, 0)
PASSED, FAILED, INCONCLUSIVE = GoldenVerdict


def baking(since: float = 0, now: float = 10, said: str = "Baking for 600 seconds") -> Any:
    stage = Stage(status="Baking", message=said, since=later(since))
    return endpoint(
        status=EndpointStatus.UPDATING,
        pending_config_name=NEW,
        pending_variants=(variant(1, stages=(stage,)),),
        read_at=later(now),
    )


def under_way(**changes: Any) -> Update:
    return update(**{"plan": PLAN, "course": course(), **changes})


def called(**changes: Any) -> GuardCall:
    return GuardCall(**{"bake_since": NOW, "called_at": NOW, **changes})


# Which bake


def test_sagemakers_words_say_how_long_a_bake_lasts() -> None:
    bake = bake_of(baking(said="Baking for 900 seconds (…)"), PLAN)
    assert bake is not None
    assert (bake.since, bake.until) == (NOW, later(900))


def test_where_they_do_not_the_plan_does() -> None:
    bake = bake_of(baking(said="Baking."), PLAN)
    assert bake is not None
    assert bake.until == later(PLAN.deployment.pace.bake_seconds)


@pytest.mark.parametrize("seen", [GONE, endpoint()])
def test_without_a_bake_there_is_none(seen: EndpointReading | Absent) -> None:
    assert bake_of(seen, PLAN) is None


@pytest.mark.parametrize(("now", "is_due"), [(509, False), (510, True)])
def test_it_is_decided_while_sagemaker_can_still_see_an_alarm(now: int, is_due: bool) -> None:  # noqa: FBT001
    bake = bake_of(baking(), PLAN)
    assert bake is not None
    assert bake.must_be_decided(later(now)) is is_due


# When a guard is called


def test_a_bake_gets_a_guard() -> None:
    assert call_guard(under_way(), baking()) == GuardCall(bake_since=NOW, called_at=later(10))


@pytest.mark.parametrize(
    ("known", "is_called_again"),
    [
        (called(), False),
        (called(bake_since=later(-900)), True),
        (called(bake_since=later(-900), has_seen_enough=True), False),
    ],
    ids=["same-bake", "another-bake", "enough-seen"],
)
def test_it_is_called_once_for_each_bake_until_enough_was_seen(
    known: GuardCall,
    is_called_again: bool,  # noqa: FBT001
) -> None:
    found = call_guard(under_way(guard=known), baking(now=300))
    assert (found is not None) == is_called_again


# When it looks


@pytest.mark.parametrize(
    ("probes", "lasts", "seconds"),
    [
        # One of five instances is new, and ten requests are the least: 50 golden ones take 100 s.
        (30, 600, 140),
        (30, 460, 140),
        (30, 459, 0),
        (12, 600, 0),
        (0, 600, 500),
        (0, 60, 0),
    ],
    ids=["metrics", "just-in-time", "too-short", "too-slow", "decision", "decision-is-due"],
)
def test_the_first_look_comes_when_there_is_something_to_do(
    probes: int, lasts: int, seconds: int
) -> None:
    asking = plan(4, strategy="canary", guard={"probes_per_minute": probes}, tests={"golden": "g"})
    assert first_look_in(asking, baking(said=f"Baking for {lasts} seconds")) == seconds


def test_without_golden_requests_the_guard_only_decides() -> None:
    assert first_look_in(PLAN, baking()) == 500


@pytest.mark.parametrize(
    ("now", "rests_until", "seconds"),
    [(10, None, 500), (10, later(70), 60), (480, later(540), 30), (80, later(70), 0)],
    ids=["decision", "rest", "decision-first", "rested"],
)
def test_the_next_look_comes_after_the_rest_or_to_decide(
    now: int, rests_until: datetime | None, seconds: int
) -> None:
    bake = bake_of(baking(), PLAN)
    assert bake is not None
    assert next_look_in(bake, later(now), rests_until) == seconds


def test_nobody_guards_where_no_request_is_asked_for() -> None:
    quiet = plan(4, strategy="canary", guard={"min_requests": 0})
    assert call_guard(under_way(plan=quiet), baking()) is None


def test_nobody_guards_what_never_bakes() -> None:
    redeploy = plan(4, strategy="redeploy", allow_downtime=True)
    assert redeploy.guard.min_requests == 0


# What too few requests mean


def test_enough_requests_leave_no_doubt() -> None:
    assert doubt_traffic(PLAN, 10) == ()


def test_one_too_few_is_said() -> None:
    (reason,) = doubt_traffic(PLAN, 9)
    assert reason.code == "bake.inconclusive"
    assert "answered 9 requests" in reason.message


@pytest.mark.parametrize(
    ("verdict", "policy", "means"),
    [
        (PASSED, "hold", INCONCLUSIVE),
        (PASSED, "roll-back", FAILED),
        (INCONCLUSIVE, "roll-back", FAILED),
        (FAILED, "hold", FAILED),
    ],
)
def test_doubt_is_never_success(verdict: GoldenVerdict, policy: str, means: GoldenVerdict) -> None:
    made = plan(4, strategy="canary", guard={"inconclusive": policy})
    assert weigh(verdict, DOUBTS, made) is means


def test_without_doubt_the_answers_decide() -> None:
    assert weigh(PASSED, (), PLAN) is PASSED


# Whose wrong answers they are


@pytest.mark.parametrize(
    ("new_share", "right", "wrong", "is_blamed"),
    [
        (1.0, 0, 1, False),
        (1.0, 5, 2, True),
        (0.2, 5, 1, False),
        (0.2, 5, 2, False),
        (0.2, 6, 2, True),
        (0.2, 2, 8, False),
        (0.5, 50, 50, False),
        (0.5, 90, 10, False),
        (0.8, 2, 6, True),
        (0.0, 9, 9, False),
    ],
)
def test_wrong_answers_are_blamed_on_the_new_fleet_where_they_must_be_its_own(
    new_share: float,
    right: int,
    wrong: int,
    is_blamed: bool,  # noqa: FBT001
) -> None:
    assert Tally(right, wrong).blames_new_fleet(new_share) is is_blamed


def test_the_new_fleets_share_is_that_of_its_instances() -> None:
    assert share_of_new_fleet(baking(), PLAN) == pytest.approx(1 / 5)


def test_all_at_once_it_has_all_traffic() -> None:
    assert share_of_new_fleet(baking(), plan(4, strategy="all-at-once")) == 1


def question(name: str, **expect: Any) -> GoldenQuestion:
    request = GoldenRequest.model_validate({"name": name, "body": {}, "expect": expect})
    return GoldenQuestion(request, b"{}")


def said(text: str, latency_us: int = 1000, status: int = 200) -> Answer:
    return Answer(status=status, body=text.encode(), latency_us=latency_us)


def test_golden_requests_take_turns() -> None:
    first, second = question("first"), question("second")
    probes = Probes((first, second))

    probes.note(probes.next_question, said("x"))

    assert probes.next_question is second


def test_a_wrong_answer_is_told_as_it_was() -> None:
    sign = question("sign", matches="STOP")
    probes = Probes((sign,), new_share=1)

    probes.note(sign, said("GO"))
    probes.note(sign, said("GO"))

    (reason,) = probes.blamed
    assert reason.code == "golden.failed"
    assert "GO" in reason.message


def test_what_is_guessed_is_told_with_what_was_counted() -> None:
    """Nobody saw which fleet answered."""
    sign = question("sign", matches="STOP")
    probes = Probes((sign,), new_share=0.2)
    for text in ("STOP", "STOP", "GO", "STOP", "STOP", "GO", "STOP", "STOP"):
        probes.note(sign, said(text))

    (reason,) = probes.blamed

    assert "in the bake 2 of 8 answers were wrong" in reason.message
    assert "20% of the requests went to the new fleet" in reason.message


@pytest.mark.parametrize(
    "answer",
    [
        said("STOP", latency_us=9_000_000),
        said("", status=0),
        said("GO").model_copy(update={"cut_short": "had not ended after 30.0 s"}),
        said("O" * 100_001),
    ],
    ids=["slow", "none", "cut", "too-long-to-look-at"],
)
def test_what_says_nothing_blames_no_fleet(answer: Answer) -> None:
    sign = question("sign", matches="STOP", latency_seconds=1)
    probes = Probes((sign,), new_share=1)

    probes.note(sign, answer)
    probes.note(sign, answer)

    assert probes.blamed == ()
    assert probes.watch.sent == 2


def test_the_first_ten_guards_go_to_sagemaker_the_abort_alarm_first() -> None:
    names = [f"own-{number}" for number in range(8)]
    made: Plan = plan(4, strategy="canary", alarms={"also": names})

    assert made.alarms.listed[0] == made.alarms.abort
    assert len(made.alarms.listed) == 10
    assert made.alarms.watched == ("own-6", "own-7")
    assert set(names) <= set(made.alarms.observed)
