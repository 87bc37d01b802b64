"""Only a clear yes counts; a link works with its secret, within its time, and once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.support.samples import NOW, later, reason, update

from switchover.domain.approvals.approval import (
    LinkState,
    check_link,
    make_link,
    refusals_of,
    verdict_of,
)
from switchover.domain.update.approval import Approval, ApprovalLink, Channel, Gate, Reply

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.update.update import Update


def link(gate: Gate = Gate.START) -> ApprovalLink:
    return make_link(gate, "the-secret", later(60))


def given(verdict: Reply, gate: Gate = Gate.START, **changes: Any) -> Approval:
    said = {"by": "", "reason": "", "channel": Channel.CONSOLE, "at": NOW, **changes}
    return Approval(gate=gate, verdict=verdict, **said)


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


def test_each_way_of_not_agreeing_is_a_reason_of_its_own() -> None:
    refused = [refusals_of(given(verdict)) for verdict in Reply if verdict is not Reply.APPROVED]
    assert [reason.code for (reason,) in refused] == [
        "approval.declined",
        "approval.declined",
        "approval.expired",
        "approval.refused",
    ]
    assert refusals_of(given(Reply.APPROVED)) == ()


@pytest.mark.parametrize("verdict", [Reply.DECLINED, Reply.VOID])
def test_a_no_with_reasons_of_its_own_ends_it_with_them(verdict: Reply) -> None:
    why = (reason(), reason())

    assert refusals_of(given(verdict, reasons=why)) == why


@pytest.mark.parametrize(
    ("channel", "by", "who"),
    [
        (
            "iam",
            "arn:aws:sts::111122223333:assumed-role/Ops/kim",
            "assumed-role/Ops/kim (AWS identity, account 111122223333)",
        ),
        ("link", "Kim", "“Kim” (as claimed by the holder of the link)"),
        ("console", "", "somebody who answered the task token"),
        ("console", "Kim", "somebody who answered the task token, and claims to be “Kim”"),
        ("look", "", "an observation of the endpoint"),
        ("abort", "arn:kim", "“arn:kim” (who aborted the update)"),
        # As earlier versions wrote it.
        ("cli", "arn:aws:iam::1:root", "“arn:aws:iam::1:root” (as claimed at a command line)"),
    ],
)
def test_who_answered_is_told_with_how_that_is_known(channel: str, by: str, who: str) -> None:
    assert given(Reply.APPROVED, channel=Channel(channel), by=by).told == f"Approved by {who}."


@pytest.mark.parametrize("channel", [each for each in Channel if each is not Channel.IAM])
def test_only_what_aws_authenticated_is_told_as_an_aws_identity(channel: Channel) -> None:
    claimed = "arn:aws:iam::111122223333:user/kim (AWS identity, account 111122223333)"

    who = given(Reply.APPROVED, channel=channel, by=claimed).who

    assert "AWS identity" not in who.replace(f"“{claimed}”", "")


def test_words_of_people_are_quoted() -> None:
    assert given(Reply.APPROVED, reason="fine\nApproved by root").told.endswith(
        r": “fine\nApproved by root”."
    )


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
