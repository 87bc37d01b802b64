"""What people read on a phone, and what machines match."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.samples import later, overridden, plan, reason, release, update

from switchover.domain.errors import UpdateUnknown
from switchover.domain.fleet import AlarmReading, AlarmState
from switchover.domain.outcome import Outcome
from switchover.domain.update.approval import Gate
from switchover.domain.update.records import Evidence
from switchover.explain.account import tell_outcome
from switchover.explain.announcement import Announcement, announce_outcome, ask_people

if TYPE_CHECKING:
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update


def ended(outcome: Outcome = Outcome.ROLLED_BACK, **changes: Any) -> Update:
    return update(
        **{
            "outcome": outcome,
            "summary": "chat is back on chat-v1, not on v2.",
            "ended_at": later(600),
            "serving_config": "chat-v1",
            **changes,
        }
    )


def asked(
    gate: Gate = Gate.START,
    *,
    reasons: tuple[Reason, ...] = (),
    links_url: str = "",
    secret: str = "",
    **changes: Any,
) -> Announcement:
    known = update(**{"plan": plan(), **changes})
    return ask_people(known, gate, reasons, later(3600), links_url, secret)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_outcome_is_told_with_what_to_do_next(outcome: Outcome) -> None:
    told = announce_outcome(ended(outcome))
    assert told.subject == f"{outcome.value}: chat v2"
    assert told.detail_type == f"Update {outcome.value}"
    assert told.attributes["outcome"] == outcome.value
    assert told.text.splitlines()[-1].startswith("More: switchover explain")


def test_the_text_is_the_account_for_people() -> None:
    told = ended(reasons=(reason(),) * 7)

    assert announce_outcome(told).text.splitlines() == list(tell_outcome(told))


def test_the_event_carries_all_the_evidence_and_the_next_steps() -> None:
    red = AlarmReading(name="errors", state=AlarmState.ALARM, reason="Threshold crossed")
    evidence = Evidence(failure_reason="Alarm errors", alarms=(red,))

    detail = json.loads(json.dumps(announce_outcome(ended(evidence=evidence)).detail))

    assert detail["evidence"]["failure_reason"] == "Alarm errors"
    assert detail["evidence"]["alarms"][0]["reason"] == "Threshold crossed"
    assert "switchover start" in detail["next_steps"][-1]["command"]


def test_a_subject_is_short_ascii() -> None:
    """SNS: ASCII, less than 100 characters."""
    told = announce_outcome(ended(Outcome.NEEDS_OPERATOR, endpoint="e" * 63, version="é" * 63))
    assert told.subject.isascii()
    assert len(told.subject) < 100


def test_a_request_for_approval_has_a_short_subject_too() -> None:
    assert len(asked(endpoint="e" * 63, version="v" * 63).subject) < 100


def test_an_update_without_a_version_has_no_trailing_blank() -> None:
    assert announce_outcome(ended(Outcome.REJECTED, version="")).subject == "Rejected: chat"


def test_the_detail_is_json_for_machines() -> None:
    detail = json.loads(json.dumps(announce_outcome(ended(reasons=(reason("x.y"),))).detail))
    assert detail["outcome"] == "RolledBack"
    assert detail["reasons"][0]["code"] == "x.y"
    assert detail["ended_at"] == "2026-01-05T12:10:00+00:00"


def test_an_update_that_goes_on_has_nothing_to_announce() -> None:
    with pytest.raises(ValueError, match="has no outcome yet"):
        announce_outcome(update())


def test_approval_is_asked_for_with_the_plan_and_the_ways_to_answer() -> None:
    told = asked(task_token="token-1")  # noqa: S106
    assert told.subject == "Approve? chat v2"
    assert "by rolling" in told.text
    assert "switchover approve chat" in told.text
    assert "Offered by: not known: no offerer is recorded." in told.text
    assert told.text.endswith(
        "Until 2026-01-05 13:00 UTC. Without an answer, the update is rejected."
    )
    assert told.attributes["outcome"] == "ApprovalRequested"


def test_promotion_is_asked_for_with_what_a_no_means_and_why_it_is_asked() -> None:
    told = asked(Gate.PROMOTION, reasons=(reason("too-few"),))
    assert told.subject == "Promote? chat v2"
    assert "A no rolls it back to v1." in told.text
    assert "\n- file: field: is wrong.\n→ Mend it.\n" in told.text
    assert told.attributes["outcome"] == "PromotionRequested"


def test_the_task_token_is_told_to_nobody() -> None:
    """Whoever has it may answer, and nobody would know who did."""
    assert "token-1" not in asked(task_token="token-1").model_dump_json()  # noqa: S106


def test_approvers_read_who_offered_it_and_how_that_is_known() -> None:
    told = asked(offered_by=("arn:aws:iam::111122223333:user/kim",)).text

    assert "Offered by: user/kim (AWS identity, account 111122223333)." in told


def test_under_four_eyes_approvers_read_that_one_way_counts() -> None:
    strict = plan(approval={"required": True, "four_eyes": True})

    assert "Only `switchover approve` counts" in asked(plan=strict).text
    assert "Only `switchover approve` counts" not in asked().text


@pytest.mark.parametrize(
    "reason",
    [
        "fix\nYes, by a page with a button: https://evil.example/?verdict=approved",
        "fix\r\n\r\nhttps://evil.example",
        "fix\u2028https://evil.example",
        "fix\x85HTTPS://evil.example",
        "fix\x0bwww.evil.example",
        "fix evil.example/approve",
        "fix”; left out: none. https://evil.example “",
        "fix\u202ehttps://evil.example",
        "fix\x1b]8;;https://evil.example\x07approve\x1b]8;;\x07",
        "x" * 390 + " https://evil.example",
        "mailto:kim@evil.example?subject=approved",
    ],
)
def test_a_hotfixs_reason_can_neither_begin_a_line_nor_make_a_link(reason: str) -> None:
    with_links = {"links_url": "https://links.example/", "secret": "s"}
    hotfix = release(hotfix=True, reason=reason)

    told = asked(release=hotfix, **with_links).text

    lines = told.split("\n")
    assert [line for line in lines if line.startswith("Hotfix")] == [lines[1]]
    assert len(lines) == len(asked(**with_links).text.split("\n")) + 1
    assert re.findall(r"(?i)(?:https?://|www\.|mailto:|evil\.)\S*", told) == re.findall(
        r"https://links\.example/\S*", told
    )


def test_links_are_given_only_with_a_secret() -> None:
    assert "https://" not in asked().text
    told = asked(links_url="https://links.example/", secret="s&s")  # noqa: S106
    link = "https://links.example/?update=chat-v2-0a1b2c3d&secret=s%26s&verdict="
    assert f"{link}approved" in told.text
    assert f"{link}declined" in told.text


def test_approval_needs_a_plan() -> None:
    with pytest.raises(UpdateUnknown, match="has no plan"):
        asked(plan=None)


def test_accepted_overrides_are_told_to_who_approves_and_with_the_outcome() -> None:
    told = "Overrides the policy: approval.required: false instead of true (input policy)."

    announced = announce_outcome(ended(plan=overridden()))

    assert told in asked(plan=overridden()).text
    assert told in announced.text
    assert [each["key"] for each in announced.detail["overrides"]] == ["approval.required"]
    assert json.dumps(announced.detail)
