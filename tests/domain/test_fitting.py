"""For every fleet and policy there is a plan that fits, or a refusal with an alternative that fits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.support.policies import FLEETS, POLICIES, chosen_keys
from tests.support.samples import policy

from switchover.domain.plans.experience import Ready
from switchover.domain.plans.fitting import Conditions, Fitted, fit
from switchover.domain.policies.choices import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover.domain.reasons import Reason

_EXAMPLE = re.compile(r"This fits: `(\{.*\})`\.$")


def conditions(instances: int, ready_seconds: int = 480, **changes: Any) -> Conditions:
    return Conditions(
        **{
            "instances": instances,
            "configured_instances": instances,
            "ready": Ready(ready_seconds, "policy"),
            "published_every": 60,
            **changes,
        }
    )


def fitted(values: Mapping[str, Any], there: Conditions) -> Fitted | tuple[Reason, ...]:
    return fit(policy(**values), chosen_keys(dict(values)), there)


def with_example(values: dict[str, Any], reasons: tuple[Reason, ...]) -> dict[str, Any]:
    """The policy as the refusal would have it."""
    [example] = {found[1] for reason in reasons if (found := _EXAMPLE.search(reason.remedy))}
    return merged(values, yaml.safe_load(example))


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    nested = {
        key: merged(below.get(key, {}), value)
        for key, value in above.items()
        if isinstance(value, dict)
    }
    return {**below, **above, **nested}


_SPLIT = ("canary", "linear", "rolling")


@given(
    instances=FLEETS,
    values=POLICIES,
    published=st.sampled_from([10, 30, 60, 120, 300]),
    ready=st.integers(30, 7200),
    is_guess=st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_a_refusal_offers_what_really_fits(
    instances: int,
    values: dict[str, Any],
    published: int,
    ready: int,
    is_guess: bool,  # noqa: FBT001  (hypothesis passes by name)
) -> None:
    there = conditions(
        instances, published_every=published, ready=Ready(ready, "test", is_guess=is_guess)
    )
    found = fitted(values, there)
    assume(not isinstance(found, Fitted))
    assert isinstance(fitted(with_example(values, found), there), Fitted)


@pytest.mark.parametrize("strategy", _SPLIT)
def test_a_single_instance_is_told_how_it_can_be_updated(strategy: str) -> None:
    values = {"strategy": strategy}
    found = fitted(values, conditions(1))
    assert not isinstance(found, Fitted)
    assert with_example(values, found) == {"strategy": "all-at-once"}


@pytest.mark.parametrize("instances", range(2, 51))
@pytest.mark.parametrize("strategy", _SPLIT)
def test_by_default_a_step_is_at_most_half_of_any_fleet(strategy: str, instances: int) -> None:
    """Bounds of rules §1.3, for each size and strategy."""
    found = fitted({"strategy": strategy}, conditions(instances))
    assert isinstance(found, Fitted)
    assert 1 <= found.pace.step_instances <= instances // 2


@pytest.mark.parametrize("instances", range(1, 51))
@pytest.mark.parametrize("strategy", sorted({each.value for each in Strategy} - {*_SPLIT}))
def test_what_is_not_split_moves_any_fleet_in_one_step(strategy: str, instances: int) -> None:
    found = fitted({"strategy": strategy}, conditions(instances))
    assert isinstance(found, Fitted)
    assert found.pace.step_instances == instances


def test_everything_that_does_not_fit_is_said_at_once() -> None:
    values = {"rolling": {"bake_seconds": 60}, "deadline_seconds": 600}
    found = fitted(values, conditions(8))
    assert not isinstance(found, Fitted)
    assert [each.code for each in found] == ["timing.deadline-too-short", "alarms.slower-than-bake"]


def test_batches_that_take_too_long_are_offered_larger() -> None:
    values = {"rolling": {"batch_percent": 5}}
    found = fitted(values, conditions(50, ready_seconds=3000))
    assert not isinstance(found, Fitted)
    assert found[0].code == "timing.deadline-too-long"
    assert with_example(values, found) == {"rolling": {"batch_percent": 50}}


def test_a_deadline_must_leave_room_for_the_wait_that_may_come() -> None:
    """The last linear step's wait is undocumented (rules §2.6)."""
    linear = {"strategy": "linear", "linear": {"bake_seconds": 600}}
    longest = 480 + 4 * 10 + 4 * 600 + 300 + 30
    assert not isinstance(fitted({**linear, "deadline_seconds": longest}, conditions(4)), Fitted)
    assert isinstance(fitted({**linear, "deadline_seconds": longest + 1}, conditions(4)), Fitted)


def test_a_guess_gets_room_but_never_more_than_sagemaker_allows() -> None:
    ready = Ready(3400, "the model's size", is_guess=True)
    found = fitted({"rolling": {"batch_percent": 20}}, conditions(10, ready=ready))
    assert isinstance(found, Fitted)
    assert found.deadline_seconds == 28800


def test_a_fleet_that_is_not_retained_is_measured_by_its_config() -> None:
    there = conditions(6, configured_instances=2)
    found = fitted({"retain_capacity": False}, there)
    assert isinstance(found, Fitted)
    assert (found.pace.instances, found.pace.old_instances) == (2, 6)
