"""What is learnt from an endpoint's past updates for the next."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.samples import later, plan, update

from switchover.domain.outcome import Outcome
from switchover.domain.plans.experience import PastUpdate, Ready, expect_ready, resolve_ready
from switchover.domain.update.history import measure, past_of

G = 1_000_000_000
TYPE = "ml.g6e.2xlarge"


def past(ready_seconds: int, model_bytes: int = 16 * G, instance_type: str = TYPE) -> PastUpdate:
    return PastUpdate(
        instance_type=instance_type,
        model_bytes=model_bytes,
        launches=2,
        other_seconds=700,
        measured_seconds=700 + 2 * ready_seconds,
    )


def ended(**changes: Any) -> PastUpdate | None:
    made = plan(8, ready_seconds=480)
    return past_of(
        update(
            **{
                "outcome": Outcome.UPDATED,
                "plan": made,
                "settled_at": later(5000),
                "moving_seconds": made.times.expected_seconds + 4 * 100,
                **changes,
            }
        )
    )


def test_what_an_update_took_longer_is_its_launches_doing() -> None:
    """Four batches, each 100 s later than planned: an instance needs 580 s, not 480."""
    learnt = ended()
    assert learnt is not None
    assert learnt.ready_seconds == 580
    assert learnt.model_bytes == 16 * G


@pytest.mark.parametrize(
    "changes",
    [{"outcome": Outcome.ROLLED_BACK}, {"moving_seconds": None}, {"plan": None}, {"release": None}],
)
def test_only_a_measured_success_teaches(changes: dict[str, Any]) -> None:
    assert ended(**changes) is None


def test_one_strategys_update_teaches_another() -> None:
    made = plan(8, strategy="canary", ready_seconds=480)
    learnt = measure(made, 16 * G, made.times.expected_seconds + 120)
    assert learnt.ready_seconds == 600


def test_the_middle_of_several_is_expected() -> None:
    """One update that waited for capacity doesn't spoil the estimate."""
    found = expect_ready([past(500), past(2000), past(520)], 16 * G)
    assert found == (520, "3 past updates")


def test_a_larger_model_is_expected_to_take_longer() -> None:
    """By the guess 32 GB take 400 s and 16 GB 320 s: as much longer is expected."""
    assert expect_ready([past(640)], 32 * G) == (800, "1 past update")


def test_a_model_of_the_same_size_is_expected_to_take_as_long() -> None:
    assert expect_ready([past(613)], 16 * G) == (613, "1 past update")


def test_nothing_is_learnt_from_nothing_or_from_nonsense() -> None:
    assert expect_ready([], 16 * G) is None
    assert expect_ready([past(-10)], 16 * G) is None


def test_the_policy_has_the_last_word() -> None:
    assert resolve_ready(700, [past(500)], TYPE, 16 * G) == Ready(700, "policy")


def test_another_instance_type_teaches_nothing() -> None:
    found = resolve_ready(None, [past(500, instance_type="ml.p5.48xlarge")], TYPE, 16 * G)
    assert found == Ready(320, "the model's size", is_guess=True)


def test_without_a_size_launches_are_taken_as_they_were() -> None:
    """The way back: how large the earlier model was isn't known."""
    assert resolve_ready(None, [past(500)], TYPE, None) == Ready(500, "1 past update")
