"""Reasons on a narrow screen: no text is cut off."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Group

from switchover.domain.reasons import Reason
from switchover_cli.app import main
from switchover_cli.output import open_console
from switchover_cli.screens.reasons import draw_reasons

if TYPE_CHECKING:
    from pathlib import Path

LONG = "arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/" + "-".join(["vlm"] * 40)


@pytest.mark.parametrize("part", ["subject", "message", "remedy"])
def test_a_word_that_is_longer_than_a_line_takes_another_line(part: str) -> None:
    said = {"subject": "it", "message": "is wrong.", "remedy": "Mend it.", part: LONG}
    console = open_console(width=80, file=StringIO())

    console.print(Group(*draw_reasons((Reason(code="a.b", **said),))))

    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert LONG in "".join(line[4:].strip() for line in lines)
    assert max(map(len, lines)) <= 80


def test_the_name_of_a_checked_file_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    policy = tmp_path / ("team-" * 20) / "vlm.yaml"
    policy.parent.mkdir()
    policy.write_text("strategy: canary\n")

    assert main(("policy", "check", str(policy))) == 0

    assert capsys.readouterr().out == f"Right   {policy}\n"
