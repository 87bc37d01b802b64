"""The witness of an offer: recorded once, found by every key, extended but never removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws
from tests.support.ledger_table import TABLE, create_table
from tests.support.samples import NOW, plan, update

from switchover.aws.witness import MOST_OFFERERS, Witness
from switchover.domain.approvals.decision import decide
from switchover.domain.update.approval import Channel, Reply

if TYPE_CHECKING:
    from collections.abc import Iterator

KIM = "arn:aws:iam::000000000000:user/kim"
ANA = "arn:aws:iam::000000000000:user/ana"
WAITING = update(awaited="approval", task_token="token-1", plan=plan())  # noqa: S106
DECISION = decide(WAITING, Reply.APPROVED, KIM, "go", Channel.IAM, NOW)


@pytest.fixture
def witness() -> Iterator[Witness]:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="us-east-1")
        create_table(dynamodb, TABLE)
        yield Witness(dynamodb, TABLE)


def test_a_decision_is_found_by_its_update_and_key(witness: Witness) -> None:
    witness.record(DECISION)
    witness.record(DECISION)

    assert witness.find(DECISION.update_id, DECISION.key) == DECISION


@pytest.mark.parametrize("key", ["", "0" * 64, "x" * 10**6, "callers"])
def test_what_was_not_recorded_is_not_found(witness: Witness, key: str) -> None:
    witness.record(DECISION)

    assert witness.find(DECISION.update_id, key) is None
    assert witness.find("another", DECISION.key) is None


def test_all_who_offered_it_are_known_each_once(witness: Witness) -> None:
    assert [witness.vouch("sha", arn) for arn in (KIM, ANA, KIM)] == [True] * 3
    witness.vouch("by-hand", KIM)

    assert witness.offerers(["sha"]) == (ANA, KIM)
    assert witness.offerers(["sha", "by-hand"]) == (ANA, KIM)


def test_where_one_of_those_who_began_it_is_unknown_nobody_counts(
    witness: Witness,
) -> None:
    witness.vouch("sha", KIM)

    assert witness.offerers(["sha", "by-hand"]) == ()


def test_a_subject_is_never_filled_without_end(witness: Witness) -> None:
    kept = [witness.vouch("sha", f"arn:{number}") for number in range(MOST_OFFERERS + 1)]

    assert kept == [True] * MOST_OFFERERS + [False]
    assert witness.vouch("sha", "arn:0")
