"""The audit fails for every finding without a reason, and for every reason without finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.audit.judging import ACCEPTED, Acceptance, Finding, judge, read_accepted
from tests.audit.translated import switch_on

if TYPE_CHECKING:
    from pathlib import Path

WIDE = Finding("CKV_AWS_1", "AWS::IAM::Role.Ours", "Ensure that it is narrow")
KNOWN = Acceptance("CKV_AWS_1", "AWS::IAM::Role.*", "It is a test's.")


def test_a_finding_with_a_reason_may_stay() -> None:
    assert list(judge([WIDE], [KNOWN])) == []


@pytest.mark.parametrize(
    "accepted",
    [
        Acceptance("CKV_AWS_2", "*", "another check"),
        Acceptance("CKV_AWS_1", "AWS::SNS::Topic.*", "another resource"),
        Acceptance("CKV_AWS_1", "Ours", "a part of the name"),
    ],
)
def test_a_finding_without_its_own_reason_is_told_with_its_remedy(accepted: Acceptance) -> None:
    told, stale = judge([WIDE], [accepted])

    assert told == (
        "CKV_AWS_1: AWS::IAM::Role.Ours: Ensure that it is narrow."
        " Mend it, or say in tests/audit/accepted.yaml why it may stay."
    )
    assert "not found any more" in stale


def test_a_reason_that_nothing_needs_any_more_is_told() -> None:
    [told] = judge([], [KNOWN])

    assert told == (
        "CKV_AWS_1: AWS::IAM::Role.* is accepted and not found any more."
        " Take it out of tests/audit/accepted.yaml."
    )


def test_every_accepted_finding_says_why() -> None:
    assert ACCEPTED.exists()
    assert [entry.check for entry in read_accepted() if len(entry.why) < 20] == []


def test_an_acceptance_without_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "accepted.yaml"
    path.write_text('- {check: CKV_AWS_1, subjects: "*", why: " "}\n')

    with pytest.raises(ValueError, match="has no reason"):
        read_accepted(path)


def test_what_a_parameter_can_switch_on_is_audited() -> None:
    part = {
        "On": {"Fn::If": ["HasKey", {"KeyId": "k"}, {"Ref": "AWS::NoValue"}]},
        "Off": [{"Fn::If": ["Is", {"Ref": "AWS::NoValue"}, "kept"]}],
    }

    assert switch_on(part) == {"On": {"KeyId": "k"}, "Off": ["kept"]}
