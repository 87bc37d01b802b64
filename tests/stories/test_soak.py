"""A small run of `python -m benchmarks.soak`, and a proof that it finds broken invariants."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from random import Random
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest
from benchmarks.soak.faults import Disturbed
from benchmarks.soak.figures import cost_of
from benchmarks.soak.invariants import Watch
from benchmarks.soak.people import People
from benchmarks.soak.run import run
from benchmarks.soak.tables import draw, draw_briefly
from benchmarks.soak.world import SoakWorld, use
from rich.console import Console

from switchover.aws import clients as product_clients
from switchover.domain.queueing import Claim
from switchover.settings import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.soak.run import Result

_NAME = "ep-000"


@pytest.fixture(scope="module")
def result() -> Result:
    return run(seed=11, endpoints=4, days=8)


@pytest.fixture
def watch() -> Iterator[Watch]:
    """One endpoint whose first release was updated without any trouble."""
    world = SoakWorld(1, 1)
    dice = Random(1)  # noqa: S311 - reproducible, not secret
    people, faults = People(world, dice), Disturbed(world, dice=dice)
    faults.is_on = False
    with patch.object(product_clients, "client", faults.client):
        use(world)
        world.begin_all({_NAME: 2})
        found = Watch(world, people, faults)
        found.begin()
        world.put_policy("strategy: all-at-once", _NAME)
        world.wake(_NAME)
        world.clock.advance(900)
        world.offer("v2", endpoint=_NAME)
        world.clock.advance(4 * 3600)
        yield found
    settings.cache_clear()


def _keep_claim(watch: Watch) -> None:
    claim = Claim(_NAME, "u", "arn", watch.world.clock.now())
    assert watch.world.ledger.take_claim(claim, "~")


def _keep_alarm(watch: Watch) -> None:
    watch.world.cloudwatch.put_metric_alarm(
        AlarmName=f"switchover/{_NAME}/0123/errors",
        Namespace="a",
        MetricName="b",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )


def _keep_suspended(watch: Watch) -> None:
    watch.world.scaling.register_scalable_target(
        ServiceNamespace="sagemaker",
        ResourceId=f"endpoint/{_NAME}/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
        SuspendedState={"DynamicScalingInSuspended": True},
    )


def _tell_twice(watch: Watch) -> None:
    watch.world.outlets.publish(**watch.world.outlets.messages[-1])


def _tell_otherwise(watch: Watch) -> None:
    told = watch.world.outlets.messages[-1]
    attributes = {
        **told["MessageAttributes"],
        "outcome": {"DataType": "String", "StringValue": "RolledBack"},
    }
    watch.world.outlets.publish(**{**told, "MessageAttributes": attributes})


def _forget(watch: Watch) -> None:
    watch.world.ledger.save(replace(watch.world.update(), outcome=None))


def _serve_another(watch: Watch) -> None:
    """Told again as the first word of an update that another config serves by now."""
    watch.world.sagemaker.update_endpoint(EndpointName=_NAME, EndpointConfigName=f"{_NAME}-v1")
    watch.world.clock.advance(3600)
    watch.told.clear()
    _tell_twice(watch)


@pytest.mark.parametrize(
    ("spoil", "invariant"),
    [
        (_keep_claim, "claim released"),
        (_keep_alarm, "alarms removed"),
        (_keep_suspended, "capacity restored"),
        (_tell_twice, "told once"),
        (_tell_otherwise, "one outcome"),
        (_forget, "recorded"),
        (_serve_another, "true when told"),
    ],
)
def test_what_breaks_is_seen(watch: Watch, spoil: Callable[[Watch], None], invariant: str) -> None:
    before = list(watch.breaks)

    spoil(watch)
    watch.look_at_the_end()

    assert before == []
    assert invariant in {each.invariant for each in watch.breaks}


def test_an_undisturbed_update_breaks_nothing(watch: Watch) -> None:
    watch.look_at_the_end()

    assert watch.breaks == []
    assert watch.outcomes == {"Updated": 1}


def test_an_endpoint_sleeps_once_nothing_happens_any_more(watch: Watch) -> None:
    assert not watch.world.is_awake(_NAME)


def test_a_small_soak_breaks_nothing(result: Result) -> None:
    assert result.breaks == ()
    assert sum(result.outcomes.values()) > 1
    assert result.spoilt


def test_its_figures_add_up(result: Result) -> None:
    paper = StringIO()
    console = Console(width=110, file=paper)

    console.print(draw(result))
    console.print(draw_briefly(result))

    said = paper.getvalue()
    assert "0 broken" in said
    assert f"{sum(result.invocations.values()):,}" in said
    assert all(used >= 0 for _, used in cost_of(result))
