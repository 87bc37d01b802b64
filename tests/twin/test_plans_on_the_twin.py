"""What a plan says is what happens: on the twin, for every strategy, whatever the policy asks."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from tests.support.planned import plan_on, play, stand
from tests.support.policies import FLEETS, POLICIES, ready_of

from switchover.domain.plans.plan import Plan
from switchover.domain.plans.timeline import way_back_seconds
from switchover.domain.policies.choices import Strategy
from switchover.domain.update.history import measure
from switchover_local.twin.scenario import Switches

if TYPE_CHECKING:
    from tests.support.planned import Played
    from tests.support.staging import Staging

STRATEGIES = [each.value for each in Strategy]
BYTES = 16_000_000_000


def accepted(staging: Staging, **values: Any) -> Plan:
    made = plan_on(staging, allow_downtime=True, **values)
    assert isinstance(made, Plan), [str(reason) for reason in made]
    return made


def error_of(made: Plan, played: Played) -> float:
    """How far the estimate was off, as a share of what it took."""
    return abs(made.times.expected_seconds - played.seconds) / played.seconds


@given(
    instances=FLEETS,
    desired=st.none() | FLEETS,
    values=POLICIES,
    retain=st.booleans(),
    last_step_waits=st.booleans(),
    canary_frees=st.booleans(),
)
# No shrinking: what falsifies a plan is small already, and each try takes a whole update.
@settings(max_examples=25, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_an_accepted_plan_is_carried_out_as_it_says(
    instances: int,
    desired: int | None,
    values: dict[str, Any],
    retain: bool,  # noqa: FBT001  (hypothesis passes by name)
    last_step_waits: bool,  # noqa: FBT001
    canary_frees: bool,  # noqa: FBT001
) -> None:
    """Accepted by the twin, over within its deadline, on no more instances than it said."""
    staging = stand(
        instances,
        ready_of(values),
        desired_instances=desired,
        switches=Switches(
            linear_last_step_waits=last_step_waits, canary_frees_old_instances=canary_frees
        ),
    )
    made = plan_on(staging, retain_capacity=retain, **values)
    assume(not isinstance(made, tuple))

    played = play(staging, made)

    assert (played.status, played.config_name) == ("InService", made.target.config)
    assert played.seconds <= made.times.deadline_seconds
    assert played.peak_instances <= made.capacity.peak_instances
    assert played.extra_instance_seconds <= made.capacity.extra_instance_seconds + _doubt(made)
    least, most = made.deployment.first_share
    assert all(least - 1e-9 <= share for share in played.shares)
    assert not played.shares or played.shares[0] <= most + 1e-9


def _doubt(made: Plan) -> int:
    """The last linear step may bake before the final bake, on all that stands (rules §2.6)."""
    is_linear = made.deployment.pace.strategy is Strategy.LINEAR
    return made.deployment.pace.bake_seconds * made.capacity.peak_instances if is_linear else 0


@pytest.mark.parametrize("instances", [2, 3, 7, 20, 50])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_an_estimate_is_within_a_twentieth(strategy: str, instances: int) -> None:
    staging = stand(instances)
    made = accepted(staging, strategy=strategy, ready_seconds=480)

    played = play(staging, made)

    assert error_of(made, played) < 0.05
    assert played.peak_instances == made.capacity.peak_instances
    assert played.extra_instance_seconds == pytest.approx(made.capacity.extra_instance_seconds)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_second_estimate_has_learnt_from_the_first_update(strategy: str) -> None:
    """Nothing was known, and everything takes longer here than the product assumes."""
    staging = stand(4, 900, activate_seconds=25, terminate_seconds=60)
    first = accepted(staging, strategy=strategy, model_bytes=BYTES)
    played = play(staging, first)
    past = (measure(first, BYTES, round(played.seconds)),)
    again = stand(4, 900, activate_seconds=25, terminate_seconds=60)
    second = accepted(again, strategy=strategy, model_bytes=BYTES, past=past)

    replayed = play(again, second)

    assert error_of(first, played) > 0.05
    assert error_of(second, replayed) < 0.01
    assert second.times.ready_source == "1 past update"


@pytest.mark.parametrize("strategy", ["rolling", "canary", "linear", "all-at-once"])
def test_an_alarm_at_the_last_moment_is_over_within_the_worst_case(strategy: str) -> None:
    staging = stand(4)
    made = accepted(staging, strategy=strategy, ready_seconds=480)
    staging.clock.call_later(made.times.expected_seconds - 60, lambda: _trip(staging, made))

    played = play(staging, made)

    assert played.config_name == made.previous.config
    assert played.seconds <= made.times.worst_seconds
    assert played.peak_instances == made.capacity.rollback_peak_instances


def _trip(staging: Staging, made: Plan) -> None:
    staging.set_alarm("ALARM", made.alarms.abort)


@given(instances=FLEETS, values=POLICIES, slower=st.floats(1.5, 6))
@settings(max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
def test_an_update_that_outlasts_its_deadline_takes_no_more_than_the_plan_says(
    instances: int, values: dict[str, Any], slower: float
) -> None:
    """Instances come later than was believed, so that SageMaker turns back wherever it is."""
    really_ready = round(ready_of(values) * slower)
    staging = stand(instances, really_ready)
    made = plan_on(staging, **values)
    assume(not isinstance(made, tuple) and made.deployment.request is not None)

    played = play(staging, made)

    assert played.peak_instances <= made.capacity.rollback_peak_instances
    assert played.seconds <= made.times.deadline_seconds + way_back_seconds(
        made.deployment.pace, really_ready
    )


@pytest.mark.parametrize("batch_percent", [5, 20, 50, 100])
def test_a_rolling_way_back_takes_as_long_as_its_batches(batch_percent: int) -> None:
    """Rolled back in its last bake, nearly the whole old fleet is launched again (rules §2.6)."""
    staging = stand(30)
    rolling = {"rollback_batch_percent": batch_percent, "batch_percent": 50}
    made = accepted(staging, rolling=rolling, ready_seconds=480)
    staging.clock.call_later(made.times.expected_seconds - 60, lambda: _trip(staging, made))

    played = play(staging, made)

    assert played.config_name == made.previous.config
    batches = ceil(15 / made.deployment.pace.rollback_batch_instances)
    assert played.seconds > made.times.expected_seconds + batches * made.times.ready_seconds - 90
    assert played.seconds <= made.times.worst_seconds
    assert played.seconds <= made.overdue_seconds
