"""Rehearsals: the checks before the start, and the report at the end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from rich.console import Console
from tests.support import samples

from switchover.domain.outcome import Outcome
from switchover.domain.update.records import Moment
from switchover_cli.app import main
from switchover_cli.errors import Misused, Refused
from switchover_cli.exits import ExitCode
from switchover_cli.records import record_update
from switchover_cli.rehearsal.plan import Rehearsal, prepare, read_size
from switchover_cli.rehearsal.report import (
    RehearsalRecord,
    count_transitions,
    draw_report,
    tell_story,
)
from switchover_local.control import (
    EndpointState,
    HeadcountState,
    StageState,
    TrafficState,
    TransitionState,
)
from switchover_local.twin.scenario import Behaviour, ModelBehaviour, Scenario

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
DOCS = Path(__file__).parents[2] / "docs"


def plan(path: Path, **changes: Any) -> Rehearsal:
    values: dict[str, Any] = {
        "scenario": Scenario(),
        "instances": 4,
        "instance_type": "ml.g6e.2xlarge",
        "model_bytes": 16.6e9,
    }
    return prepare(path, **{**values, **changes})


def write(folder: Path, text: str, name: str = "vlm-prod.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def played(rehearsal: Rehearsal) -> Any:
    """The policy file of the endpoint that is played on."""
    return yaml.safe_load(rehearsal.policy_text)


def test_the_endpoint_is_named_after_the_policy_file(tmp_path: Path) -> None:
    assert plan(write(tmp_path, "tier: critical")).endpoint == "vlm-prod"


def test_the_shipped_policy_can_be_rehearsed() -> None:
    assert plan(DOCS / "scenarios" / "policy.yaml").policy.strategy == "rolling"


def test_a_file_that_no_endpoint_could_be_named_after_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "", name="vlm_prod.yaml")

    with pytest.raises(Misused, match="'vlm_prod' can't be an endpoint's name"):
        plan(path)


def test_every_fault_of_the_policy_is_told_before_anything_starts(tmp_path: Path) -> None:
    path = write(tmp_path, "stratgy: rolling\nrolling: {batch_percent: 99}\n")

    with pytest.raises(Refused) as refused:
        plan(path)

    told = [str(reason) for reason in refused.value.reasons]
    assert len(told) == 2
    assert any("Did you mean 'strategy'?" in reason for reason in told)


def test_a_faulty_policy_ends_as_a_rejected_update_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["rehearse", str(write(tmp_path, "stratgy: rolling"))])

    assert code == ExitCode.REJECTED
    assert "Did you mean 'strategy'?" in capsys.readouterr().err


def test_an_instance_type_that_sagemaker_lacks_is_refused_with_what_is_near(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, "")

    with pytest.raises(Misused, match=r"no instance type 'ml\.g6e\.2xlarg'") as misused:
        plan(path, instance_type="ml.g6e.2xlarg")

    assert "ml.g6e.2xlarge" in misused.value.remedy


@pytest.mark.parametrize(
    ("text", "size"), [("16.6GB", 16.6e9), ("750 mb", 750e6), ("1024", 1024), ("2TB", 2e12)]
)
def test_sizes_are_read_as_people_write_them(text: str, size: float) -> None:
    assert read_size(text) == pytest.approx(size)


@pytest.mark.parametrize("text", ["", "large", "16 GiB", "-1GB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(Misused, match="is no size"):
        read_size(text)


def test_plan_and_world_believe_the_size_that_was_given(tmp_path: Path) -> None:
    rehearsal = plan(write(tmp_path, ""), model_bytes=140e9)

    assert played(rehearsal)["ready_seconds"] == 240 + 700
    assert rehearsal.scenario.behaviour_of("s3://b/models/vlm-prod/v2/").download_seconds == 700


def test_what_policy_and_scenario_say_of_the_size_is_left_alone(tmp_path: Path) -> None:
    entry = ModelBehaviour(model="*/v2/*", behaviour=Behaviour(download_seconds=5))

    rehearsal = plan(
        write(tmp_path, "ready_seconds: 10m"), scenario=Scenario(models=(entry,)), model_bytes=140e9
    )

    assert played(rehearsal)["ready_seconds"] == "10m"
    assert rehearsal.scenario.behaviour_of("s3://b/models/vlm-prod/v2/").download_seconds == 5


def test_a_scenario_that_only_slows_answers_keeps_the_size(tmp_path: Path) -> None:
    entry = ModelBehaviour(model="*/v2/*", behaviour=Behaviour(latency_us=9e6))

    rehearsal = plan(write(tmp_path, ""), scenario=Scenario(models=(entry,)), model_bytes=20e9)

    behaviour = rehearsal.scenario.behaviour_of("s3://b/models/vlm-prod/v2/")
    assert (behaviour.latency_us, behaviour.download_seconds) == (9e6, 100)


def test_a_quota_that_nobody_mentioned_has_room_for_the_update(tmp_path: Path) -> None:
    rehearsal = plan(write(tmp_path, ""), instances=30)

    assert rehearsal.scenario.quotas["ml.g6e.2xlarge"] >= 60


def test_a_quota_of_the_scenario_stays_as_tight_as_it_is(tmp_path: Path) -> None:
    scenario = Scenario(quotas={"ml.g6e.2xlarge": 4})

    assert plan(write(tmp_path, ""), scenario=scenario).scenario.quotas == {"ml.g6e.2xlarge": 4}


def test_nobody_is_asked_for_approval_and_it_is_said(tmp_path: Path) -> None:
    rehearsal = plan(write(tmp_path, "approval: {required: true}"))

    assert played(rehearsal)["approval"] == {
        "required": False,
        "promotion": False,
        "four_eyes": False,
    }
    assert "approval is assumed" in rehearsal.notes


def test_golden_requests_beside_the_policy_are_asked(tmp_path: Path) -> None:
    golden = write(tmp_path, "{}", name="vlm.jsonl")

    rehearsal = plan(write(tmp_path, "tests: {golden: golden/vlm.jsonl}"))

    assert rehearsal.golden == golden
    assert played(rehearsal)["tests"] == {"golden": "golden/vlm.jsonl"}


@pytest.mark.parametrize(
    "policy",
    [
        'window: {from: "01:00", to: "05:00", timezone: Europe/Berlin}',
        "freezes: [{from: 2026-12-20, to: 2027-01-02, reason: holidays}]",
    ],
)
def test_a_rehearsal_waits_for_no_window(tmp_path: Path, policy: str) -> None:
    rehearsal = plan(write(tmp_path, policy))

    assert (played(rehearsal)["window"], played(rehearsal)["freezes"]) == ([], [])
    assert any("begins at once" in note for note in rehearsal.notes)


def test_a_rehearsal_asks_nobody_to_decide(tmp_path: Path) -> None:
    rehearsal = plan(write(tmp_path, "approval: {promotion: true, four_eyes: true}"))

    assert played(rehearsal)["approval"] == {
        "required": False,
        "promotion": False,
        "four_eyes": False,
    }
    assert played(rehearsal)["guard"] == {"inconclusive": "roll-back"}


def test_golden_requests_that_are_nowhere_near_are_left_out_and_it_is_said(tmp_path: Path) -> None:
    rehearsal = plan(write(tmp_path, "tests: {golden: golden/vlm.jsonl}"))

    assert played(rehearsal)["tests"] == {"golden": None}
    assert any("no golden requests" in note for note in rehearsal.notes)


def stage(seconds: float, message: str) -> StageState:
    return StageState(started=START + timedelta(seconds=seconds), message=message)


def heads(seconds: float, old: int, new: int) -> HeadcountState:
    return HeadcountState(
        at=START + timedelta(seconds=seconds),
        old_total=old,
        new_total=new,
        old_serving=old,
        new_serving=new,
    )


def transition(seconds: float, status: str, config: str) -> TransitionState:
    at = START + timedelta(seconds=seconds)
    return TransitionState(at=at, status=status, config_name=config, reason=None)


def endpoint(
    headcounts: tuple[HeadcountState, ...] = (), transitions: tuple[TransitionState, ...] = ()
) -> EndpointState:
    return EndpointState(
        status="InService",
        serving_config="vlm-v2",
        target_config=None,
        stages=(),
        headcounts=headcounts,
        transitions=transitions,
        traffic=TrafficState(),
    )


def moment(seconds: float, state: str, text: str) -> Moment:
    return Moment(at=START + timedelta(seconds=seconds), state=state, text=text)


def test_the_story_is_in_order_with_the_instances_of_each_moment() -> None:
    told = tell_story(
        samples.update(started_at=START),
        [moment(0, "PlanUpdate", "the plan")],
        [stage(500, "Baking"), stage(10, "Launching")],
        endpoint((heads(0, 4, 0), heads(10, 4, 2), heads(600, 2, 4))),
    )

    assert [(line.who, line.text, line.old_instances, line.new_instances) for line in told] == [
        ("PlanUpdate", "the plan", None, None),
        ("SageMaker", "Launching", 4, 2),
        ("SageMaker", "Baking", 4, 2),
    ]


def test_the_new_fleet_stays_the_new_one_once_the_endpoint_serves_from_it() -> None:
    told = tell_story(
        samples.update(started_at=START),
        [],
        [stage(600, "Terminating")],
        endpoint(
            (heads(-60, 4, 0), heads(10, 4, 4), heads(600, 0, 4), heads(700, 4, 0)),
            (
                transition(-60, "InService", "vlm-v1"),
                transition(10, "Updating", "vlm-v1"),
                transition(700, "InService", "vlm-v2"),
            ),
        ),
    )

    assert [(line.text, line.old_instances, line.new_instances) for line in told] == [
        ("Terminating", 0, 4),
        ("InService on vlm-v2", 0, 4),
    ]


def test_a_fleet_that_went_back_is_the_old_one_again() -> None:
    told = tell_story(
        samples.update(started_at=START),
        [],
        [],
        endpoint(
            (heads(-60, 4, 0), heads(10, 4, 4), heads(700, 4, 0)),
            (
                transition(-60, "InService", "vlm-v1"),
                transition(10, "Updating", "vlm-v1"),
                transition(700, "InService", "vlm-v1"),
            ),
        ),
    )

    assert [(line.old_instances, line.new_instances) for line in told] == [(4, 0)]


def test_the_story_leaves_out_readings_that_repeat_sagemaker_but_not_red_alarms() -> None:
    told = tell_story(
        samples.update(started_at=START),
        [
            moment(5, "AwaitOutcome", "Launching 2 instance(s)."),
            moment(6, "AwaitOutcome", "Baking. Red: latency."),
            moment(9, "AwaitOutcome", "Baking. Red: latency."),
            moment(12, "RecordOutcome", "back on v1"),
        ],
        [],
        None,
    )

    assert [(line.at - START).total_seconds() for line in told] == [6]


def test_a_redeploy_shows_the_endpoint_come_back_but_not_how_it_began() -> None:
    told = tell_story(
        samples.update(started_at=START),
        [],
        [],
        endpoint(
            transitions=(
                transition(-60, "InService", "vlm-v1"),
                transition(30, "Creating", "vlm-v2"),
                transition(500, "InService", "vlm-v2"),
            )
        ),
    )

    assert [line.text for line in told] == ["Creating on vlm-v2", "InService on vlm-v2"]


def test_a_state_entered_and_a_retry_are_transitions() -> None:
    events = ["ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskFailed"]
    events += ["TaskScheduled", "TaskSucceeded", "TaskStateExited", "ChoiceStateEntered"]

    assert count_transitions(events) == 3


def record(**changes: Any) -> RehearsalRecord:
    update = samples.update(outcome=Outcome.UPDATED, serving_config="vlm-v2")
    values: dict[str, Any] = {
        "update": record_update(update, ()),
        "story": tell_story(
            update,
            [moment(0, "ProtectCapacity", "x" * 300)],
            [stage(10, "Baking for 300 seconds (WaitIntervalInSeconds) with traffic enabled")],
            endpoint((heads(0, 4, 2),)),
        ),
        "virtual_seconds": 1380,
        "peak_instances": 6,
        "requests": 2774,
        "failed_requests": 3,
        "first_failures": ("ModelError: 500",),
        "state_transitions": 22,
        "twin_config": "vlm-v2",
    }
    return RehearsalRecord(**{**values, **changes})


def draw(told: RehearsalRecord, width: int) -> str:
    console = Console(width=width, file=StringIO(), record=True)
    update = samples.update(outcome=Outcome.UPDATED, serving_config="vlm-v2")
    console.print(draw_report(told, update))
    return console.export_text()


@pytest.mark.parametrize("width", [80, 110])
def test_the_report_tells_what_it_would_cost(width: int) -> None:
    text = draw(record(), width)

    assert "23 min" in text
    assert "6 instances" in text
    assert "2,774 sent, 3 failed" in text
    assert "first: ModelError: 500" in text
    assert "vlm-v2, as recorded" in text


def test_an_outcome_that_the_twin_contradicts_is_not_true_and_is_shown() -> None:
    told = record(twin_config="vlm-v1")

    assert not told.is_true
    assert "vlm-v1, but recorded is vlm-v2" in draw(told, 110)
