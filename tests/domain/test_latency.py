"""The latency limit of a new fleet, computed from the old fleet's latency."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from tests.support.policies import chosen_keys
from tests.support.samples import BUCKET, NOW, live_release, policy, release, variant

from switchover.domain.plans.alarms import Scope, bound_latency
from switchover.domain.plans.plan import Plan
from switchover.domain.plans.release_plan import plan_release
from switchover.domain.policies.sections import Latency
from switchover.domain.readings import Unmeasured

if TYPE_CHECKING:
    from switchover.domain.plans.alarms import AlarmSpec

CHOSEN = frozenset({"alarms.latency.limit_seconds"})
NOBODY = frozenset[str]()
DENIED = Unmeasured("couldn't be read: AccessDenied")


def planned(old_latency_us: float | Unmeasured | None, **latency: Any) -> Plan:
    values = {"alarms": {"latency": latency}}
    made = plan_release(
        update_id="chat-v2-0a1b2c3d",
        started_at=NOW,
        release=release(),
        bucket=BUCKET,
        policy=policy(**values),
        live=live_release(),
        variant=variant(),
        previous_version="v1",
        chosen=chosen_keys(values),
        old_latency_us=old_latency_us,
    )
    assert isinstance(made, Plan)
    return made


def latency_alarm(made: Plan, scope: Scope) -> AlarmSpec:
    [found] = [
        spec for spec in made.alarms.specs if spec.metric == "ModelLatency" and spec.scope is scope
    ]
    return found


@pytest.mark.parametrize(
    ("old_latency_us", "chosen", "limit_seconds"),
    [
        pytest.param(1_272_000, NOBODY, 1.91, id="the factor counts"),
        pytest.param(4_000_000, NOBODY, 6, id="above a limit that nobody set"),
        pytest.param(1_272_000, CHOSEN, 1.91, id="below the limit that a person set"),
        pytest.param(4_000_000, CHOSEN, 5, id="a person's limit is never exceeded"),
        pytest.param(None, NOBODY, 5, id="too few requests"),
        pytest.param(DENIED, CHOSEN, 5, id="not readable"),
    ],
)
def test_the_bound_is_a_multiple_of_what_the_old_fleet_takes(
    old_latency_us: float | Unmeasured | None, chosen: frozenset[str], limit_seconds: float
) -> None:
    found, _ = bound_latency(Latency(versus_old=1.5), chosen, old_latency_us, "v1")
    assert found.limit_seconds == limit_seconds


@pytest.mark.parametrize(
    ("old_latency_us", "chosen", "note"),
    [
        (
            1_272_000,
            NOBODY,
            "The latency alarm is at 1.91 s: 1.5 × the 1.27 s (p99) of v1 over the last hour.",
        ),
        (
            4_000_000,
            CHOSEN,
            (
                "The latency alarm stays at 5 s, as the policy says: 1.5 × the 4 s (p99) of v1 over"
                " the last hour would allow 6 s."
            ),
        ),
        (
            None,
            NOBODY,
            "The latency alarm stays at 5 s: v1 answered fewer than 50 requests in the last hour.",
        ),
        (
            DENIED,
            NOBODY,
            "The latency alarm stays at 5 s: the latency of v1 couldn't be read: AccessDenied",
        ),
    ],
)
def test_a_note_says_where_the_bound_is_from(
    old_latency_us: float | Unmeasured | None, chosen: frozenset[str], note: str
) -> None:
    asked = Latency(statistic="p99", versus_old=1.5)
    assert bound_latency(asked, chosen, old_latency_us, "v1")[1] == (note,)


def test_who_compares_with_nothing_gets_no_note() -> None:
    assert bound_latency(Latency(), NOBODY, 1_272_000, "v1") == (Latency(), ())


@pytest.mark.parametrize("factor", [1, 0.5, 101])
def test_a_factor_that_every_release_or_none_exceeds_is_refused(factor: float) -> None:
    with pytest.raises(ValidationError, match="versus_old"):
        Latency(versus_old=factor)


def test_the_updates_alarm_is_bound_and_the_plan_says_so() -> None:
    made = planned(1_200_000, versus_old=1.5)

    alarm = latency_alarm(made, Scope.UPDATE)
    assert alarm.threshold == 1_800_000
    assert alarm.description == "Average model latency above 1.8 s."
    assert any("1.5 × the 1.2 s" in note for note in made.notes)


def test_the_standing_alarm_keeps_its_limit() -> None:
    made = planned(1_200_000, versus_old=1.5)

    assert latency_alarm(made, Scope.STANDING).threshold == 5_000_000


def test_a_limit_that_is_written_in_the_policy_bounds_the_factor() -> None:
    made = planned(4_000_000, versus_old=1.5, limit_seconds=5)

    assert latency_alarm(made, Scope.UPDATE).threshold == 5_000_000
