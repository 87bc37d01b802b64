"""Next steps for the engineer on call: sentences, and the commands to choose from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, assert_never

from pydantic import BaseModel, ConfigDict

from switchover.domain.by_hand import register_target
from switchover.domain.fleet import EndpointStatus
from switchover.domain.marks import mark_after
from switchover.domain.outcome import Outcome
from switchover.domain.plans.plan import Kind
from switchover.domain.queue_reasons import start_command
from switchover.domain.units import say_count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.plans.plan import Plan
    from switchover.domain.update.update import Update


class Step(BaseModel):
    """One thing to do; `command` does it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    command: str = ""

    def __str__(self) -> str:
        return f"{self.text} {self.command}".rstrip()


# SageMaker's words for a failure (rules §6), and what helps.
_FAILURES = (
    (
        re.compile(r"InsufficientInstanceCapacity|CapacityError"),
        "AWS had no free instances: start the release again later, or in smaller steps (rolling).",
    ),
    (
        re.compile(r"ping health check"),
        (
            "The container never became healthy: read its log. If it only loads slowly, raise "
            "ContainerStartupHealthCheckTimeoutInSeconds in the endpoint config."
        ),
    ),
    (
        re.compile(r"Request to service failed"),
        "SageMaker itself failed: start the release again.",
    ),
)
_NO_ROOM = re.compile(r"InsufficientInstanceCapacity|CapacityError|service limit")
_SHORT = Step(text="Instances may be scarce: check capacity and quota first.")
_CAPACITY_OFF = "The fleet serves, but its capacity isn't restored"


def advise(update: Update) -> tuple[Step, ...]:
    """The steps to choose from, the likeliest first. After a success, only losses need a step."""
    return (*_for_what_is_left(update), *_by_outcome(update))


def _for_what_is_left(update: Update) -> Iterator[Step]:
    """Steps for parts that the update removed and couldn't restore, after any outcome."""
    lost = {reason.code: reason for reason in update.capacity.left_to_others}
    if "endpoint.policy-lost" in lost:
        yield Step(
            text="Callers that the endpoint's resource policy allowed are refused until the"
            " policy is attached again. See the command, with the whole policy:",
            command=f"switchover explain {update.update_id}",
        )
    if "capacity.alarms-astray" in lost:
        yield Step(text=lost["capacity.alarms-astray"].remedy)


def _by_outcome(update: Update) -> tuple[Step, ...]:
    match update.outcome:
        case None | Outcome.UPDATED:
            return ()
        case Outcome.QUEUED:
            return (
                Step(
                    text="The update starts when its turn comes. See the queue:",
                    command=f"switchover queue {update.endpoint}",
                ),
            )
        case Outcome.SUPERSEDED:
            return tuple(Step(text=reason.remedy) for reason in update.reasons[:1])
        case Outcome.REJECTED:
            return tuple(_after_rejection(update))
        case Outcome.ROLLED_BACK:
            return tuple(_after_rollback(update))
        case Outcome.NEEDS_OPERATOR:
            return tuple(_for_operator(update))
        case _:
            assert_never(update.outcome)


def _after_rejection(update: Update) -> Iterator[Step]:
    yield Step(text="Correct the faults above.")
    if update.kind is Kind.RELEASE and update.version:
        yield Step(
            text="Then start the release again, without a new upload:",
            command=start_command(update),
        )


def _after_rollback(update: Update) -> Iterator[Step]:
    known = [
        text for words, text in _FAILURES if words.search(update.found.evidence.failure_reason)
    ]
    remedies = [reason.remedy for reason in update.reasons if reason.code != _SAGEMAKERS]
    yield from (Step(text=text) for text in list(dict.fromkeys((*known, *remedies)))[:2])
    if update.kind is not Kind.RELEASE or not update.version:
        return
    start = start_command(update)
    if mark_after(update) is None:
        yield Step(text=f"{update.version} may start again:", command=start)
    else:
        yield Step(text=f"{update.version} is marked bad and starts only by name:", command=start)


_SAGEMAKERS = "sagemaker.failure-reason"


def _for_operator(update: Update) -> Iterator[Step]:
    plan, serving = update.plan, update.serving
    if plan is None or serving is None:
        yield Step(text="Check the endpoint:", command=_describe(update.endpoint))
        return
    match serving.status:
        case None:
            yield _create(plan)
        case EndpointStatus.FAILED | EndpointStatus.OUT_OF_SERVICE:
            # A Failed endpoint takes only DeleteEndpoint (rules §2).
            yield Step(
                text="No instance serves. SageMaker accepts only a deletion now:",
                command=f"aws sagemaker delete-endpoint --endpoint-name {plan.endpoint}",
            )
            yield _create(plan)
        case EndpointStatus.UPDATE_ROLLBACK_FAILED:
            yield _SHORT
            yield _update(plan, plan.previous.config, f"Go back to {plan.previous.version}:")
            yield _update(plan, plan.target.config, f"Or continue to {plan.target.version}:")
        case EndpointStatus.IN_SERVICE | EndpointStatus.SYSTEM_UPDATING:
            yield from _for_a_fleet_that_serves(update, plan, serving.config_name)
        case _:
            yield Step(
                text="SageMaker still changes the endpoint. Wait and check again. If nothing changes, ask"
                " AWS Support."
            )
            yield Step(text="Look:", command=_describe(plan.endpoint))


def _for_a_fleet_that_serves(update: Update, plan: Plan, config_name: str) -> Iterator[Step]:
    if any(reason.code == "capacity.not-restored" for reason in update.reasons):
        yield from _for_a_fleet_of_other_capacity(update, plan)
    elif any(reason.code == "endpoint.policy-lost" for reason in update.reasons):
        return
    elif config_name == plan.target.config:
        if any(_NO_ROOM.search(fault.message) for fault in update.way_back.faults):
            yield _SHORT
        yield _update(plan, plan.previous.config, f"Try {plan.previous.version} once more:")
        yield Step(
            text="Or return to another version that served:",
            command=f"switchover rollback {plan.endpoint} --to VERSION",
        )
    elif config_name in plan.own_configs:
        yield Step(
            text="The config's name alone doesn't prove which model serves. Check:",
            command=_describe(plan.endpoint),
        )
    else:
        yield Step(
            text="The endpoint was updated outside Switchover. To roll back nevertheless:",
            command=f"switchover rollback {plan.endpoint} --to {plan.previous.version}",
        )


def _for_a_fleet_of_other_capacity(update: Update, plan: Plan) -> Iterator[Step]:
    noted, instances = update.capacity.snapshot, update.serving.instances if update.serving else 0
    yield Step(text=f"{_CAPACITY_OFF}.")
    target = noted.scaling.target if noted else None
    if target:
        yield _rescale(plan, target)
    # Auto scaling chooses the size of a fleet that scales, unless the update itself changed that size.
    is_size_ours = plan.changes_fleet_size or not target
    if noted and is_size_ours and instances != noted.desired_instances:
        yield _resize(plan, noted.desired_instances)
    elif not target:
        yield Step(text="Look:", command=_describe(plan.endpoint))


def _resize(plan: Plan, instances: int) -> Step:
    return Step(
        text=f"Restore the fleet's size of {say_count(instances, 'instance')}:",
        command=(
            f"aws sagemaker update-endpoint-weights-and-capacities --endpoint-name {plan.endpoint}"
            " --desired-weights-and-capacities"
            f" VariantName={plan.destination.variant},DesiredInstanceCount={instances}"
        ),
    )


def _rescale(plan: Plan, target: dict[str, Any]) -> Step:
    return Step(
        text="Restore the scalable target:",
        command=register_target(
            plan.endpoint, plan.destination.variant, {"SuspendedState": {}, **target}
        ),
    )


def _create(plan: Plan) -> Step:
    return Step(
        text=f"Bring {plan.previous.version} back:",
        command=(
            f"aws sagemaker create-endpoint --endpoint-name {plan.endpoint}"
            f" --endpoint-config-name {plan.previous.config}"
        ),
    )


def _update(plan: Plan, config_name: str, text: str) -> Step:
    return Step(
        text=text,
        command=(
            f"aws sagemaker update-endpoint --endpoint-name {plan.endpoint}"
            f" --endpoint-config-name {config_name} --retain-all-variant-properties"
        ),
    )


def _describe(endpoint: str) -> str:
    return f"aws sagemaker describe-endpoint --endpoint-name {endpoint}"
