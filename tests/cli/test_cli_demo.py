"""The demo's result: true only if ledger and twin agree with the expectation."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console
from tests.support.samples import NOW

from switchover.domain.naming import config_name
from switchover.domain.outcome import Outcome
from switchover_cli.demo.acts import ACTS, ActRecord, draw_records

CONFIG = config_name("vlm-demo", "v2", "vlm-demo-v2-0123456789abcdef", NOW)


def record(**changes: Any) -> ActRecord:
    values: dict[str, Any] = {
        "act": "rollback",
        "expected": Outcome.ROLLED_BACK,
        "recorded": Outcome.ROLLED_BACK,
        "expected_config": CONFIG,
        "ledger_config": CONFIG,
        "twin_config": CONFIG,
        "virtual_seconds": 1700,
        "real_seconds": 91,
    }
    return ActRecord(**{**values, **changes})


def test_an_act_is_true_if_ledger_and_twin_say_what_was_expected() -> None:
    assert record().is_true


@pytest.mark.parametrize(
    "changes",
    [
        {"recorded": Outcome.UPDATED},
        {"ledger_config": "switchover-vlm-demo-v3-00000000"},
        {"twin_config": "switchover-vlm-demo-v3-00000000"},
        {"expected_config": ""},
    ],
)
def test_an_act_is_not_true_if_any_of_them_differs(changes: dict[str, Any]) -> None:
    assert not record(**changes).is_true


def test_the_table_fits_eighty_columns_uncut() -> None:
    console = Console(width=80, file=StringIO(), record=True)

    console.print(draw_records((record(),)))

    text = console.export_text()
    assert "…" not in text
    assert f"  v2-{CONFIG.rpartition('-')[2][:8]}  " in text


def test_the_show_has_every_outcome_that_an_update_by_itself_can_have() -> None:
    assert {act.expected for act in ACTS} == {
        Outcome.UPDATED,
        Outcome.ROLLED_BACK,
        Outcome.REJECTED,
    }
