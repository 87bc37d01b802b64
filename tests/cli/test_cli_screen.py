"""The panel of an update, drawn from fixed values."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console, RenderableType
from tests.support import samples, template_parts

from switchover.domain.fleet import Absent, AlarmReading, AlarmState, EndpointStatus, Stage
from switchover.domain.outcome import Outcome
from switchover.domain.serving import say_serving, serving_of
from switchover.domain.update.records import Moment
from switchover_cli.scene import STATE_WORDS, FleetCount, Scene
from switchover_cli.screens.update import draw_fleet, draw_outcome, draw_scene

PLAN = samples.plan(strategy="canary", canary={"percent": 25})


def test_every_state_is_told_in_plain_words() -> None:
    assert set(STATE_WORDS) == {task.name for task in template_parts.tasks()}


def scene(**changes: Any) -> Scene:
    baking = samples.variant(
        current_instances=1,
        stages=(Stage(status="Baking", message="Baking for 300 seconds with 1 instance(s)."),),
    )
    values: dict[str, Any] = {
        "update": samples.update(
            plan=PLAN, course=samples.course(target_config=PLAN.target.config)
        ),
        "timeline": (Moment(at=samples.later(65), state="AwaitOutcome", text="Launching."),),
        "endpoint": samples.endpoint(
            status=EndpointStatus.UPDATING,
            pending_config_name=PLAN.target.config,
            pending_variants=(baking,),
        ),
        "alarms": (
            AlarmReading(name="switchover/chat/chat-v2/5xx", state=AlarmState.OK),
            AlarmReading(name="switchover/chat/chat-v2/latency", state=AlarmState.ALARM),
            AlarmReading(name="switchover/chat/standing/errors", state=AlarmState.MISSING),
        ),
        "now": samples.later(665),
    }
    return Scene(**{**values, **changes})


def drawn(renderable: RenderableType, width: int = 80) -> str:
    console = Console(record=True, width=width, file=StringIO(), force_terminal=True)
    console.print(renderable)
    return console.export_text()


def test_the_panel_says_what_sagemaker_does_in_plain_words() -> None:
    text = drawn(draw_scene(scene()))

    assert "Baking for 5 min with 1 instance" in text
    assert "chat → v2" in text
    assert "canary: 1 of 4 first" in text


def test_the_panel_counts_both_fleets_against_the_full_size() -> None:
    text = drawn(draw_scene(scene()))

    assert "old ■■■■ 4 of 4    new ■□□□ 1 of 4" in text


def test_an_alarms_state_can_be_read_without_colour() -> None:
    text = drawn(draw_scene(scene()))

    assert "new fleet    5xx OK   latency ALARM" in text
    assert "both fleets  errors missing" in text


def test_time_is_measured_against_the_plan() -> None:
    text = drawn(draw_scene(scene()))

    assert f"10 min of about {round(PLAN.times.expected_seconds / 60)} min" in text


def test_a_late_update_says_by_how_much_and_when_it_is_given_up() -> None:
    late = scene(now=samples.later(65 + PLAN.times.expected_seconds + 120))

    text = " ".join(drawn(draw_scene(late), width=104).replace("│", " ").split())

    assert "2 min longer than planned (about" in text
    assert "the update gives up in" in text


def test_the_panel_fits_eighty_columns() -> None:
    lines = drawn(draw_scene(scene())).splitlines()

    assert max(map(len, lines)) == 80


def test_the_panel_keeps_its_height_while_the_timeline_grows() -> None:
    many = tuple(
        Moment(at=samples.later(minute * 60), state="AwaitOutcome", text=f"moment {minute}")
        for minute in range(20)
    )

    short, long = drawn(draw_scene(scene())), drawn(draw_scene(scene(timeline=many)))

    assert len(short.splitlines()) == len(long.splitlines())
    assert "moment 19" in long
    assert "moment 11" not in long


def test_a_fleet_too_large_for_squares_is_told_in_numbers() -> None:
    assert draw_fleet(FleetCount(old=40, new=10), 40).plain == "old 40 of 40    new 10 of 40"


def test_after_the_switch_the_target_is_the_new_fleet() -> None:
    done = scene(endpoint=samples.endpoint(config_name=PLAN.target.config))

    assert done.fleet == FleetCount(old=0, new=4)


def test_a_missing_endpoint_is_said() -> None:
    gone = scene(endpoint=Absent(name="chat", read_at=samples.NOW))

    assert "there is no endpoint now" in gone.phase


def test_before_the_start_the_phase_is_what_the_state_machine_does() -> None:
    early = scene(
        update=samples.update(),
        timeline=(),
        endpoint=samples.endpoint(),
    )

    assert early.phase == "Checking that no other update holds this endpoint"


def test_an_outcome_shows_every_reason_with_its_remedy() -> None:
    update = samples.update(
        outcome=Outcome.REJECTED,
        summary="chat was not touched.",
        reasons=(samples.reason(), samples.reason(subject="other", remedy="Raise it.")),
    )

    text = drawn(draw_outcome(update))

    assert text.startswith("Rejected  chat was not touched.")
    assert "→ Mend it." in text
    assert "→ Raise it." in text


def test_names_with_brackets_are_not_taken_for_markup() -> None:
    update = samples.update(
        outcome=Outcome.REJECTED, reasons=(samples.reason(subject="files[0]", message="[red] x."),)
    )

    assert "files[0]  [red] x." in drawn(draw_outcome(update))


def test_a_fleet_that_went_back_is_not_told_as_still_moving() -> None:
    seen = samples.course(target_config=PLAN.target.config, was_seen_moving=True)
    back = scene(update=samples.update(plan=PLAN, course=seen), endpoint=samples.endpoint())

    assert back.phase == "SageMaker went back; the outcome is being checked"


def test_another_updates_stages_are_not_shown_as_this_ones() -> None:
    mine = scene(update=samples.update(), timeline=())

    assert "Baking" not in mine.phase


def test_a_reason_that_the_summary_quotes_is_told_once() -> None:
    reason = samples.reason()
    summary = f"chat is unchanged: {reason.subject}: {reason.message}"
    update = samples.update(outcome=Outcome.REJECTED, summary=summary, reasons=(reason,))

    text = drawn(draw_outcome(update))

    assert text.startswith("Rejected  chat is unchanged.\n")
    assert text.count("is wrong.") == 1


@pytest.mark.parametrize("width", [80, 100, 104])
def test_nothing_in_the_panel_is_cut(width: int) -> None:
    long = "Baking for 300 seconds (TerminationWaitInSeconds) with traffic enabled on rolling"
    baking = samples.variant(
        current_instances=1,
        stages=(Stage(status="Baking", message=f"{long} capacity of 1 instance(s)."),),
    )
    endpoint = samples.endpoint(
        status=EndpointStatus.UPDATING,
        pending_config_name=PLAN.target.config,
        pending_variants=(baking,),
    )
    told = scene(
        endpoint=endpoint,
        timeline=(Moment(at=samples.later(65), state="AwaitOutcome", text=f"{long} one."),),
    )

    text = " ".join(drawn(draw_scene(told), width=width).replace("│", " ").split())

    assert "…" not in text
    assert "Baking for 5 min with traffic enabled on rolling capacity of 1 instance" in text
    assert "Baking for 5 min with traffic enabled on rolling one" in text


def test_an_endpoint_that_is_being_made_serves_nothing_yet() -> None:
    made = samples.endpoint(status=EndpointStatus.CREATING, variants=())

    assert say_serving(serving_of(made, None)) == "nothing yet: (chat-v1) is being created"


def test_no_instance_is_no_serving() -> None:
    bare = samples.endpoint(status=EndpointStatus.UPDATING, variants=())

    assert "0 instances" not in say_serving(serving_of(bare, None))
