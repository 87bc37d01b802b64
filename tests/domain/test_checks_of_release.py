"""Whether a request is possible at all, with the evidence."""

from __future__ import annotations

from tests.support.cases import case
from tests.support.samples import live_model, live_release, plan, reason

from switchover.domain.checks.release import (
    check_goal,
    check_golden,
    check_new,
    check_policy,
    check_release,
    check_subscribers,
)
from switchover.domain.preflight import CheckState
from switchover.domain.readings import Subscribers, Unmeasured


def test_a_release_is_told_by_its_weight_and_place() -> None:
    check = check_release(case())
    assert check.state is CheckState.PASSED
    assert check.evidence == "1 file, 16.0 GB under s3://models/models/chat/v2/"


def test_what_validation_found_refuses() -> None:
    found = (reason("model.file-missing"),)
    assert check_release(case(asked={"reasons": found})).reasons == found


def test_what_validation_warns_of_is_noted_with_the_evidence() -> None:
    check = check_release(case(asked={"warnings": (reason("model.leftover"),)}))

    assert check.state is CheckState.NOTED
    assert str(reason("model.leftover").message) in check.evidence


def test_a_release_that_serves_already_changes_nothing() -> None:
    model = live_model()
    model["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]["S3Uri"] = (
        "s3://models/models/chat/v2/"
    )
    [told] = check_new(case(live=live_release(model=model))).reasons
    assert "already serves s3://models/models/chat/v2/" in told.message


def test_another_release_is_new_and_both_places_are_told() -> None:
    check = check_new(case())
    assert check.state is CheckState.PASSED
    assert "models/chat/v1/" in check.evidence
    assert "models/chat/v2/" in check.evidence


def test_a_policy_names_its_sources() -> None:
    assert "file" in check_policy(case(wishes={"strategy": "canary"})).evidence


def test_golden_requests_are_counted() -> None:
    check = check_golden(case(wishes={"tests": {"golden": "g.jsonl"}}, golden=3))
    assert (check.state, check.evidence) == (CheckState.PASSED, "3 in s3://models/g.jsonl")


def test_no_golden_requests_are_noted() -> None:
    """The guide wants test cases prepared; nothing forces them."""
    assert check_golden(case(golden=None)).state is CheckState.NOTED


def test_golden_requests_that_cannot_be_asked_refuse() -> None:
    faults = (reason("golden.missing"),)
    assert check_golden(case(golden=faults)).reasons == faults


def test_a_goal_that_still_exists_is_named() -> None:
    check = check_goal(case(planned=plan()))
    assert check.state is CheckState.PASSED
    assert "model" in check.evidence


def test_a_goal_whose_config_or_model_is_gone_is_refused() -> None:
    [told] = check_goal(case(planned=plan(), goal=None)).reasons
    assert told.code == "rollback.goal-gone"


def test_somebody_hears_the_outcome() -> None:
    check = check_subscribers(case(subscribers=Subscribers(confirmed=2, pending=1)))
    assert check.state is CheckState.PASSED
    assert check.evidence == "2 confirmed subscriptions, 1 not confirmed yet"


def test_nobody_hearing_is_noted_and_refuses_nothing() -> None:
    check = check_subscribers(case(subscribers=Subscribers(confirmed=0, pending=1)))
    assert (check.state, check.reasons) == (CheckState.NOTED, ())


def test_a_topic_that_cannot_be_read_is_unknown() -> None:
    assert check_subscribers(case(subscribers=Unmeasured("x"))).state is CheckState.UNKNOWN
