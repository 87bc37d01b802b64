"""Every Choice knows every word that it may be given."""

from __future__ import annotations

import pytest
from tests.statemachine.answers import answers_before, words_of
from tests.statemachine.definition import Choice, read_definition

from switchover.domain.outcome import Outcome
from switchover.domain.update.approval import Gate
from switchover.domain.verdict import Verdict

_DEFINITION = read_definition()
_CHOICES = {name: state for name, state in _DEFINITION.states.items() if isinstance(state, Choice)}
# What each Choice asks of, and the answers that it leaves to its safe path.
_ASKED = {
    "IsClaimed": ("ending", {"queued", "rejected", "superseded", "updated"}),
    "IsCopied": ("ending", {"rejected"}),
    "IsPlanned": ("ending", {"queued", "rejected"}),
    "IsApproved": ("ending", {"crashed", "not_approved"}),
    "IsCreated": ("ending", {"refused"}),
    "IsProtected": ("ending", {"refused"}),
    "IsRaised": ("ending", {*Verdict} - {"moving", "updated"}),
    "IsStarted": ("ending", {"refused"}),
    "IsUpdated": ("ending", {"failed", "mixed", "overdue", "rolled_back", "unheeded"}),
    "HasPassed": ("ending", {"failed"}),
    "IsHealthy": ("ending", {*Verdict} - {"moving", "updated"}),
    "IsBack": ("way_back", {"confirmed", "gave_up", "settled"}),
    "IsDeleting": ("way_back", {*Verdict} - {"deleting"}),
    # A fleet that moves, or still may, is waited for; in any other case the outcome is due.
    "IsRestored": (
        "capacity",
        {*Verdict, "missed", "restored", "untouched"} - {"moving", "updated"},
    ),
    # What lands no more is told: the verdict of a record is its outcome.
    "IsRecorded": ("conclusion", {*Outcome}),
}


def test_every_choice_asks_of_answers_or_of_the_outcome() -> None:
    assert set(_CHOICES) == {*_ASKED, "WhichOutcome"}


@pytest.mark.parametrize(("name", "variable"), [(name, asked[0]) for name, asked in _ASKED.items()])
def test_a_choice_compares_only_words_that_can_be_answered(name: str, variable: str) -> None:
    assert words_of(_CHOICES[name], variable) <= answers_before(_DEFINITION, name)


@pytest.mark.parametrize(
    ("name", "variable", "left"), [(name, *asked) for name, asked in _ASKED.items()]
)
def test_a_choice_leaves_only_known_answers_to_its_safe_path(
    name: str, variable: str, left: set[str]
) -> None:
    assert answers_before(_DEFINITION, name) - words_of(_CHOICES[name], variable) == left


def test_a_gate_is_compared_with_its_name() -> None:
    assert words_of(_CHOICES["IsApproved"], "gate") <= set(Gate)


def test_each_outcome_has_the_end_of_its_name() -> None:
    which = _CHOICES["WhichOutcome"]

    assert words_of(which, "conclusion") | {which.default} == set(Outcome)
    assert {rule.next for rule in which.choices} == words_of(which, "conclusion")
