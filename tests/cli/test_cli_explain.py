"""How an explanation looks in cases that the stories don't cover."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console
from tests.support.samples import endpoint, later, overridden, plan, reason, update

from switchover.domain.evidence import ContainerLog, Trip
from switchover.domain.fleet import AlarmState
from switchover.domain.golden.assessing import GoldenVerdict
from switchover.domain.golden.results import GoldenResult
from switchover.domain.outcome import Outcome
from switchover.domain.serving import serving_of
from switchover.domain.update.records import Evidence, Moment
from switchover.explain.advice import Step
from switchover_cli.records import record_update
from switchover_cli.screens.explanation import draw_bar, draw_explanation

if TYPE_CHECKING:
    from switchover.domain.update.update import Update

NOW = serving_of(endpoint(), plan())


def shown(update: Update, *timeline: Moment, steps: tuple[Step, ...] = ()) -> str:
    console = Console(file=StringIO(), width=120)
    console.print(draw_explanation(update, timeline, NOW, steps))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def ended(**changes: Any) -> Update:
    return update(
        **{
            "outcome": Outcome.ROLLED_BACK,
            "summary": "chat is back on v1.",
            "ended_at": later(600),
            "serving": NOW,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("value", "drawn"),
    [
        (0, " " * 15 + "│"),
        (2.5, "■" * 8 + " " * 7 + "│"),
        (5, "■" * 15 + "│"),
        (7.5, "■" * 15 + "│" + "■" * 7),
        (50, "■" * 15 + "│" + "■" * 15 + "▶"),
    ],
)
def test_a_bar_shows_a_value_against_the_limit(value: float, drawn: str) -> None:
    assert draw_bar(value, 5).plain.rstrip() == drawn.rstrip()


def test_a_limit_of_nothing_is_passed_by_anything() -> None:
    assert "■│■" in draw_bar(0.1, 0).plain


def test_what_serves_is_told_once_if_it_is_still_the_same() -> None:
    assert "then:" not in shown(ended())


def test_an_alarm_without_datapoints_is_told_by_its_reason() -> None:
    red = Trip(name="mine", state=AlarmState.ALARM, reason="somebody set it")

    assert "somebody set it" in shown(ended(evidence=Evidence(alarms=(red,))))


def test_sagemakers_words_are_told_where_no_reason_quotes_them() -> None:
    evidence = Evidence(failure_reason="Alarms are firing.")

    assert "Alarms are firing." in shown(ended(evidence=evidence, reasons=(reason("a.b"),)))
    quoting = reason("sagemaker.failure-reason", message="SageMaker says so.")
    assert "Alarms are firing." not in shown(ended(evidence=evidence, reasons=(quoting,)))


def test_a_wrong_answer_is_told_with_its_faults() -> None:
    """Brackets are JMESPath's here, and a name's own: no markup."""
    wrong = GoldenResult(
        name="[say]",
        verdict=GoldenVerdict.FAILED,
        status=200,
        latency_us=1_500_000,
        faults=("choices[a] is None", "too slow"),
    )

    text = shown(ended(golden=(wrong,)))

    assert "failed  [say]  1.50 s  choices[a] is None" in text
    assert "too slow" in text


def test_a_log_that_could_not_be_read_says_why() -> None:
    log = ContainerLog(group="/g", note="not read: AccessDeniedException.")

    assert "not read: AccessDeniedException." in shown(ended(evidence=Evidence(log=log)))


def test_a_long_timeline_shows_its_end_and_where_the_rest_is() -> None:
    moments = [Moment(at=later(n), state="AwaitOutcome", text=f"step {n}") for n in range(20)]

    text = shown(ended(), *moments)

    assert "step 19" in text
    assert "step 7\n" not in text
    assert "8 earlier" in text


def test_an_update_that_runs_is_said_to_run() -> None:
    assert "It is still running." in shown(update())


def test_each_step_has_its_command_below() -> None:
    text = shown(ended(), steps=(Step(text="Go on:", command="do it"),))

    assert "→ Go on:" in text
    assert "do it" in text


def test_accepted_overrides_are_explained_and_recorded() -> None:
    told = ended(plan=overridden())

    record = record_update(told, ()).model_dump()

    assert "approval.required: false instead of true (input policy)" in shown(told)
    assert record["plan"]["overrides"][0]["source"] == "input policy"
