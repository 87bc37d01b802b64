"""Only a function's record tells the author of an answer; the answer's own text doesn't count."""

from __future__ import annotations

from functools import reduce
from typing import Any

import pytest
from tests.support.samples import NOW, amend_plan, later, plan, reason, update

from switchover.domain.aborting import call_off
from switchover.domain.approvals.approval import refusals_of, verdict_of
from switchover.domain.approvals.decision import Decision, Replied, decide, read_reply
from switchover.domain.update.approval import Channel, Gate, Reply

ANA = "arn:aws:sts::000000000000:assumed-role/Ops/ana"
KIM = "arn:aws:iam::000000000000:user/kim"


def waiting(**changes: Any) -> Any:
    return update(
        **{"awaited": "approval", "task_token": "token-1", "plan": plan(), "offered_by": (ANA,)}
        | changes
    )


def four_eyes(**changes: Any) -> Any:
    return waiting(plan=plan(approval={"required": True, "four_eyes": True}), **changes)


def decided(by: str = KIM, channel: Channel = Channel.IAM, **changes: Any) -> Decision:
    return decide(waiting(), Reply.APPROVED, by, "fine", channel, NOW).model_copy(update=changes)


def read(asked: Any, answer: Any, found: Decision | None = None) -> Any:
    return read_reply(asked, Gate.START, Replied(answer=answer), found, later(60))


@pytest.mark.parametrize(
    "claims",
    [
        {"channel": "iam", "by": KIM},
        {"channel": "cli", "by": KIM},
        {"channel": "link", "by": "Kim"},
        {"channel": "look", "by": ""},
        {"channel": "abort", "by": KIM},
        {"channel": "iam", "by": KIM, "decision": "0" * 64},
        {"identity": KIM, "arn": KIM, "at": "2026-01-01T00:00:00Z"},
        {"reasons": [reason().model_dump()]},
        {"ended": "expired"},
        {"verdict": "approved", "gate": "promotion", "token_sha256": "x"},
    ],
)
def test_an_answer_by_task_token_proves_nothing_of_its_author(claims: dict[str, Any]) -> None:
    given = read(waiting(), {"verdict": "approved", **claims})

    assert given.channel is Channel.CONSOLE
    assert given.reasons == ()
    assert given.who.startswith("somebody who answered the task token")


@pytest.mark.parametrize("channel", [Channel.IAM, Channel.LINK])
def test_a_recorded_decision_is_believed_whatever_else_the_answer_says(channel: Channel) -> None:
    given = read(waiting(), {"verdict": "declined", "by": "root"}, decided("Kim", channel))

    assert (given.verdict, given.by, given.channel) == (Reply.APPROVED, "Kim", channel)


@pytest.mark.parametrize(
    "of_another",
    [{"update_id": "chat-v3"}, {"gate": Gate.PROMOTION}, {"token_sha256": "0" * 64}],
)
def test_a_decision_on_another_question_is_not_believed(of_another: dict[str, Any]) -> None:
    given = read(waiting(), {"verdict": "approved"}, decided(**of_another))

    assert given.channel is Channel.CONSOLE


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "approved",
        {},
        {"verdict": "APPROVED"},
        [1],
        {"verdict": 1},
        {"verdict": "void"},
        {"verdict": "expired"},
        {"verdict": "failed"},
        {"decision": "0" * 64},
        {"answer": {"verdict": "approved"}},
    ],
)
def test_what_is_not_understood_is_a_no_that_says_so(answer: object) -> None:
    given = read(waiting(), answer)

    assert given.verdict is Reply.DECLINED
    assert given.reason == f"this answer isn't known: {answer!r}"
    assert verdict_of(given) == "not_approved"


@pytest.mark.parametrize("ended", [Reply.EXPIRED, Reply.FAILED])
def test_how_a_wait_ended_is_the_state_machines_word(ended: Reply) -> None:
    given = read_reply(waiting(), Gate.START, Replied(ended=ended, error="Lambda: x"), None, NOW)

    assert (given.verdict, given.reason) == (ended, "Lambda: x")


def test_what_a_look_noted_ends_it_with_those_reasons() -> None:
    why = (reason("alarm.went-red"),)

    given = read(waiting(gate_closed_by=why), {"verdict": "declined", "by": "somebody"})

    assert (given.channel, given.by, given.reasons) == (Channel.LOOK, "", why)
    assert refusals_of(given) == why


def test_what_was_called_off_is_told_with_who_did() -> None:
    request = call_off("chat-v2", NOW, KIM, "no")

    given = read(waiting(abort=request), {"verdict": "declined"})

    assert (given.channel, given.by, given.reasons) == (Channel.ABORT, KIM, request.reasons)


def test_long_words_are_cut_so_that_the_ledger_holds_them() -> None:
    given = read(waiting(), {"verdict": "approved", "by": "k" * 10**6, "reason": "x" * 10**6})

    assert (len(given.by), len(given.reason)) == (200, 500)


def test_under_four_eyes_another_persons_yes_counts() -> None:
    given = read(four_eyes(), {"verdict": "approved"}, decided(KIM))

    assert verdict_of(given) == "approved"


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, decided(ANA)),
        ({}, decided("arn:aws:sts::000000000000:assumed-role/Admin/ana")),  # in another role
        ({}, decided("arn:aws:iam::111122223333:user/team/Ana")),  # as a user
        ({}, decided("Kim", Channel.LINK)),
        ({}, None),  # by the task token
        ({"offered_by": ()}, decided(KIM)),
        ({"offered_by": None}, decided(KIM)),
        ({"offered_by": (ANA, KIM)}, decided(KIM)),  # one offered it, another started it
    ],
)
def test_under_four_eyes_a_yes_of_whom_it_does_not_rule_out_is_void(
    changes: dict[str, Any], found: Decision | None
) -> None:
    given = read(four_eyes(**changes), {"verdict": "approved", "by": KIM, "channel": "iam"}, found)

    assert given.verdict is Reply.VOID
    assert verdict_of(given) == "not_approved"
    assert [each.code for each in refusals_of(given)] == ["approval.four-eyes"]
    assert given.told.startswith("The approval by ")


@pytest.mark.parametrize("found", [decided(ANA, verdict=Reply.DECLINED), None])
def test_under_four_eyes_anybody_may_say_no(found: Decision | None) -> None:
    given = read(four_eyes(), {"verdict": "declined"}, found)

    assert given.verdict is Reply.DECLINED


def test_a_yes_that_came_too_late_tells_by_when_the_update_had_to_begin_and_why() -> None:
    planned = amend_plan(plan(), begin_by=later(-3_600))

    given = read(waiting(plan=planned), {"verdict": "approved"})

    assert given.verdict is Reply.VOID
    assert given.reasons[0].code == "approval.too-late"
    assert "had to begin by 2026-01-05 11:00 UTC to end before its window closes" in str(
        given.reasons[0]
    )


def test_a_record_is_told_apart_by_all_that_it_says() -> None:
    one = decided()
    others = [decided(by="x"), decided(reason="x"), decided(at=later(1)), decided(token_sha256="x")]  # noqa: S106

    assert one.key not in {other.key for other in others}
    assert decided().key == one.key
    assert one.answer == {"verdict": "approved", "decision": one.key}


def nested(levels: int) -> object:
    return reduce(lambda around, _: [around], range(levels), [])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"x": nested(900)}, "is nested deeper than 32 levels"),
        ({"x": 10**5000}, "holds a number of more than 40 digits at x"),
        ({"reason": "\ud800"}, "holds half of a surrogate pair, which is no text at reason"),
        ({"x": list(range(2_000))}, "holds more than 1000 values"),
    ],
)
def test_a_yes_with_more_than_is_read_is_a_no(more: dict[str, object], said: str) -> None:
    given = read(waiting(), {"verdict": "approved", **more})

    assert given.verdict is Reply.DECLINED
    assert given.reason == f"this answer can't be read: it {said}"
