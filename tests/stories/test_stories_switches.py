"""The product handles both possibilities of each question that AWS's documents leave open.

One story per switch of the twin, told once for each of its positions. A story puts its switch to
work: what is to be seen differs with the position, while the outcome is true in each. Where it
doesn't differ, the product never depends on the answer, and that is what the story shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import pytest
from tests.support.expectations import assert_nothing_left_behind, assert_untouched
from tests.support.scene import ENDPOINT
from tests.support.switch_situations import (
    ask_with_a_body_of_7_mb,
    codes_of_last,
    go_back_to_other_hardware,
    has_host_metrics_by_config,
    has_own_deadline,
    have_no_instance_to_leave_a_mix_with,
    last_update,
    lose_an_alarm_just_before_the_start,
    most_serving_in_the_bake,
    offer_bad_canary,
    offer_bad_to_few,
    offer_canary,
    offer_canary_of_40_percent,
    offer_linear,
    offer_under_a_name_in_another_case,
    offer_what_never_gets_healthy,
    offer_what_outlasts_its_deadline,
    reason,
    refusal,
    sent_canary,
    statuses,
    stop_in_the_bake,
    turn_a_composite_red_in_the_bake,
    turn_red_just_before_the_start,
    updating_seconds,
    was_woken_at_the_end,
)

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import Scenario, Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

UPDATED, ROLLED_BACK, REJECTED, NEEDS_OPERATOR = (
    Outcome.UPDATED,
    Outcome.ROLLED_BACK,
    Outcome.REJECTED,
    Outcome.NEEDS_OPERATOR,
)
_OWN_WORDS = "AWS may word it otherwise: {alarm}"
_OTHER_HARDWARE = (
    "runs on ml.g6e.2xlarge, the live config on ml.g6e.4xlarge: SageMaker refuses to change the type"
    " of a variant that is registered for scaling"
)
_OWN_REFUSAL = "AWS may word it otherwise: {variants}"


@dataclass(frozen=True)
class Story:
    """What happens around one switch.

    arrange: brings about the situation that the switch decides, up to the offer at least.
    see: what is to be seen once all is over.
    ends: by position, the outcome and what is seen.
    check: whether the outcome is true and everything is put back.
    """

    arrange: Callable[[World], object]
    see: Callable[[World], object]
    ends: Mapping[Any, tuple[Outcome, object]]
    check: Callable[[World], object] = assert_nothing_left_behind
    instances: int = 4


# Whether it is true


def _assert_left_to_a_person(world: World) -> None:
    """The outcome is true, the endpoint free, one voice told it; what to do next is a decision."""
    update = world.update()
    assert update.serving_config == world.serving
    assert update.plan is not None
    assert not [name for name in world.alarm_names() if update.plan.target.config in name]
    assert world.ledger.claim(ENDPOINT) is None
    assert world.messages() == [f"NeedsOperator: {ENDPOINT} v2"]
    assert world.lambdas.dead_letters == []


def _assert_left_as_made_by_hand(world: World) -> None:
    """The second update touched nothing of what somebody made by hand."""
    assert world.serving == "by-hand"
    assert world.twin.traffic_shares(ENDPOINT) == {"by-hand": 1.0}
    assert world.ledger.claim(ENDPOINT) is None
    assert world.capacity() == world.capacity_before
    assert world.lambdas.dead_letters == []


_ONCE = ("Updating", "InService")
_AND_BACK = (*_ONCE, *_ONCE)
_MIX = ("Updating", "UpdateRollbackFailed")

STORIES: dict[str, Story] = {
    "failure_reason_after_rollback": Story(
        offer_what_never_gets_healthy,
        lambda world: bool(reason(world)),
        {"told": (ROLLED_BACK, True), "empty": (ROLLED_BACK, False)},
    ),
    "alarm_failure_reason": Story(
        offer_bad_canary,
        lambda world: reason(world).partition(":")[0],
        {
            Switches().alarm_failure_reason: (ROLLED_BACK, "The deployment was rolled back"),
            _OWN_WORDS: (ROLLED_BACK, "AWS may word it otherwise"),
            "": (ROLLED_BACK, ""),
        },
    ),
    "red_alarm_at_start": Story(
        turn_red_just_before_the_start,
        statuses,
        {
            "trips_first_bake": (ROLLED_BACK, _ONCE),
            # Nobody at SageMaker minds, but the policy does: the product goes back itself.
            "waits_for_transition": (ROLLED_BACK, _AND_BACK),
            "refused": (REJECTED, ()),
        },
    ),
    "missing_alarm": Story(
        lose_an_alarm_just_before_the_start,
        statuses,
        {"ignored": (UPDATED, _ONCE), "refused": (REJECTED, ())},
    ),
    "composite_alarms": Story(
        turn_a_composite_red_in_the_bake,
        statuses,
        {
            "ignored": (ROLLED_BACK, _AND_BACK),
            "watched": (ROLLED_BACK, _ONCE),
            "refused": (REJECTED, ()),
        },
    ),
    "set_alarm_state_trips": Story(
        stop_in_the_bake,
        # SageMaker rolls back either way: by the alarm that was set, or by the metric behind it.
        lambda world: (statuses(world), last_update(world).way_back.abort_published_at is not None),
        {True: (ROLLED_BACK, (_ONCE, False)), False: (ROLLED_BACK, (_ONCE, True))},
    ),
    "single_instance_guardrail": Story(
        offer_canary,
        statuses,
        {"refused": (REJECTED, ()), "accepted": (REJECTED, ())},
        check=assert_untouched,
        instances=1,
    ),
    "percent_rounding": Story(
        offer_canary_of_40_percent,
        sent_canary,
        {
            "down": (UPDATED, {"Type": "INSTANCE_COUNT", "Value": 1}),
            "up": (UPDATED, {"Type": "INSTANCE_COUNT", "Value": 1}),
        },
    ),
    "deadline_outcome": Story(
        offer_what_outlasts_its_deadline,
        statuses,
        {
            "rolled_back": (ROLLED_BACK, _ONCE),
            "mixed": (ROLLED_BACK, (*_MIX, *_ONCE)),
            "failed": (NEEDS_OPERATOR, ("Updating", "Failed")),
        },
    ),
    "default_deadline_seconds": Story(
        offer_canary, has_own_deadline, {28_800: (UPDATED, True), 600: (UPDATED, True)}
    ),
    "failed_mix_repair": Story(
        have_no_instance_to_leave_a_mix_with,
        statuses,
        {
            "mixed": (NEEDS_OPERATOR, _MIX * 4),
            "failed": (NEEDS_OPERATOR, (*_MIX, "Updating", "Failed")),
        },
    ),
    "linear_last_step_waits": Story(
        offer_linear, updating_seconds, {False: (UPDATED, 1750), True: (UPDATED, 1750 + 300)}
    ),
    "canary_frees_old_instances": Story(
        offer_canary, most_serving_in_the_bake, {False: (UPDATED, 4 + 1), True: (UPDATED, 3 + 1)}
    ),
    "rollback_status": Story(
        offer_bad_canary,
        statuses,
        {
            "Updating": (ROLLED_BACK, _ONCE),
            "RollingBack": (ROLLED_BACK, ("Updating", "RollingBack", "InService")),
        },
    ),
    "statuses_without_event": Story(
        offer_canary,
        was_woken_at_the_end,
        {frozenset(): (UPDATED, True), frozenset({"IN_SERVICE"}): (UPDATED, False)},
    ),
    "scalable_target_error": Story(
        go_back_to_other_hardware,
        refusal,
        {
            # However SageMaker words it, such an update is refused before it is asked for.
            Switches().scalable_target_error: (REJECTED, _OTHER_HARDWARE),
            _OWN_REFUSAL: (REJECTED, _OTHER_HARDWARE),
        },
        check=_assert_left_as_made_by_hand,
    ),
    "gpu_metrics_by_config": Story(
        offer_canary,
        has_host_metrics_by_config,
        {False: (UPDATED, False), True: (UPDATED, True)},
    ),
    "alarm_extra_periods": Story(
        offer_bad_to_few, updating_seconds, {0: (ROLLED_BACK, 809), 2: (ROLLED_BACK, 749)}
    ),
    "good_data_holds_alarm_back": Story(
        offer_bad_to_few, updating_seconds, {True: (ROLLED_BACK, 749), False: (ROLLED_BACK, 749)}
    ),
    "young_breach_state": Story(
        offer_bad_to_few, updating_seconds, {"kept": (ROLLED_BACK, 749), "OK": (ROLLED_BACK, 749)}
    ),
    "invoke_body_limit_bytes": Story(
        ask_with_a_body_of_7_mb,
        codes_of_last,
        {26_214_400: (UPDATED, []), 6_291_456: (ROLLED_BACK, ["approval.expired"])},
    ),
    "names_match_case": Story(
        offer_under_a_name_in_another_case,
        codes_of_last,
        {False: (REJECTED, ["endpoint.unknown"]), True: (REJECTED, ["endpoint.unknown"])},
        check=assert_untouched,
    ),
}


def positions_of(switch: str) -> set[object]:
    """Where a switch can stand: every choice it has, or at least where it stands by default."""
    annotation, default = Switches.model_fields[switch].annotation, getattr(Switches(), switch)
    if annotation is bool:
        return {False, True}
    if get_origin(annotation) is Literal:
        return set(get_args(annotation))
    return {default}


@pytest.mark.parametrize("switch", Switches.model_fields)
def test_every_switch_has_a_story_for_each_of_its_positions(switch: str) -> None:
    told = set(STORIES[switch].ends)

    assert told >= positions_of(switch)
    assert len(told) >= 2


def test_no_story_is_of_a_switch_that_is_gone() -> None:
    assert set(STORIES) == set(Switches.model_fields)


@pytest.mark.parametrize(
    ("switch", "position"),
    [(switch, position) for switch, story in STORIES.items() for position in story.ends],
)
def test_the_outcome_is_true_wherever_the_switch_stands(
    make_world: MakeWorld, switch: str, position: object
) -> None:
    story = STORIES[switch]
    switches = Switches.model_validate({switch: position})
    world = make_world(Scenario(switches=switches), instances=story.instances)
    story.arrange(world)

    world.run()

    outcome, seen = story.ends[position]
    assert last_update(world).outcome is outcome
    assert story.see(world) == seen
    check = _assert_left_to_a_person if outcome is NEEDS_OPERATOR else story.check
    check(world)
