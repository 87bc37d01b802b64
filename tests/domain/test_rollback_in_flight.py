"""A rollback while an update runs acts at once, or names the steps to take; it never just waits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.samples import NOW, plan, update

from switchover.domain.aborting import InFlight, Objection, answer_rollback, call_off
from switchover.domain.plans.plan import Kind
from switchover.domain.update.request import Request

if TYPE_CHECKING:
    from switchover.domain.update.update import Update

ASKED = call_off("chat-v2", NOW, "kim", "wrong day")


def release(**changes: object) -> Update:
    return update(**{"plan": plan(), **changes})


def way_back(**changes: object) -> Update:
    return update(kind=Kind.ROLLBACK, version="v1", request=Request(rollback="chat"), **changes)


@pytest.mark.parametrize("to", [None, "v1"])
@pytest.mark.parametrize("is_started", [True, False])
def test_a_release_is_called_off(to: str | None, is_started: bool) -> None:  # noqa: FBT001
    assert answer_rollback(release(is_started=is_started), to) is InFlight.CALL_OFF


def test_before_the_plan_it_is_called_off_as_well() -> None:
    assert answer_rollback(release(plan=None), None) is InFlight.CALL_OFF


@pytest.mark.parametrize(
    "changes", [{"abort": ASKED}, {"rollback_attempts": 1}, {"tripped_at": NOW}]
)
def test_what_goes_back_already_is_followed(changes: dict[str, object]) -> None:
    assert answer_rollback(release(**changes), None) is InFlight.FOLLOW


def test_what_is_confirmed_is_gone_back_from_afterwards() -> None:
    assert answer_rollback(release(is_confirmed=True), "v0") is InFlight.AFTERWARDS


@pytest.mark.parametrize("planned", [plan(), None])
def test_to_another_version_there_are_two_steps_in_order(planned: object) -> None:
    answer = answer_rollback(release(plan=planned), "v0")

    assert isinstance(answer, Objection)
    assert answer.remedy == (
        "First: switchover abort chat --reason '…'; then: switchover rollback chat --to v0"
    )


def test_to_another_version_nobody_aborts_what_goes_back_already() -> None:
    answer = answer_rollback(release(abort=ASKED), "v0")

    assert isinstance(answer, Objection)
    assert "abort" not in answer.remedy
    assert answer.remedy.endswith("then: switchover rollback chat --to v0")


@pytest.mark.parametrize("to", [None, "v1"])
def test_a_rollback_that_runs_is_followed_and_never_called_off(to: str | None) -> None:
    assert answer_rollback(way_back(), to) is InFlight.FOLLOW


@pytest.mark.parametrize(
    ("changes", "to"), [({}, "v0"), ({"abort": ASKED}, None), ({"abort": ASKED}, "v1")]
)
def test_a_rollback_that_leads_elsewhere_is_waited_out(
    changes: dict[str, object], to: str | None
) -> None:
    answer = answer_rollback(way_back(**changes), to)

    assert isinstance(answer, Objection)
    assert answer.remedy.startswith("Wait for its outcome: switchover watch chat; then:")
