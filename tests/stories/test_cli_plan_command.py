"""`switchover plan` as people type it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.support.laptop import sit_down
from tests.support.offering import checkpoint, write_files

from switchover_cli.app import main
from switchover_cli.exits import ExitCode

if TYPE_CHECKING:
    from pathlib import Path

    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

UPLOADED = ("plan", "--endpoint", "vlm", "--version", "v2", "--price", "2.8")


@pytest.fixture
def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    """The usual world, which is where the stack is found; v2 is uploaded and not started."""
    made = make_world()
    made.offer(is_told=False)
    sit_down(made, monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")
    return made


@pytest.mark.usefixtures("world")
def test_a_clear_plan_is_shown_and_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(UPLOADED)

    assert code == ExitCode.DONE
    assert capsys.readouterr().out.startswith("vlm: v1 → v2 by rolling: 2 of 4 at a time")


def test_a_refused_one_ends_as_rejected(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.put_policy("alarms: {also: [nobody-made-it]}")

    code = main(UPLOADED)

    assert code == ExitCode.REJECTED
    assert "alarm nobody-made-it" in capsys.readouterr().out


def test_json_is_one_document_with_plan_checks_and_difference(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    main((*UPLOADED, "--json"))

    told = json.loads(capsys.readouterr().out)
    assert told["is_clear"]
    assert told["plan"]["phases"][0]["name"] == "launching"
    assert told["preflight"]["checklist"]
    assert told["difference"]["unchanged"] > 0
    assert told["price"]["usd_per_hour"] == 2.8


def test_what_json_prints_can_be_kept(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main((*UPLOADED, "--json", "--out", str(tmp_path / "plan.json")))

    assert (tmp_path / "plan.json").read_text() == capsys.readouterr().out


@pytest.mark.usefixtures("world")
def test_markdown_is_printed_alone(capsys: pytest.CaptureFixture[str]) -> None:
    main((*UPLOADED, "--markdown"))

    assert capsys.readouterr().out.startswith("### vlm: v1 → v2 by rolling")


@pytest.mark.usefixtures("world")
def test_a_folder_needs_no_upload(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_files(tmp_path, checkpoint())

    code = main(
        ("plan", "--dir", str(tmp_path), "--endpoint", "vlm", "--version", "v3", "--price", "2.8")
    )

    assert code == ExitCode.DONE
    assert "v1 → v3" in capsys.readouterr().out


@pytest.mark.usefixtures("world")
def test_a_folder_that_is_no_model_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(("plan", "--dir", str(tmp_path / "no"), "--endpoint", "vlm", "--version", "v3"))

    assert code == ExitCode.REJECTED
    assert "Name the folder that holds config.json" in capsys.readouterr().out


def test_a_hotfix_leaves_out_what_is_red(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.cloudwatch.put_metric_alarm(
        AlarmName="red-already",
        MetricName="Custom",
        Namespace="Mine",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    world.cloudwatch.set_alarm_state(
        AlarmName="red-already", StateValue="ALARM", StateReason="it fails"
    )
    world.put_policy("alarms: {also: [red-already]}")

    without = main(UPLOADED)
    code = main((*UPLOADED, "--hotfix", "--reason", "v1 answers nonsense"))

    assert without == ExitCode.REJECTED
    assert code == ExitCode.DONE
    assert "ignored although red: red-already" in capsys.readouterr().out
