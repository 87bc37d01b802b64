"""What happens if an update goes wrong, phase by phase."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from switchover.domain.plans.timeline import way_back_seconds
from switchover.domain.policies.choices import Strategy
from switchover.domain.units import say_count
from switchover_cli.plan.words import Fact
from switchover_cli.words import say_roughly

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.plans.plan import Plan


def state_failures(plan: Plan) -> tuple[Fact, ...]:
    """For each phase, the possible failures, and what then happens automatically."""
    return (
        Fact(
            "before",
            "config, model or alarms can't be created: Rejected, and the created ones are removed",
        ),
        *_in_flight(plan),
        *_afterwards(plan),
        Fact(
            "always",
            "scaling and fleet size are restored; unless exactly one fleet serves: NeedsOperator",
        ),
    )


def _in_flight(plan: Plan) -> Iterator[Fact]:
    match plan.deployment.pace.strategy:
        case Strategy.REDEPLOY:
            yield from _redeploy(plan)
        case Strategy.ROLLING:
            yield from _rolling(plan)
        case Strategy.CANARY | Strategy.LINEAR | Strategy.ALL_AT_ONCE:
            yield from _blue_green(plan)
        case _:
            assert_never(plan.deployment.pace.strategy)
    if plan.deployment.pace.strategy is not Strategy.REDEPLOY:
        yield Fact(
            "deadline",
            f"not done after {say_roughly(plan.times.deadline_seconds)}: SageMaker rolls back",
        )


def _blue_green(plan: Plan) -> Iterator[Fact]:
    previous = plan.previous.version
    back_seconds = way_back_seconds(plan.deployment.pace, plan.times.ready_seconds)
    yield Fact(
        "launching",
        f"a new instance doesn't come up: SageMaker removes the new fleet; {previous} keeps"
        " serving",
    )
    yield Fact(
        "baking",
        f"an alarm goes red: all traffic returns to the old fleet, which still runs, within"
        f" {say_roughly(back_seconds)}; {previous} serves",
    )
    yield Fact(
        "terminating",
        f"the old fleet is being removed: from here on a rollback launches"
        f" {say_count(plan.deployment.pace.instances, 'instance')} again,"
        f" about {say_roughly(plan.times.ready_seconds)}",
    )


def _rolling(plan: Plan) -> Iterator[Fact]:
    pace = plan.deployment.pace
    again = say_count(pace.rollback_batch_instances, "instance")
    yield Fact(
        "launching",
        f"a new instance doesn't come up: SageMaker returns the finished batches to"
        f" {plan.previous.version}",
    )
    yield Fact(
        "baking",
        f"an alarm goes red: removed old instances are launched again, {again} at a time,"
        f" {say_roughly(way_back_seconds(pace, plan.times.ready_seconds))} at most;"
        f" {plan.previous.version} serves",
    )
    yield Fact(
        "going back",
        "no capacity for the old instances: a mix of both versions serves; one repair is tried",
    )


def _redeploy(plan: Plan) -> Iterator[Fact]:
    yield Fact(
        "terminating", "from here on the endpoint answers no request until the new fleet is up"
    )
    yield Fact(
        "launching",
        f"the new fleet doesn't come up: the endpoint is made again on {plan.previous.config},"
        f" about {say_roughly(plan.times.ready_seconds)} more without an endpoint"
        if plan.deployment.allows_downtime
        else "the new fleet doesn't come up: a person must decide",
    )


def _afterwards(plan: Plan) -> Iterator[Fact]:
    back = f"back to {plan.previous.config}, all at once, about {say_roughly(plan.times.ready_seconds)}"
    if plan.tests.golden is None:
        yield Fact("tests", "none: without golden requests, the model's answers aren't tested")
    else:
        yield Fact("tests", f"an answer to {plan.tests.golden} is wrong: {back}")
    if plan.times.watch_seconds:
        yield Fact(
            "watch",
            f"an alarm goes red within {say_roughly(plan.times.watch_seconds)} of success: {back}",
        )
