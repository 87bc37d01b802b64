"""A release that is slower than the version before it, but within the limit in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.support.expectations import (
    assert_no_request_failed,
    assert_nothing_left_behind,
    codes,
)
from tests.support.stand_ins import PassesOn

from switchover_local.twin.scenario import Behaviour

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld
    from tests.support.world import World

# The first version takes 0.8 s, and the limit is 5 s.
_TWICE_AS_SLOW = Behaviour(latency_us=1_600_000)
_COMPARED = "alarms: {latency: {versus_old: 1.5}}"


@pytest.mark.parametrize("strategy", ["rolling", "canary"])
def test_a_release_twice_as_slow_as_the_old_fleet_is_turned_back(
    world: World, strategy: str
) -> None:
    world.put_policy(f"strategy: {strategy}\n{_COMPARED}")
    world.twin.set_behaviour("*/v2/", _TWICE_AS_SLOW)
    world.offer()

    end = world.run()

    assert end.state == "RolledBack"
    update = assert_nothing_left_behind(world)
    assert "alarm.went-red" in codes(update)
    assert_no_request_failed(world)


def test_it_is_updated_where_only_seconds_count(world: World) -> None:
    world.twin.set_behaviour("*/v2/", _TWICE_AS_SLOW)
    world.offer()

    end = world.run()

    assert end.state == "Updated"


def test_a_release_as_fast_as_the_old_fleet_is_updated_with_the_numbers_told(world: World) -> None:
    world.put_policy(_COMPARED)
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert "1.5 × the 0.8" in notes(world)
    assert "(Average) of v1 over the last hour" in notes(world)


def test_an_old_fleet_that_is_hardly_asked_leaves_the_limit(make_world: MakeWorld) -> None:
    world = make_world(requests_per_second=0.05)
    world.put_policy(_COMPARED)
    world.twin.set_behaviour("*/v2/", _TWICE_AS_SLOW)
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert "stays at 5 s: v1 answered fewer than 50 requests" in notes(world)


def test_metrics_that_may_not_be_read_leave_the_limit(world: World) -> None:
    world.stand_ins["cloudwatch"] = _CloudWatchWithoutMetrics(world.cloudwatch)
    world.put_policy(f"guard: {{min_requests: 0}}\n{_COMPARED}")
    world.offer()
    world.run_to("EnsureAlarms")

    assert "stays at 5 s: the latency of v1 couldn't be read" in notes(world)


class _CloudWatchWithoutMetrics(PassesOn):
    """Tells of alarms, and of no metric."""

    def get_paginator(self, operation: str) -> Any:
        if operation != "get_metric_data":
            return self.client.get_paginator(operation)
        denied = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}
        raise ClientError(denied, "GetMetricData")  # type: ignore[arg-type]


def notes(world: World) -> str:
    plan = world.update().plan
    assert plan is not None
    return " ".join(plan.notes)
