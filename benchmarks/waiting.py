"""The cost of waiting, and how soon the end is known: our machine compared with the guide's polling loop.

    python -m benchmarks.waiting

Both run on the same engine and the same twin, in virtual time: an update by UpdateEndpoint, and a
machine that waits for it. The guide's loop waits 30 s, calls DescribeEndpoint, and chooses; ours is
the deployed definition with all of its other work. Prints tables, and writes nothing.

The figures assume one second for EventBridge's delivery and no time for a Lambda run, so the seconds are
those of the mechanism. AWS bills each state entered and each retry.
"""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from rich.console import Console
from rich.table import Table
from tests.support.definition import Definition
from tests.support.scene import ENDPOINT, FIRST_CONFIG
from tests.support.walker import Execution
from tests.support.world import World

from switchover.aws import clients as product_clients
from switchover_local.twin.scenario import Behaviour, EventFault, Scenario, Timings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import JsonValue

LOOP_SECONDS = 30
# The reaction time depends on the end's place within a pause: this many places, evenly spread.
PHASES = 30
_LAUNCH = Timings(provision_seconds=60, activate_seconds=10, terminate_seconds=30)
_BEHAVIOUR = Behaviour(download_seconds=60, health_check_seconds=30)
_BAD = _BEHAVIOUR.model_copy(update={"server_error_rate": 0.7})
_LAUNCH_SECONDS = 150
_LONGEST_SECONDS = 48 * 3600


@dataclass(frozen=True, slots=True)
class Rollout:
    """A rolling update of about a given duration: one instance at a time, each batch baked."""

    name: str
    instances: int
    bake_seconds: int

    @property
    def policy(self) -> str:
        """The same update as our policy."""
        percent = 100 / self.instances
        return (
            f"strategy: rolling\nready_seconds: {_LAUNCH_SECONDS}\ndeadline_seconds: 28800\n"
            f"rolling: {{batch_percent: {max(5, percent)}, bake_seconds: {self.bake_seconds}}}\n"
        )

    @property
    def deployment(self) -> dict[str, Any]:
        """The same update as the loop's own UpdateEndpoint."""
        return {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1},
                "WaitIntervalInSeconds": self.bake_seconds,
            }
        }


ROLLOUTS = (
    Rollout("15 min", 2, 250),
    Rollout("30 min", 2, 710),
    Rollout("1 h", 4, 710),
    Rollout("2 h", 8, 710),
    Rollout("4 h", 16, 710),
    Rollout("8 h", 16, 1580),
)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one update. `reaction_seconds` is the time from its end until the machine knows it."""

    lasted_seconds: float
    transitions: int
    invocations: int
    describes: int
    reaction_seconds: float


def main() -> None:
    """Measure both on every length, then their reaction at every phase."""
    console = Console(width=110)
    logging.disable()
    console.print(f"One update: the guide's {LOOP_SECONDS}-second loop → ours (times fewer)")
    console.print(draw_costs([(each, run_loop(each), run_ours(each)) for each in ROLLOUTS]))
    console.print(f"\nSeconds from an update's end to its being known, {PHASES} runs each")
    shortest = ROLLOUTS[0]
    console.print(
        draw_reactions(
            {
                "the guide's loop, update ends well": [
                    run_loop(shortest, phase) for phase in phases()
                ],
                "the guide's loop, alarm rolls it back": [
                    run_loop(shortest, phase, _BAD) for phase in phases()
                ],
                "ours, update ends well": [run_ours(shortest, phase) for phase in phases()],
                "ours, alarm rolls it back": [
                    run_ours(shortest, phase, _BAD) for phase in phases()
                ],
                "ours, every event lost (looks every 300 s)": [
                    run_ours(shortest, phase, loses_events=True) for phase in phases()
                ],
            }
        )
    )


def phases() -> Iterator[float]:
    """Additional seconds of updates, spread over one pause of the loop."""
    return (LOOP_SECONDS * step / PHASES for step in range(PHASES))


def run_ours(
    rollout: Rollout,
    phase_seconds: float = 0,
    behaviour: Behaviour = _BEHAVIOUR,
    *,
    loses_events: bool = False,
) -> Cost:
    """One update by the deployed machine, from release.json to its announcement."""
    with open_world(rollout, phase_seconds) as world:
        world.put_policy(rollout.policy)
        world.twin.set_behaviour("*/v2/", behaviour)
        if loses_events:
            world.twin.inject(EventFault(effect="lost", times=100_000))
        with count_describes(world) as describes:
            before = len(world.lambdas.calls)
            world.offer()
            world.run()
        ours = world.executions[0]
        if ours.state != ("RolledBack" if behaviour is _BAD else "Updated"):
            raise AssertionError(f"the update that was measured ended as {ours.state}")
        return cost_of(world, ours, len(world.lambdas.calls) - before, describes)


def run_loop(rollout: Rollout, phase_seconds: float = 0, behaviour: Behaviour = _BEHAVIOUR) -> Cost:
    """The same update by the guide's Wait, DescribeEndpoint, Choice."""
    with open_world(rollout, phase_seconds) as world:
        world.twin.set_behaviour("*/v2/", behaviour)
        clone_first(world)
        calls: Counter[str] = Counter()

        def invoke(function: str, _payload: JsonValue) -> JsonValue:
            name = function.rpartition(":")[2]
            calls[name] += 1
            if name == "Start":
                world.sagemaker.update_endpoint(
                    EndpointName=ENDPOINT,
                    EndpointConfigName=f"{ENDPOINT}-v2",
                    RetainAllVariantProperties=True,
                    DeploymentConfig=guarded(world, rollout, behaviour),
                )
                return {}
            return {"status": world.describe()["EndpointStatus"]}

        with count_describes(world) as describes:
            execution = Execution(
                "arn:aws:states:us-east-1:000000000000:execution:loop:1",
                "loop",
                {},
                loop_definition(),
                world.clock,
                invoke,
                lambda _execution: None,
            )
            world.clock.run_until(lambda: execution.ended_at is not None, _LONGEST_SECONDS)
        return cost_of(world, execution, calls.total(), describes)


def guarded(world: World, rollout: Rollout, behaviour: Behaviour) -> dict[str, Any]:
    """The rollout, with an alarm if the release is bad."""
    if behaviour is not _BAD:
        return rollout.deployment
    world.cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[
            {"Name": "EndpointName", "Value": ENDPOINT},
            {"Name": "VariantName", "Value": "AllTraffic"},
            {"Name": "EndpointConfigName", "Value": f"{ENDPOINT}-v2"},
        ],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=2,
        Threshold=0.05,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    return {
        **rollout.deployment,
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "errors"}]},
    }


def cost_of(world: World, execution: Execution, invocations: int, describes: Counter[str]) -> Cost:
    """Read the cost of one run."""
    statuses = world.twin.transitions(ENDPOINT)
    ended = next(each.at for each in reversed(statuses) if each.status == "InService")
    began = next(each.at for each in reversed(statuses) if each.status == "Updating")
    known = next(at for at in execution.entered_at if at >= ended)
    return Cost(
        lasted_seconds=(ended - began).total_seconds(),
        transitions=sum(each.transitions for each in (execution, *world.guards)),
        invocations=invocations,
        describes=describes["DescribeEndpoint"],
        reaction_seconds=(known - ended).total_seconds(),
    )


@contextmanager
def open_world(
    rollout: Rollout, phase_seconds: float, requests_per_second: float = 0.5
) -> Iterator[World]:
    """An endpoint of the rollout's size that serves v1."""
    timings = _LAUNCH.model_copy(update={"terminate_seconds": 30 + phase_seconds})
    world = World(Scenario(timings=timings))
    with patch.object(product_clients, "client", world.client):
        world.begin(rollout.instances, requests_per_second)
        yield world


@contextmanager
def count_describes(world: World) -> Iterator[Counter[str]]:
    """Count the calls of SageMaker, by operation."""
    counted: Counter[str] = Counter()

    def count(model: Any, **_event: Any) -> None:
        counted[model.name] += 1

    events = world.sagemaker.meta.events
    events.register("before-call.sagemaker", count)
    try:
        yield counted
    finally:
        events.unregister("before-call.sagemaker", count)


def clone_first(world: World) -> None:
    """The config that the loop moves to: v1's with the second version's files."""
    model = world.sagemaker.describe_model(ModelName=FIRST_CONFIG)
    container = model["PrimaryContainer"]
    source = container["ModelDataSource"]["S3DataSource"]
    source["S3Uri"] = source["S3Uri"].replace("/v1/", "/v2/")
    world.sagemaker.create_model(
        ModelName=f"{ENDPOINT}-v2",
        ExecutionRoleArn=model["ExecutionRoleArn"],
        PrimaryContainer=container,
    )
    [variant] = world.sagemaker.describe_endpoint_config(EndpointConfigName=FIRST_CONFIG)[
        "ProductionVariants"
    ]
    world.sagemaker.create_endpoint_config(
        EndpointConfigName=f"{ENDPOINT}-v2",
        ProductionVariants=[{**variant, "ModelName": f"{ENDPOINT}-v2"}],
    )


@cache
def loop_definition() -> Definition:
    """The guide's loop as a state machine, with the poll interval of AWS's own SDK."""

    def task(name: str, then: str) -> dict[str, Any]:
        return {
            "Type": "Task",
            "Comment": name,
            "Resource": f"arn:aws:lambda:us-east-1:000000000000:function:{name}",
            "TimeoutSeconds": 60,
            "Arguments": {},
            "Assign": {"seen": "{% $states.result %}"},
            "Retry": [],
            "Catch": [],
            "Next": then,
        }

    return Definition.model_validate(
        {
            "Comment": "Updates an endpoint and asks every 30 s whether it is there.",
            "QueryLanguage": "JSONata",
            "StartAt": "Start",
            "States": {
                "Start": task("Start", "Pause"),
                "Pause": {
                    "Type": "Wait",
                    "Comment": "Waits.",
                    "Seconds": LOOP_SECONDS,
                    "Next": "Describe",
                },
                "Describe": task("Describe", "IsThere"),
                "IsThere": {
                    "Type": "Choice",
                    "Comment": "What the guide ends its loop on.",
                    "Choices": [
                        {"Condition": "{% $seen.status = 'InService' %}", "Next": "There"},
                        {"Condition": "{% $seen.status = 'Failed' %}", "Next": "NotThere"},
                    ],
                    "Default": "Pause",
                },
                "There": {"Type": "Succeed", "Comment": "It says InService."},
                "NotThere": {"Type": "Fail", "Comment": "It failed.", "Error": "F", "Cause": "F"},
            },
        }
    )


def draw_costs(rows: list[tuple[Rollout, Cost, Cost]]) -> Table:
    """Each length with both machines' costs side by side."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("about", "lasts", "transitions", "Lambda invocations", "DescribeEndpoint calls"):
        table.add_column(name, justify="left" if name == "about" else "right")
    for rollout, loop, ours in rows:
        table.add_row(
            rollout.name,
            f"{ours.lasted_seconds / 60:.0f} min",
            compare(loop.transitions, ours.transitions),
            compare(loop.invocations, ours.invocations),
            compare(loop.describes, ours.describes),
        )
    return table


def compare(loop: int, ours: int) -> str:
    """Two counts and their ratio."""
    return f"{loop:,} → {ours:,} ({loop / ours:.1f}×)"


def draw_reactions(rows: dict[str, list[Cost]]) -> Table:
    """How soon the end of an update is known."""
    table = Table(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in ("", "median", "p99", "most"):
        table.add_column(name, justify="right" if name else "left")
    for name, costs in rows.items():
        seconds = [cost.reaction_seconds for cost in costs]
        table.add_row(
            name,
            f"{median(seconds):.1f}",
            f"{quantiles(seconds, n=100, method='inclusive')[-1]:.1f}",
            f"{max(seconds):.1f}",
        )
    return table


if __name__ == "__main__":
    main()
