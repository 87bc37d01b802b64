"""The invariants at the end of every update, whatever failed during it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from tests.support.faults.outside import FOREIGN
from tests.support.faults.people import Stop
from tests.support.scene import ENDPOINT, FIRST_CONFIG

from switchover.domain.outcome import Outcome
from switchover.domain.plans.alarms import Scope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.faults.injected import Tap
    from tests.support.faults.stories import Story
    from tests.support.world import World

    from switchover.domain.update.update import Update


def broken_by(tap: Tap, story: Story) -> dict[str, str]:
    """Every broken invariant, with what was found instead."""
    world = tap.world
    found = _find_in_silence(world) if not world.executions else _find(world, tap)
    if any(isinstance(fault, Stop) for fault in tap.faults) and _forgets(world, story.cause):
        found["cause kept"] = f"it was turned back for {story.cause}, and nothing says so"
    if not story.has_downtime and world.load.failures:
        found["unnoticed"] = f"{world.load.failures} requests failed"
    return found


def _find_in_silence(world: World) -> dict[str, str]:
    """Check a run without any execution: there is no update, but people must be able to see this."""
    found = {}
    if world.traces() != world.traces_before:
        found["true"] = "something changed, and nothing ran"
    if not world.lambdas.dead_letters:
        found["told"] = "nothing ran, and no dead letter says so"
    return found


def _find(world: World, tap: Tap) -> dict[str, str]:
    update = world.ledger.find(world.executions[0].name)
    found = dict(_find_left_behind(world, update))
    outcome = update.outcome if update else None
    if update is None or outcome is None:
        found["recorded"] = "no outcome"
    elif wrong := _untrue(world, update, is_touched=tap.is_touched):
        found["true"] = wrong
    if outcome is Outcome.NEEDS_OPERATOR and update is not None:
        found["settled"] = update.summary
    if update is not None and update.progress.is_confirmed and outcome is Outcome.ROLLED_BACK:
        found["confirmed stays"] = f"it was confirmed, and is {outcome}"
    # If nothing could be recorded, a person is needed, and a dead letter notifies one too.
    expected = outcome or tap.outcome_before or Outcome.NEEDS_OPERATOR
    told = _told_people(world), _told_machines(world)
    is_called = outcome is None and bool(world.lambdas.dead_letters)
    if not is_called and ({*told[0], *told[1]} != {expected} or not all(told)):
        found["told"] = f"it is {expected}, and told were {told}"
    if max(map(len, told)) > 1:
        found["told once"] = f"{told}"
    return found


def _forgets(world: World, cause: str) -> bool:
    """Whether a rollback began for a cause that neither the record nor a mark names."""
    first = world.executions[0] if world.executions else None
    if not cause or first is None or "RollBack" not in first.path:
        return False
    update = world.update()
    is_told = cause in {reason.code for reason in update.reasons}
    return not is_told or world.wishes.mark(ENDPOINT, update.version) is None


def _find_left_behind(world: World, update: Update | None) -> Iterator[tuple[str, str]]:
    claim = world.ledger.claim(ENDPOINT)
    if claim is not None:
        yield "claim released", f"held by {claim.execution_arn.rpartition(':')[2]}"
    if (waiting := world.queue.entries(ENDPOINT)) != ():
        yield "queue empty", f"{[one.update_id for one in waiting]} wait"
    plan = update.plan if update else None
    own = (
        {spec.name for spec in plan.alarms.specs if spec.scope is not Scope.STANDING}
        if plan
        else set()
    )
    if left := own & world.alarm_names():
        yield "alarms removed", f"{sorted(left)}"
    borrowed = plan.borrowed_alarms if plan else ()
    if watched := [name for name in borrowed if world.watched_alarms.endpoints(name)]:
        yield "watch ended", f"{watched} wake somebody"
    previous = plan.previous.config if plan else FIRST_CONFIG
    if gone := _gone(world, previous):
        yield "rollback possible", gone
    try:
        capacity = world.capacity()
    except ClientError as error:
        yield "capacity restored", str(error)
        return
    changed = [key for key, value in capacity.items() if value != world.capacity_before[key]]
    if changed:
        yield "capacity restored", f"{changed} differ"


def _gone(world: World, config: str) -> str:
    """The missing parts of a config and its model."""
    try:
        described = world.sagemaker.describe_endpoint_config(EndpointConfigName=config)
        world.sagemaker.describe_model(ModelName=described["ProductionVariants"][0]["ModelName"])
    except ClientError as error:
        return str(error)
    return ""


def _untrue(world: World, update: Update, *, is_touched: bool) -> str:
    """Differences between outcome and twin. `is_touched`: something was also changed from outside."""
    if update.outcome is Outcome.NEEDS_OPERATOR:
        return ""
    try:
        return _compare(world, update, is_touched=is_touched)
    except world.sagemaker.exceptions.ClientError as error:
        # Rejected means that the update changed nothing, not that nothing changed.
        is_true = is_touched and update.outcome is Outcome.REJECTED
        return "" if is_true else f"{update.outcome}, and {error}"


def _compare(world: World, update: Update, *, is_touched: bool) -> str:
    described = world.describe()
    status, serving, plan = described["EndpointStatus"], world.serving, update.plan
    if status != "InService" or "PendingDeploymentSummary" in described:
        return f"{update.outcome}, and the endpoint is {status}"
    if world.twin.traffic_shares(update.endpoint) != {serving: 1.0}:
        return f"{update.outcome}, and traffic is split"
    if is_touched and serving == FOREIGN:
        # The change was under way at the outcome's reading, so any claim of a serving config is wrong.
        return "" if update.outcome is Outcome.REJECTED else f"{update.outcome}, {FOREIGN} serves"
    if update.serving_config != serving:
        return f"{update.serving_config} was recorded, and {serving} serves"
    match update.outcome:
        case Outcome.UPDATED if plan is not None:
            is_true = serving == plan.target.config
        case Outcome.ROLLED_BACK if plan is not None:
            is_true = serving == plan.previous.config or (
                world.serving_model() == plan.previous.model
            )
        case Outcome.REJECTED:
            is_true = serving == FIRST_CONFIG
            made = world.config_names() | world.model_names()
            before = world.traces_before["configs"] | world.traces_before["models"]
            if kept := made - before - {FOREIGN}:
                return f"Rejected, and {sorted(kept)} was made"
        case _:
            is_true = False
    return "" if is_true else f"{update.outcome}, and {serving} serves"


def _told_people(world: World) -> list[str]:
    subjects = [said.partition(":")[0] for said in world.messages()]
    return [said for said in subjects if said in set(Outcome) - {Outcome.QUEUED}]


def _told_machines(world: World) -> list[str]:
    kinds = [event["DetailType"].removeprefix("Update ") for event in world.outlets.events]
    return [said for said in kinds if said in set(Outcome) - {Outcome.QUEUED}]
