"""The serving config decides the outcome, never the intention."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.samples import NOW, endpoint, plan, reason, variant

from switchover.domain.fleet import (
    Absent,
    CapacitySnapshot,
    EndpointReading,
    EndpointStatus,
    ScalingReading,
    Stage,
)
from switchover.domain.outcome import Conclusion, Ending, Outcome, conclude, serves
from switchover.domain.verdict import Verdict

PLAN = plan()
TARGET, PREVIOUS = PLAN.target.config, PLAN.previous.config
GONE = Absent(name="chat", read_at=NOW)


def conclusion(
    seen: EndpointReading | Absent, verdict: str = "updated", **changes: Any
) -> Conclusion:
    kept = {
        "plan": PLAN,
        "was_started": True,
        "is_mixed": False,
        "is_capacity_restored": True,
        **changes,
    }
    ending = kept.pop("ending", Ending(verdict=verdict))
    return conclude(ending, kept.pop("plan"), seen, **kept)


def test_updated_needs_the_verdict_and_the_target() -> None:
    told = conclusion(endpoint(config_name=TARGET))
    assert told.outcome is Outcome.UPDATED
    assert told.summary == f"chat serves v2 ({TARGET})."


@pytest.mark.parametrize("verdict", ["rolled_back", "failed", "moving", "overdue", "gave_up", ""])
def test_the_target_alone_is_not_enough(verdict: str) -> None:
    assert conclusion(endpoint(config_name=TARGET), verdict).outcome is Outcome.NEEDS_OPERATOR


@pytest.mark.parametrize("verdict", ["updated", "settled", "rolled_back"])
def test_the_previous_config_is_a_rollback_whatever_was_said_before(verdict: str) -> None:
    assert conclusion(endpoint(config_name=PREVIOUS), verdict).outcome is Outcome.ROLLED_BACK


def test_a_rollback_says_why() -> None:
    ending = Ending(verdict="settled", reasons=(reason(), reason()))
    told = conclusion(endpoint(config_name=PREVIOUS), ending=ending)
    assert told.summary == (
        f"chat is back on v1 ({PREVIOUS}), not on v2: file: field: is wrong. (and 1 more)"
    )


@pytest.mark.parametrize(
    "seen",
    [
        GONE,
        endpoint(config_name="somebody-elses"),
        endpoint(config_name=TARGET, status=EndpointStatus.UPDATE_ROLLBACK_FAILED),
        endpoint(config_name=TARGET, status=EndpointStatus.FAILED),
        endpoint(config_name=TARGET, pending_config_name="x"),
        endpoint(config_name=PREVIOUS, status=EndpointStatus.OUT_OF_SERVICE),
    ],
)
def test_anything_unsettled_needs_a_person(seen: EndpointReading | Absent) -> None:
    assert conclusion(seen).outcome is Outcome.NEEDS_OPERATOR


def test_a_mixed_fleet_is_back_only_on_the_repaired_config() -> None:
    """It reports the previous config's name while both configs serve (rules §2.2)."""
    mixed = conclusion(endpoint(config_name=PREVIOUS), "settled", is_mixed=True)
    repaired = conclusion(endpoint(config_name=PLAN.repair_config), "settled", is_mixed=True)
    assert mixed.outcome is Outcome.NEEDS_OPERATOR
    assert repaired.outcome is Outcome.ROLLED_BACK


def test_before_the_start_every_trouble_is_a_rejection() -> None:
    told = conclusion(endpoint(), "rejected", was_started=False)
    assert told.outcome is Outcome.REJECTED
    assert told.summary.startswith("chat is unchanged: ")


def test_without_a_plan_it_is_a_rejection() -> None:
    told = conclusion(endpoint(), "rejected", plan=None, was_started=False)
    assert told.outcome is Outcome.REJECTED


@pytest.mark.parametrize("was_started", [True, False])
def test_capacity_that_could_not_be_put_back_needs_a_person(
    was_started: bool,  # noqa: FBT001
) -> None:
    """Scaling may be suspended though the update never began: nobody may read «not touched»."""
    seen = endpoint(config_name=TARGET if was_started else PREVIOUS)
    told = conclusion(seen, was_started=was_started, is_capacity_restored=False)
    assert told.outcome is Outcome.NEEDS_OPERATOR
    assert "capacity could not be restored" in told.summary
    assert told.reasons[-1].code == "capacity.not-restored"


@pytest.mark.parametrize(
    ("target", "instances", "told"),
    [
        (None, 6, "it had 4 instances before the update, now 6."),
        (None, 4, "scaling or size differs from before the update."),
        ({"MinCapacity": 2}, 6, "scaling or size differs from before the update."),
    ],
    ids=["fixed-size", "same-size", "autoscaled"],
)
def test_a_fleet_that_nothing_scales_and_that_has_not_its_size_back_is_told_in_instances(
    target: dict[str, Any] | None, instances: int, told: str
) -> None:
    noted = CapacitySnapshot(desired_instances=4, scaling=ScalingReading(target=target))
    seen = endpoint(config_name=TARGET, variants=(variant(instances),))
    missed = conclusion(seen, is_capacity_restored=False, noted=noted)
    assert missed.reasons[-1].message == f"its capacity could not be restored: {told}"
    assert missed.summary.endswith(told)


def test_capacity_of_an_endpoint_without_a_fleet_is_told_all_the_same() -> None:
    """A Failed endpoint shows no variants."""
    noted = CapacitySnapshot(desired_instances=4, scaling=ScalingReading())
    seen = endpoint(status=EndpointStatus.FAILED, variants=())
    missed = conclusion(seen, is_capacity_restored=False, noted=noted)
    assert missed.reasons[-1].message.endswith("scaling or size differs from before the update.")


def test_capacity_that_sagemaker_keeps_from_being_put_back_is_tried_again() -> None:
    seen = endpoint(status=EndpointStatus.UPDATING, pending_config_name=TARGET)
    missed = conclusion(seen, is_capacity_restored=False)
    assert missed.reasons[-1].remedy.startswith("Switchover tries again")


def test_a_crash_is_told_with_its_state_and_error() -> None:
    ending = Ending(verdict="crashed", crashed_in="CreateConfig", error="Timeout")
    told = conclusion(endpoint(), ending=ending, was_started=False)
    assert "state CreateConfig: failed: Timeout." in told.summary
    assert told.reasons[0].code == "switchover.crashed"


def test_an_ending_without_reasons_admits_it() -> None:
    assert Ending(verdict="failed").why == "it ended as 'failed'."


def test_what_serves_is_one_sentence() -> None:
    assert serves(endpoint()) == "chat is InService on chat-v1."
    assert serves(GONE) == "chat does not exist."


def test_awss_maintenance_leaves_what_serves_as_it_is() -> None:
    """SystemUpdating can start on its own (rules §7.9)."""
    seen = endpoint(config_name=TARGET, status=EndpointStatus.SYSTEM_UPDATING)
    assert conclusion(seen).outcome is Outcome.UPDATED


@given(
    verdict=st.sampled_from([*Verdict, "settled", "gave_up", "failed", "passed", "crashed"]),
    status=st.sampled_from(EndpointStatus),
    config=st.sampled_from([TARGET, PREVIOUS, "somebody-elses"]),
    pending=st.none() | st.just("x"),
    was_started=st.booleans(),
    is_capacity_restored=st.booleans(),
)
@settings(max_examples=1000)
def test_updated_is_never_said_unless_the_target_serves_at_rest_and_the_verdict_says_so(
    verdict: str,
    status: EndpointStatus,
    config: str,
    pending: str | None,
    was_started: bool,  # noqa: FBT001
    is_capacity_restored: bool,  # noqa: FBT001
) -> None:
    seen = endpoint(status=status, config_name=config, pending_config_name=pending)
    told = conclusion(
        seen, verdict, was_started=was_started, is_capacity_restored=is_capacity_restored
    )
    is_serving = status in {EndpointStatus.IN_SERVICE, EndpointStatus.SYSTEM_UPDATING}
    serves_target = is_serving and config == TARGET and pending is None
    may_say_so = verdict == "updated" and serves_target and was_started and is_capacity_restored
    assert (told.outcome is Outcome.UPDATED) == may_say_so


def test_a_summary_stays_short_enough_for_a_phone() -> None:
    """CloudWatch's StateReason alone runs over four lines; the reasons keep it whole."""
    long = reason(message=f"went red: {'Threshold Crossed ' * 40}")
    ending = Ending(verdict="settled", reasons=(long,))
    told = conclusion(endpoint(config_name=PREVIOUS), ending=ending)
    assert len(told.summary) < 300
    assert told.summary.endswith("…")
    assert told.reasons == (long,)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            'ClientError: {"errorMessage": "denied.", "stackTrace": ["…"]}',
            "failed: ClientError: denied.",
        ),
        ("States.Timeout: ", "failed: States.Timeout."),
        ("Lambda.Unknown: exited", "failed: Lambda.Unknown: exited."),
        ('X: ["errorMessage"]', 'failed: X: ["errorMessage"].'),
    ],
)
def test_a_crash_is_told_without_its_stack_trace(error: str, says: str) -> None:
    ending = Ending(verdict="crashed", crashed_in="RollBack", error=error)
    assert ending.all_reasons[0].message == says


def test_a_way_back_that_crashed_keeps_why_it_was_needed() -> None:
    why = Ending(verdict="failed", reasons=(reason("alarm.went-red"),))
    crashed = Ending(verdict="crashed", crashed_in="RollBack", earlier=why)
    told = conclusion(endpoint(config_name=TARGET), ending=crashed)
    assert [each.code for each in told.reasons] == ["alarm.went-red", "switchover.crashed"]
    assert told.summary.startswith(f"chat still serves v2 ({TARGET}): it could not be brought back")


@pytest.mark.parametrize(
    ("config", "outcome"), [(TARGET, Outcome.UPDATED), (PREVIOUS, Outcome.ROLLED_BACK)]
)
def test_a_fleet_that_only_changes_its_size_is_settled(config: str, outcome: Outcome) -> None:
    stage = Stage(status="Updating", message="Scaling out desired instance count to 6.")
    resized = endpoint(
        config_name=config, status=EndpointStatus.UPDATING, variants=(variant(stages=(stage,)),)
    )
    assert conclusion(resized).outcome is outcome


def test_updating_that_says_nothing_of_a_change_of_size_is_not_settled() -> None:
    seen = endpoint(config_name=TARGET, status=EndpointStatus.UPDATING)
    assert conclusion(seen).outcome is Outcome.NEEDS_OPERATOR


def test_the_copy_that_stands_in_for_a_config_that_is_gone_is_a_rollback() -> None:
    assert conclusion(endpoint(config_name=PLAN.repair_config)).outcome is Outcome.ROLLED_BACK
