"""Four eyes: how two AWS identities are compared, and who started the update."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from tests.support.samples import policy, update

from switchover.domain.approvals.four_eyes import event_name, find_offerer_fault, subjects_of
from switchover.domain.callers import is_same_person, say_caller
from switchover.domain.update.request import Request

_SHA = "a" * 64
_KEY = "releases/chat/v2/release.json"
_ARRIVAL = event_name("chat", "v2", f"models/{_KEY}", _SHA)


def asking(**more: Any) -> Request:
    """Under the name that the release's arrival would give: the input of somebody who was faster."""
    return Request(release=f"s3://models/{_KEY}", **more)


def begun(**changes: Any) -> Any:
    return update(**{"update_id": _ARRIVAL, "request": asking(), "release_sha256": _SHA, **changes})


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("arn:aws:iam::1:user/kim", "arn:aws:iam::1:user/kim", True),
        ("arn:aws:iam::1:user/kim", "arn:aws:iam::1:user/KIM", True),
        ("arn:aws:iam::1:user/kim", "arn:aws:iam::1:user/a/b/kim", True),
        ("arn:aws:iam::1:user/kim", "arn:aws:iam::1:user/ana", False),
        ("arn:aws:iam::1:user/kim", "arn:aws:iam::1:user/kim2", False),
        ("arn:aws:sts::1:assumed-role/Ops/kim", "arn:aws:sts::1:assumed-role/Ops/ana", False),
        ("arn:aws:sts::1:assumed-role/Ops/kim", "arn:aws:sts::1:assumed-role/Admin/kim", True),
        ("arn:aws:sts::1:assumed-role/kim/ana", "arn:aws:iam::1:user/kim", False),
        (
            "arn:aws:sts::1:assumed-role/AWSReservedSSO_Dev_01/kim@example.com",
            "arn:aws:sts::2:assumed-role/AWSReservedSSO_Ops_02/Kim@example.com",
            True,
        ),
        ("arn:aws:iam::1:root", "arn:aws:iam::1:root", True),
        ("arn:aws:iam::1:root", "arn:aws:iam::2:root", False),
        ("arn:aws-cn:sts::1:federated-user/kim", "arn:aws-cn:iam::1:user/kim", True),
    ],
)
def test_one_person_is_known_by_the_name_at_the_end(one: str, other: str, *, is_same: bool) -> None:
    assert is_same_person(one, other) is is_same
    assert is_same_person(other, one) is is_same


@given(st.text())
def test_nobody_is_another_than_themselves(arn: str) -> None:
    assert is_same_person(arn, arn)


def test_a_caller_is_told_with_the_account_and_never_as_an_arn_alone() -> None:
    told = say_caller("arn:aws:sts::000000000000:assumed-role/Ops/ana")

    assert told == "assumed-role/Ops/ana (AWS identity, account 000000000000)"


@pytest.mark.parametrize(
    ("changes", "subjects"),
    [
        ({}, (_SHA,)),
        ({"update_id": "by-hand"}, (_SHA, "by-hand")),
        # Says of itself that it arrived.
        (
            {
                "request": Request(release=f"s3://models/{_KEY}", object_version="1"),
                "update_id": "x",
            },
            (_SHA, "x"),
        ),
        # Bears the name of an arrival, but of another bucket, key, content or version.
        ({"bucket": "own"}, (_SHA, _ARRIVAL)),
        ({"request": Request(release="s3://models/x/release.json")}, (_SHA, _ARRIVAL)),
        ({"release_sha256": "b" * 64}, ("b" * 64, _ARRIVAL)),
        ({"version": "v3"}, (_SHA, _ARRIVAL)),
        ({"request": asking(policy={"alarms": {"error_rate": 0.5}})}, (_SHA, _ARRIVAL)),
        ({"request": asking(now=True, reason="r")}, (_SHA, _ARRIVAL)),
        ({"request": asking(hotfix=True, reason="r")}, (_SHA, _ARRIVAL)),
        ({"release_sha256": ""}, (_ARRIVAL, _ARRIVAL)),
        ({"request": Request(rollback="chat"), "update_id": "back"}, ("back",)),
        ({"request": None, "update_id": "odd"}, ("odd",)),
    ],
)
def test_who_offered_counts_and_who_started_by_hand_does_too(
    changes: dict[str, Any], subjects: tuple[str, ...]
) -> None:
    assert subjects_of(begun(**changes), "models") == subjects


def test_an_update_of_nobody_known_is_refused_and_one_not_looked_at_is_not_judged() -> None:
    fault = find_offerer_fault(begun(offered_by=()))

    assert fault is not None
    assert fault.code == "approval.starter-unknown"
    assert find_offerer_fault(begun(offered_by=("arn",))) is None
    assert find_offerer_fault(begun(offered_by=None)) is None


@pytest.mark.parametrize("gate", ["required", "promotion"])
def test_four_eyes_need_somebody_to_be_asked(gate: str) -> None:
    assert policy(approval={gate: True, "four_eyes": True}).approval.four_eyes
    with pytest.raises(ValidationError, match="set `required` or `promotion` too"):
        policy(approval={"four_eyes": True})
