"""An update is changed only by its own methods, which refuse misspelt fields and wrong values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mypy import api as mypy
from pydantic import ValidationError
from tests.support.samples import NOW, course, later, reason, update

from switchover.domain.outcome import Outcome
from switchover.domain.serving import Serving
from switchover.domain.update.approval import ApprovalLink, Gate, Question

if TYPE_CHECKING:
    from switchover.domain.update.update import Update

DIGEST = "0" * 64
ROOT = Path(__file__).parents[2]
CHANGES = """
from dataclasses import replace

from switchover.aws.ledger import Ledger
from switchover.domain.update.update import Update


def change(ledger: Ledger, update: Update) -> Update:
    return ledger.save({change})
"""


def complaints(tmp_path: Path, change: str) -> str:
    """What mypy says of a change, under the project's own configuration."""
    snippet = tmp_path / "snippet.py"
    snippet.write_text(CHANGES.format(change=change))
    told, _, _ = mypy.run(["--config-file", str(ROOT / "pyproject.toml"), str(snippet)])
    return told


@pytest.mark.long
def test_a_sound_change_passes_mypy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert "Success" in complaints(tmp_path, 'replace(update, summary="v2 serves.")')


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ('replace(update, sumary="v2 serves.")', 'Unexpected keyword argument "sumary"'),
        ("replace(update, summary=2)", 'Argument "summary" to "replace" of "Update"'),
        ('update, summary="v2 serves."', 'Unexpected keyword argument "summary" for "save"'),
        ("update.turned_back(at=None, cause=())", 'Argument "at" to "turned_back"'),
    ],
)
def test_a_misspelt_field_fails_mypy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str, told: str
) -> None:
    monkeypatch.chdir(ROOT)
    assert told in complaints(tmp_path, change)


@pytest.mark.parametrize("changes", [{"sumary": "v2 serves."}, {"summary": 2}, {"outcome": "Fine"}])
def test_a_misspelt_field_or_a_wrong_value_fails_when_the_change_is_made(
    changes: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError, match=next(iter(changes))):
        replace(update(), **changes)


def test_an_update_is_not_opened_with_a_misspelt_field() -> None:
    with pytest.raises(ValidationError, match="sumary"):
        update(sumary="v2 serves.")


def test_a_link_stays_while_no_new_one_is_made() -> None:
    link = ApprovalLink(gate=Gate.START, secret_sha256=DIGEST, expires_at=NOW)
    question = Question(gate=Gate.START, asked_at=NOW, until=later(60))

    asked = update().asking_people(question, link).asking_people(question, None)

    assert (asked.asking.question, asked.asking.link) == (question, link)


def test_the_first_sight_of_the_new_config_counts() -> None:
    """Later looks see it too."""
    first = update(course=course()).settled(later(600))

    assert (first.progress.settled_at, first.progress.moving_seconds) == (later(600), 600)
    assert first.settled(later(900)) == first


def test_a_move_of_the_way_back_keeps_when_earlier_ones_were_made() -> None:
    tripped = update(is_resize_asked=True).going_back(course(), is_mixed=False, tripped_at=NOW)
    published = tripped.going_back(course(), is_mixed=True, abort_published_at=later(60))

    assert (published.way_back.tripped_at, published.way_back.abort_published_at) == (
        NOW,
        later(60),
    )
    assert (published.way_back.is_mixed, published.capacity.is_resize_asked) == (True, False)


def test_a_fault_of_the_way_back_is_kept_once_the_latest_last() -> None:
    hindered: Update = update()
    hindered = hindered.hindered(reason("a")).hindered(reason("b")).hindered(reason("a"))

    assert [fault.code for fault in hindered.way_back.faults] == ["b", "a"]


def test_an_update_that_goes_on_has_no_outcome() -> None:
    concluded = update().concluded(Outcome.QUEUED, "It waits.", (reason(),))
    ended = concluded.ended(NOW, Serving(config_name="chat-v1"))

    assert ended.reopened() == update(serving_config=ended.serving_config, serving=ended.serving)
