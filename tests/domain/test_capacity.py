"""Fields with our value are restored; fields that others changed meanwhile stay, field by field."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.support.samples import endpoint, plan, variant

from switchover.domain.capacity import Restoration, plan_restoration, tell_left
from switchover.domain.fleet import CapacitySnapshot, EndpointStatus, ScalingReading
from switchover.domain.scaling_parts import protection

_POLICY = {
    "PolicyName": "by-load",
    "PolicyType": "TargetTrackingScaling",
    "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0},
    "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
    "Alarms": [],
}
_ACTION = {
    "ScheduledActionName": "night",
    "Schedule": "cron(0 22 * * ? *)",
    "StartTime": datetime(2026, 1, 1, tzinfo=UTC),
    "ScalableTargetAction": {"MinCapacity": 1},
}
_FREE = dict.fromkeys(protection(None)["SuspendedState"], False)
_SUSPENDED = protection(None)["SuspendedState"]
_DURING = (6, 12)


def target(low: int = 2, high: int = 8, suspended: dict[str, bool] = _FREE) -> dict[str, Any]:
    """A scalable target as it is described."""
    return {"MinCapacity": low, "MaxCapacity": high, "SuspendedState": suspended}


def scaled(found: dict[str, Any] | None, **changes: Any) -> ScalingReading:
    """Scaling with a policy and a scheduled action."""
    return ScalingReading.model_validate(
        {"target": found, "policies": (_POLICY,), "scheduled_actions": (_ACTION,), **changes}
    )


def restoration(
    found: ScalingReading,
    *,
    before: ScalingReading | None = None,
    instances: int = 4,
    during: tuple[int, int] | None = _DURING,
    is_recreated: bool = False,
    status: EndpointStatus = EndpointStatus.IN_SERVICE,
) -> Restoration:
    """What is put back where 4 instances were noted, scaling freely between 2 and 8."""
    values: dict[str, Any] = {}
    if during:
        values["capacity"] = {"during": {"min": during[0], "max": during[1]}}
    if is_recreated:
        values |= {"strategy": "redeploy", "allow_downtime": True}
    return plan_restoration(
        CapacitySnapshot(desired_instances=4, scaling=before or scaled(target())),
        found,
        endpoint(variants=(variant(instances),), status=status),
        plan(**values),
        is_recreated=is_recreated,
    )


def test_what_we_set_is_put_back() -> None:
    restored = restoration(scaled(target(6, 12, _SUSPENDED)), instances=6)

    assert restored.target == {"MinCapacity": 2, "MaxCapacity": 8, "SuspendedState": _FREE}
    assert restored.instances == 4
    assert restored.others == ()


def test_what_is_as_before_is_not_written_again() -> None:
    """A crash before we set anything, or a second time after it was put back."""
    assert restoration(scaled(target())) == Restoration()


def test_what_was_suspended_before_stays_so() -> None:
    before = target(suspended={**_FREE, "ScheduledScalingSuspended": True})

    restored = restoration(scaled(target(2, 8, _SUSPENDED)), before=scaled(before), during=None)

    assert restored.target == {"SuspendedState": {**_FREE, "ScheduledScalingSuspended": True}}


@pytest.mark.parametrize(
    ("found", "wanted", "told"),
    [
        (target(6, 20, _SUSPENDED), {"MinCapacity": 2}, "MaxCapacity was set to 20 (before: 8)"),
        (target(3, 12, _SUSPENDED), {"MaxCapacity": 8}, "MinCapacity was set to 3 (before: 2)"),
    ],
)
def test_a_bound_of_theirs_stays_and_the_other_is_put_back(
    found: dict[str, Any], wanted: dict[str, int], told: str
) -> None:
    restored = restoration(scaled(found))

    assert restored.target == {**wanted, "SuspendedState": _FREE}
    assert restored.others == (told,)


def test_a_bound_of_theirs_that_ours_would_contradict_keeps_the_pair() -> None:
    before = scaled(target(5, 8))

    restored = restoration(scaled(target(2, 3, _SUSPENDED)), before=before, during=(2, 12))

    assert restored.target == {"SuspendedState": _FREE}
    assert restored.others == (
        "MinCapacity was set to 2 (before: 5)",
        "MaxCapacity was set to 3 (before: 8)",
    )


def test_scaling_that_somebody_resumed_stays_resumed() -> None:
    """It was suspended before, we left it so, and now it isn't: that is theirs."""
    before = target(suspended=_SUSPENDED)

    restored = restoration(scaled(target()), before=scaled(before), during=None)

    assert restored.target is None
    assert len(restored.others) == 3


def test_a_target_that_somebody_removed_is_not_made_again() -> None:
    restored = restoration(ScalingReading())

    assert restored == Restoration(others=("the scalable target was deregistered",))


def test_a_target_that_somebody_made_is_theirs() -> None:
    restored = restoration(scaled(target()), before=ScalingReading())

    assert restored == Restoration(others=("a scalable target was registered",))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"policies": ()}, "scaling policy by-load was removed"),
        ({"policies": (_POLICY, {**_POLICY, "PolicyName": "x"})}, "scaling policy x was added"),
        (
            {
                "policies": (
                    {**_POLICY, "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 50}},
                )
            },
            "scaling policy by-load was changed",
        ),
        ({"scheduled_actions": ()}, "scheduled action night was removed"),
        (
            {"scheduled_actions": ({**_ACTION, "Schedule": "rate(1 day)"},)},
            "scheduled action night was changed",
        ),
    ],
)
def test_what_others_did_to_policies_and_actions_is_left(
    changes: dict[str, Any], told: str
) -> None:
    restored = restoration(scaled(target(2, 8, _SUSPENDED), **changes), during=None)

    assert (restored.policies, restored.scheduled_actions) == ((), ())
    assert restored.others == (told,)
    assert restored.target == {"SuspendedState": _FREE}


def test_a_description_that_only_tells_more_is_no_change() -> None:
    policy = {**_POLICY, "Alarms": [{"AlarmName": "made-by-aws"}], "CreationTime": "later"}

    assert restoration(scaled(target(), policies=(policy,))).others == ()


def test_what_a_redeploy_deleted_is_made_again() -> None:
    restored = restoration(ScalingReading(), is_recreated=True, during=None)

    assert restored.target == {"MinCapacity": 2, "MaxCapacity": 8, "SuspendedState": _FREE}
    assert [policy["PolicyName"] for policy in restored.policies] == ["by-load"]
    assert [action["ScheduledActionName"] for action in restored.scheduled_actions] == ["night"]
    assert "CreationTime" not in restored.policies[0]
    assert restored.others == ()


def test_what_a_crash_left_half_made_is_made_whole() -> None:
    half = scaled(target(), scheduled_actions=())

    restored = restoration(half, is_recreated=True, during=None)

    assert (restored.target, restored.policies) == (None, ())
    assert len(restored.scheduled_actions) == 1


def test_a_redeployed_fleet_gets_its_size_back_whatever_it_came_up_with() -> None:
    assert restoration(scaled(target()), is_recreated=True, instances=2).instances == 4


def test_a_size_that_somebody_chose_stays() -> None:
    restored = restoration(scaled(target()), instances=10)

    assert restored.instances is None
    assert restored.others == ("the fleet's size was set to 10 (before: 4)",)


def test_a_size_that_was_never_ours_to_change_is_nobodys_business() -> None:
    """Without a temporary scale-up only autoscaling or people move it."""
    assert restoration(scaled(target()), instances=10, during=None) == Restoration()


def test_the_fleet_goes_no_lower_than_the_bound_that_somebody_set() -> None:
    restored = restoration(scaled(target(5, 12, _SUSPENDED)), instances=6)

    assert restored.instances == 5


def test_a_fleet_that_moves_is_not_resized() -> None:
    restored = restoration(scaled(target()), instances=6, status=EndpointStatus.UPDATING)

    assert restored.instances is None


def test_people_are_told_what_was_left_to_them() -> None:
    (reason,) = tell_left("chat", Restoration(others=("MaxCapacity was set to 20 (before: 8)",)))

    assert reason.code == "capacity.changed-by-others"
    assert str(reason).startswith("endpoint chat: MaxCapacity was set to 20 (before: 8) while")


@pytest.mark.parametrize("status", [EndpointStatus.UPDATE_ROLLBACK_FAILED, EndpointStatus.UPDATING])
def test_a_raised_fleet_that_sagemaker_does_not_resize_now_is_not_called_restored(
    status: EndpointStatus,
) -> None:
    left = restoration(scaled(target()), instances=6, status=status)

    assert left.is_out_of_reach
    assert left.instances is None


@pytest.mark.parametrize(("serving", "instances"), [("target", None), ("previous", 4)])
def test_a_size_that_the_config_decides_is_put_back_only_with_the_previous_one(
    serving: str, instances: int | None
) -> None:
    planned = plan(2, retain_capacity=False)
    seen = endpoint(config_name=getattr(planned, serving).config, variants=(variant(2),))

    left = plan_restoration(
        CapacitySnapshot(desired_instances=4, scaling=scaled(target())),
        scaled(target()),
        seen,
        planned,
        is_recreated=False,
    )

    assert left.instances == instances
    assert left.others == ()


def test_alarms_of_step_scaling_that_was_deleted_with_the_endpoint_are_told() -> None:
    """Made again, the policy has another ARN, by which nothing calls it."""
    steps = {**_POLICY, "PolicyType": "StepScaling", "Alarms": [{"AlarmName": "queue-is-long"}]}
    before = scaled(target(), policies=(_POLICY, steps))

    gone = restoration(ScalingReading(), before=before, during=None, is_recreated=True)

    assert gone.told == "Needs a new action: queue-is-long."
    (told,) = tell_left("chat", gone)
    assert told.code == "capacity.alarms-astray"
    assert "queue-is-long" in told.message


def test_alarms_of_step_scaling_that_was_never_deleted_are_no_matter() -> None:
    steps = {**_POLICY, "PolicyType": "StepScaling", "Alarms": [{"AlarmName": "queue-is-long"}]}
    before = scaled(target(), policies=(steps,))

    assert restoration(before, before=before) == Restoration()
