"""The checks after every story, with any outcome."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.support.scene import FIRST_CONFIG

from switchover.domain.outcome import Outcome
from switchover.domain.plans.alarms import Scope

if TYPE_CHECKING:
    from tests.support.walker import Execution
    from tests.support.world import World

    from switchover.domain.update.update import Update


def assert_nothing_left_behind(world: World, execution: Execution | None = None) -> Update:
    """Check that the outcome is true and announced once, the endpoint is free, all changes are restored.

    `execution` names the update to check; default: the first.
    """
    update = world.update(execution)
    _assert_outcome_is_what_serves(world, update)
    assert world.ledger.claim(update.endpoint) is None
    assert world.capacity() == world.capacity_before
    planned = update.plan.alarms.specs if update.plan else ()
    own = {spec.name for spec in planned if spec.scope is not Scope.STANDING}
    assert not own & world.alarm_names()
    borrowed = update.plan.borrowed_alarms if update.plan else ()
    assert not [
        name for name in borrowed if update.endpoint in world.watched_alarms.endpoints(name)
    ]
    _assert_way_back_exists(world, update)
    _assert_told_once(world, update)
    assert world.lambdas.dead_letters == []
    return update


def assert_untouched(world: World, execution: Execution | None = None) -> Update:
    """Check that the update was refused, and that endpoint, configs, models and alarms are unchanged."""
    update = world.update(execution)
    assert update.outcome is Outcome.REJECTED, (update.outcome, update.summary)
    assert world.traces() == world.traces_before
    assert world.ledger.claim(update.endpoint) is None
    assert world.capacity() == world.capacity_before
    assert world.load.failures == 0
    _assert_told_once(world, update)
    return update


def codes(update: Update) -> list[str]:
    """The codes of the reasons, in order."""
    return [reason.code for reason in update.reasons]


def _assert_outcome_is_what_serves(world: World, update: Update) -> None:
    plan = update.plan
    match update.outcome:
        case Outcome.UPDATED:
            assert plan is not None
            assert world.serving == plan.target.config
            assert world.describe()["EndpointStatus"] == "InService"
        case Outcome.ROLLED_BACK:
            assert plan is not None
            # A mixed endpoint is repaired by a copy of the previous config, under a fresh name.
            assert world.serving_model() == plan.previous.model
            assert world.describe()["EndpointStatus"] == "InService"
        case Outcome.REJECTED:
            assert world.serving == FIRST_CONFIG
        case _:
            raise AssertionError(f"{update.outcome}: {update.summary}")
    # The name alone may be wrong: every request has to reach that config.
    assert world.twin.traffic_shares(update.endpoint) == {world.serving: 1.0}
    assert update.serving_config == world.serving
    assert "PendingDeploymentSummary" not in world.describe()


def _assert_way_back_exists(world: World, update: Update) -> None:
    previous = update.plan.previous.config if update.plan else FIRST_CONFIG
    described = world.sagemaker.describe_endpoint_config(EndpointConfigName=previous)
    model = described["ProductionVariants"][0]["ModelName"]
    assert world.sagemaker.describe_model(ModelName=model)["ModelName"] == model


def _assert_told_once(world: World, update: Update) -> None:
    assert update.outcome is not None
    told = f"{update.outcome.value}: {update.endpoint} {update.version}".strip()
    assert world.messages().count(told) == 1, world.messages()
    events = [
        event["DetailType"]
        for event in world.outlets.events
        if json.loads(event["Detail"]).get("update_id") == update.update_id
    ]
    # An update that waited was announced as Queued; its final outcome is announced once, and last.
    waited = [event for event in events if event == "Update Queued"]
    assert events == [*waited, f"Update {update.outcome.value}"]


def assert_no_request_failed(world: World) -> None:
    """Check that no request to the endpoint failed."""
    assert world.load.requests > 100
    assert world.load.failures == 0, world.load.first_failures
