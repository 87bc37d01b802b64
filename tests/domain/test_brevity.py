"""Data that is passed on is bounded, and names what was left out."""

from __future__ import annotations

import json

import pytest
from tests.support.samples import update

from switchover.domain.answers import StateAnswer, answer
from switchover.domain.brevity import CARRIED_BYTES, fit_reasons
from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.golden.results import GoldenResult
from switchover.domain.outcome import Outcome
from switchover.domain.reasons import Reason
from switchover.explain.announcement import announce_outcome
from switchover.steps.validate_model import ValidateModelAnswer

# EventBridge API Reference, PutEvents.
EVENT_BYTES = 256 * 1024


def reasons(count: int, text: str = "x") -> tuple[Reason, ...]:
    return tuple(
        Reason(code="a.b", subject=f"file {n}", message=text, remedy="Mend it.")
        for n in range(count)
    )


@pytest.mark.parametrize("count", [0, 1, 50])
def test_reasons_that_fit_are_carried_as_they_are(count: int) -> None:
    assert fit_reasons(reasons(count)) == reasons(count)


@pytest.mark.parametrize(
    ("count", "text"), [(10_000, "x"), (100, "漢" * 3_000), (3, "y" * 1_000_000)]
)
def test_an_answer_is_bounded_whatever_was_found(count: int, text: str) -> None:
    said = StateAnswer(ValidateModelAnswer.INVALID, reasons(count, text))

    assert len(json.dumps(answer(said))) < CARRIED_BYTES + 2_000


def test_how_many_reasons_are_left_out_is_said() -> None:
    *carried, last = fit_reasons(reasons(10_000))

    assert last.message == f"{10_000 - len(carried)} more reasons are left out here."


def test_a_text_that_is_cut_says_so() -> None:
    [reason] = fit_reasons(reasons(1, "y" * 5_000))

    assert reason.message.endswith("y … (1,000 more characters)")


def test_an_event_that_would_be_too_long_names_what_it_leaves_out() -> None:
    golden = tuple(
        GoldenResult(
            name=f"question {n}",
            verdict=GoldenVerdict.FAILED,
            status=200,
            faults=("漢" * 400,),
            answer_excerpt="漢" * 400,
        )
        for n in range(200)
    )
    told = announce_outcome(
        update(outcome=Outcome.ROLLED_BACK, golden=golden, reasons=reasons(500, "漢" * 3_000))
    )

    detail = json.dumps(told.detail, ensure_ascii=False).encode()
    assert len(detail) < EVENT_BYTES
    assert (told.detail["golden"], told.detail["left_out"]) == ([], ["golden"])
