"""Scenario files: their valid content, and the messages about their faults."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest
from botocore.exceptions import ClientError

from switchover_cli.app import main
from switchover_cli.exits import ExitCode
from switchover_cli.rehearsal.scenario_file import ScenarioRefused, read_scenario
from switchover_local.control import Control
from switchover_local.twin.paced_clock import PacedClock
from switchover_local.twin.scenario import (
    Behaviour,
    EventFault,
    Fault,
    Scenario,
    Switches,
    Throttling,
    Timings,
)
from switchover_local.twin.twin import Twin

if TYPE_CHECKING:
    from pydantic import BaseModel

KINDS: dict[str, type[BaseModel]] = {
    kind.model_fields["kind"].default: kind for kind in get_args(get_args(Fault)[0])
}
START = datetime(2026, 1, 5, 12, tzinfo=UTC)
DOCS = Path(__file__).parents[2] / "docs"
FAULTY = """\
seeed: 1
models:
  - model: s3://*/v2/*
    behaviour:
      latncy_us: 3
      server_error_rate: 12
faults:
  - {kind: throtling, operation: UpdateEndpoint}
  - kind: event
    efect: lost
  - {operation: UpdateEndpoint}
switches:
  missing_alarm: sometimes
capacity:
  ml.g6e.2xlarge: 4
  ml.g6e.2xlarge: 5
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text)
    return path


def told(path: Path) -> list[str]:
    """The faults of a file, with its name left out."""
    with pytest.raises(ScenarioRefused) as refused:
        read_scenario(path)
    return [str(reason).replace(f"{path}:", "") for reason in refused.value.reasons]


def test_every_fault_is_told_at_once_with_line_field_value_and_remedy(tmp_path: Path) -> None:
    assert told(write(tmp_path, FAULTY)) == [
        "1: seeed: unknown key 'seeed'. Did you mean 'seed'?",
        "5: models[0].behaviour.latncy_us: unknown key 'latncy_us'. Did you mean 'latency_us'?",
        (
            "6: models[0].behaviour.server_error_rate: 12 is not accepted:"
            " input should be less than or equal to 1. Correct the value."
        ),
        (
            "8: faults[0].kind: 'throtling' is not accepted: input should be one of 'throttling',"
            " 'server_error', 'lost_response', 'rollback_failure', 'system_update', 'event'."
            " Did you mean 'throttling'?"
        ),
        "9: faults[1].effect: is missing. Add it.",
        "10: faults[1].efect: unknown key 'efect'. Did you mean 'effect'?",
        (
            "11: faults[2].kind: is missing. Add one of 'throttling', 'server_error',"
            " 'lost_response', 'rollback_failure', 'system_update', 'event'."
        ),
        (
            "13: switches.missing_alarm: 'sometimes' is not accepted:"
            " input should be 'ignored' or 'refused'. Correct the value."
        ),
        "16: capacity.ml.g6e.2xlarge: is also in line 15. Keep one of them.",
    ]


def test_a_fault_of_an_operation_that_nobody_serves_would_never_happen(tmp_path: Path) -> None:
    path = write(tmp_path, "faults: [{kind: throttling, operation: DescribeEndpont}]")

    [only] = told(path)

    assert only == (
        "1: faults[0].operation: the twin serves no operation 'DescribeEndpont'."
        " Did you mean 'DescribeEndpoint'?"
    )


def test_a_scenario_of_another_region_does_not_fit_the_local_cloud(tmp_path: Path) -> None:
    assert told(write(tmp_path, "region: eu-west-1")) == [
        "1: region: the local cloud is us-east-1, not eu-west-1. Take it out."
    ]


def test_a_list_is_no_scenario(tmp_path: Path) -> None:
    [only] = told(write(tmp_path, "[1, 2]"))

    assert only.startswith("1: [1, 2] is not accepted")


def test_an_empty_file_is_the_default_scenario(tmp_path: Path) -> None:
    assert read_scenario(write(tmp_path, "# nothing yet\n")) == Scenario()


def test_json_is_read_as_well(tmp_path: Path) -> None:
    path = write(tmp_path, json.dumps({"capacity": {"ml.g6e.2xlarge": 3}}))

    assert read_scenario(path).capacity == {"ml.g6e.2xlarge": 3}


@pytest.mark.parametrize("text", ["a: [", "a: !!int ''", "\tx: 1"])
def test_what_is_not_yaml_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    code = main(["local", "scenario", str(write(tmp_path, text)), "--check"])

    assert code == ExitCode.USAGE
    assert "mine.yaml is not YAML" in " ".join(capsys.readouterr().err.split())


def test_a_file_that_is_not_there_is_a_usage_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["local", "scenario", str(tmp_path / "none.yaml"), "--check"])

    assert code == ExitCode.USAGE
    assert "can't be read" in capsys.readouterr().err


def test_a_faulty_file_is_a_usage_error_and_not_a_rejected_update(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["local", "scenario", str(write(tmp_path, FAULTY)), "--check"])

    assert code == ExitCode.USAGE
    assert "Did you mean 'seed'?" in capsys.readouterr().err


def test_a_check_says_what_the_file_changes(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["local", "scenario", str(DOCS / "scenarios" / "no-capacity.yaml"), "--check"])

    assert code == ExitCode.DONE
    assert "is valid: timings, capacity." in capsys.readouterr().out


def test_a_check_prints_the_scenario_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    path = DOCS / "scenarios" / "slow-model.yaml"

    main(["local", "scenario", str(path), "--check", "--json"])

    printed = json.loads(capsys.readouterr().out)
    assert printed["loaded"] is False
    assert Scenario.model_validate(printed["scenario"]) == read_scenario(path)


def test_the_slow_model_is_slower_and_worse_than_the_policy_beside_it_allows() -> None:
    behaviour = read_scenario(DOCS / "scenarios" / "slow-model.yaml").behaviour_of(
        "s3://models/policy/v2/"
    )

    assert behaviour.latency_us > 5_000_000
    assert behaviour.server_error_rate > 0.05


def test_without_capacity_there_is_room_for_one_instance_more_than_four() -> None:
    scenario = read_scenario(DOCS / "scenarios" / "no-capacity.yaml")

    assert scenario.capacity == {"ml.g6e.2xlarge": 5}


def test_lost_events_are_more_than_an_update_sends() -> None:
    faults = read_scenario(DOCS / "scenarios" / "lost-events.yaml").faults

    lost = next(fault for fault in faults if isinstance(fault, EventFault))
    assert (lost.effect, lost.times) == ("lost", 1000)
    assert any(isinstance(fault, Throttling) for fault in faults)


def test_a_loaded_scenario_replaces_the_world_and_adds_its_faults() -> None:
    clock = PacedClock(START, speed=1, monotonic=lambda: 0.0)
    twin = Twin(clock, Scenario(seed=7, capacity={"ml.g5.xlarge": 1}))
    scenario = Scenario(
        seed=8, quotas={"ml.g5.xlarge": 3}, faults=(Throttling(operation="ListModels"),)
    )

    Control(twin, clock).answer("POST", "scenario", scenario.model_dump_json().encode())

    assert (twin.scenario.seed, twin.scenario.capacity) == (7, {})
    assert twin.scenario.quotas == {"ml.g5.xlarge": 3}
    with pytest.raises(ClientError, match="ThrottlingException"):
        twin.client("sagemaker").list_models()


def test_the_page_lists_every_switch_with_its_default() -> None:
    page = (DOCS / "twin.md").read_text()
    listed = re.findall(r"^\| `(\w+)` \| (.*?) \|", page.partition("### Switches")[2], re.MULTILINE)

    defaults = {
        name: field.default for name, field in Switches.model_fields.items() if name not in _TEXTS
    }
    assert dict(listed) == {
        **{name: _written(default) for name, default in defaults.items()},
        **_TEXTS,
    }


@pytest.mark.parametrize("model", [Timings, Behaviour, *KINDS.values()])
def test_the_page_names_every_key_that_a_scenario_may_have(model: type[BaseModel]) -> None:
    page = (DOCS / "twin.md").read_text()

    assert [name for name in model.model_fields if f"`{name}`" not in page] == []


def test_the_page_lists_every_kind_of_fault() -> None:
    page = (DOCS / "twin.md").read_text()
    table = page.partition("### Faults")[2].partition("### Switches")[0]

    assert re.findall(r"^\| `(\w+)` \| `", table, re.MULTILINE) == list(KINDS)


_TEXTS = {
    "alarm_failure_reason": "a sentence with `{alarm}`",
    "scalable_target_error": "a sentence with `{variants}`",
}


def _written(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, float | int):
        return f"{default:.0f}"
    return f"`{default}`" if default else "none"
