"""What people read on a phone, and what machines match."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.unit.samples import later, plan, reason, update

from switchover.domain.announcement import announce_approval, announce_outcome
from switchover.domain.fleet import AlarmReading, AlarmState
from switchover.domain.outcome import Outcome
from switchover.domain.update import Evidence, Update


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


@pytest.mark.parametrize("outcome", list(Outcome))
def test_each_outcome_is_told_with_what_to_do_next(outcome: Outcome) -> None:
    told = announce_outcome(ended(outcome))
    assert told.subject == f"{outcome.value}: chat v2"
    assert told.detail_type == f"Update {outcome.value}"
    assert told.attributes["outcome"] == outcome.value
    assert len(told.text.splitlines()) == 3


def test_the_account_comes_first_and_the_way_to_more_last() -> None:
    lines = announce_outcome(ended()).text.splitlines()
    assert lines[0] == "chat is back on chat-v1, not on v2."
    assert lines[-1] == "switchover history chat  ·  chat-v2-0a1b2c3d"


def test_reasons_are_listed_and_many_are_counted() -> None:
    told = announce_outcome(ended(reasons=(reason(),) * 7))
    assert told.text.count("- file: field: is wrong. Mend it.") == 5
    assert "- and 2 more" in told.text


def test_what_sagemaker_and_the_alarms_said_is_told() -> None:
    red = AlarmReading(name="errors", state=AlarmState.ALARM, reason="Threshold crossed")
    evidence = Evidence(failure_reason="Alarm errors", alarms=(red,))
    text = announce_outcome(ended(evidence=evidence)).text
    assert "SageMaker says: Alarm errors" in text
    assert "Went red: errors: Threshold crossed" in text


def test_a_subject_is_short_ascii() -> None:
    """SNS: ASCII, less than 100 characters."""
    told = announce_outcome(ended(Outcome.NEEDS_OPERATOR, endpoint="e" * 63, version="é" * 63))
    assert told.subject.isascii()
    assert len(told.subject) < 100


def test_a_request_for_approval_has_a_short_subject_too() -> None:
    asked = announce_approval(update(plan=plan(), endpoint="e" * 63, version="v" * 63))
    assert len(asked.subject) < 100


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


def test_approval_is_asked_for_with_the_plan_and_the_way_to_answer() -> None:
    asked = announce_approval(update(plan=plan(), task_token="token-1"))  # noqa: S106
    assert asked.subject == "Approve? chat v2"
    assert "by rolling" in asked.text
    assert "send-task-success --task-token 'token-1'" in asked.text
    assert asked.attributes["outcome"] == "ApprovalRequested"


def test_approval_needs_a_plan() -> None:
    with pytest.raises(ValueError, match="has no plan yet"):
        announce_approval(update())
