"""Only a plain yes is one; a link opens with its secret, in time, and once."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.samples import NOW, later, reason, update

from switchover.domain.approvals.approval import (
    Approval,
    ApprovalLink,
    Channel,
    Gate,
    LinkState,
    Reply,
    check_link,
    make_link,
    read_reply,
    refusals_of,
    refuse,
    verdict_of,
)

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.update import Update


def link(gate: Gate = Gate.START) -> ApprovalLink:
    return make_link(gate, "the-secret", later(60))


def given(verdict: Reply, gate: Gate = Gate.START, **changes: Any) -> Approval:
    said = {"verdict": verdict, **changes}
    return read_reply(said, gate, NOW)


def asked(gate: Gate = Gate.START, **changes: Any) -> Update:
    waiting = {
        "awaited": gate.value,
        "task_token": "token-1",
        "approval_link": link(gate),
        **changes,
    }
    return update(**waiting)


@pytest.mark.parametrize(
    ("gate", "verdict", "goes_on"),
    [
        (Gate.START, Reply.APPROVED, "approved"),
        (Gate.PROMOTION, Reply.APPROVED, "promoted"),
        (Gate.START, Reply.DECLINED, "not_approved"),
        (Gate.PROMOTION, Reply.DECLINED, "not_approved"),
        (Gate.START, Reply.EXPIRED, "not_approved"),
        (Gate.PROMOTION, Reply.FAILED, "not_approved"),
    ],
)
def test_only_a_yes_goes_on(gate: Gate, verdict: Reply, goes_on: str) -> None:
    assert verdict_of(given(verdict, gate)) == goes_on


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
    reply = read_reply({"verdict": "approved", **more}, Gate.START, NOW)

    assert reply.verdict is Reply.DECLINED
    assert reply.reason == f"this answer is not read: it {said}"


@pytest.mark.parametrize(
    "raw", [None, "approved", {}, {"verdict": "APPROVED"}, [1], {"verdict": 1}]
)
def test_what_is_not_understood_is_a_no_that_says_so(raw: object) -> None:
    reply = read_reply(raw, Gate.START, NOW)
    assert reply.verdict is Reply.DECLINED
    assert reply.reason == f"this answer is not understood: {raw!r}"


def test_long_words_are_cut_so_that_the_ledger_holds_them() -> None:
    assert len(given(Reply.APPROVED, reason="x" * 100_000).reason) == 500


def test_each_way_of_not_agreeing_is_a_reason_of_its_own() -> None:
    refused = [refusals_of(given(verdict)) for verdict in Reply if verdict is not Reply.APPROVED]
    assert [reason.code for (reason,) in refused] == [
        "approval.declined",
        "approval.expired",
        "approval.refused",
    ]
    assert refusals_of(given(Reply.APPROVED)) == ()


def test_a_no_that_nobody_was_asked_for_ends_it_with_its_own_reasons() -> None:
    why = (reason(), reason())
    said = refuse(why, "", Channel.LOOK).model_dump(mode="json")
    approval = read_reply(said, Gate.PROMOTION, NOW)
    assert verdict_of(approval) == "not_approved"
    assert refusals_of(approval) == why
    assert approval.told.startswith("Rejected by a look at the endpoint: file: field")


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        (
            {"channel": "cli", "by": "arn:aws:sts::111122223333:assumed-role/Ops/kim"},
            "assumed-role/Ops/kim",
        ),
        ({"channel": "link", "by": "Kim"}, "Kim (so they say), by link"),
        ({"channel": "link"}, "somebody with the link"),
        ({}, "somebody who answered the task token"),
    ],
)
def test_who_answered_is_told_as_far_as_it_is_known(changes: dict[str, str], who: str) -> None:
    approval = read_reply({"verdict": "approved", "reason": "fine", **changes}, Gate.START, NOW)
    assert approval.told == f"Approved by {who}: fine"


@pytest.mark.parametrize(
    ("waiting", "secret", "at", "state"),
    [
        (asked(), "the-secret", later(59), LinkState.OPEN),
        (asked(), "the-secret", later(60), LinkState.EXPIRED),
        (asked(), "another", later(1), LinkState.WRONG),
        (asked(), "", later(1), LinkState.WRONG),
        (asked(task_token=None), "the-secret", later(1), LinkState.ANSWERED),
        (asked(Gate.PROMOTION, approval_link=link()), "the-secret", later(1), LinkState.ANSWERED),
        (asked(approvals=(given(Reply.DECLINED),)), "the-secret", later(1), LinkState.ANSWERED),
        (asked(approvals=(given(Reply.EXPIRED),)), "the-secret", later(99), LinkState.EXPIRED),
        (asked(task_token=None), "another", later(61), LinkState.WRONG),
        (asked(approval_link=None), "", later(1), LinkState.WRONG),
        (asked(approval_link=None), "the-secret", later(1), LinkState.WRONG),
        (None, "the-secret", later(1), LinkState.WRONG),
    ],
)
def test_a_link_opens_only_what_it_was_made_for(
    waiting: Update | None, secret: str, at: datetime, state: LinkState
) -> None:
    assert check_link(waiting, secret, at) is state


def test_the_secret_itself_is_not_kept() -> None:
    assert "the-secret" not in link().model_dump_json()


def test_a_gate_is_open_while_its_token_waits_unanswered() -> None:
    assert asked().open_gate is Gate.START
    assert asked(task_token=None).open_gate is None
    assert asked(approvals=(given(Reply.APPROVED),)).open_gate is None
    assert asked(Gate.PROMOTION, approvals=(given(Reply.APPROVED),)).open_gate is Gate.PROMOTION


def test_what_waits_for_sagemaker_waits_for_nobody() -> None:
    assert update(awaited="outcome", task_token="token-1").open_gate is None  # noqa: S106
