"""Writes the DeploymentConfig for UpdateEndpoint, in whole instances (rules §1.2, §1.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from switchover.domain.policies.choices import Strategy

if TYPE_CHECKING:
    from switchover.domain.plans.pace import Pace


def deployment_config(pace: Pace, deadline: int, alarms: tuple[str, ...]) -> dict[str, Any] | None:
    """The DeploymentConfig for UpdateEndpoint, in INSTANCE_COUNT; None for redeploy."""
    rollback = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}}
    match pace.strategy:
        case Strategy.ROLLING:
            return {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": _instance_count(pace.step_instances),
                    "WaitIntervalInSeconds": pace.bake_seconds,
                    "MaximumExecutionTimeoutInSeconds": deadline,
                    "RollbackMaximumBatchSize": _instance_count(pace.rollback_batch_instances),
                },
                **rollback,
            }
        case Strategy.CANARY:
            routing = {"Type": "CANARY", "CanarySize": _instance_count(pace.step_instances)}
        case Strategy.LINEAR:
            routing = {"Type": "LINEAR", "LinearStepSize": _instance_count(pace.step_instances)}
        case Strategy.ALL_AT_ONCE:
            routing = {"Type": "ALL_AT_ONCE"}
        case Strategy.REDEPLOY:
            return None
        case _:
            assert_never(pace.strategy)
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {**routing, "WaitIntervalInSeconds": pace.bake_seconds},
            "TerminationWaitInSeconds": pace.termination_wait_seconds,
            "MaximumExecutionTimeoutInSeconds": deadline,
        },
        **rollback,
    }


def return_config(pace: Pace, deadline: int, batch_instances: int | None = None) -> dict[str, Any]:
    """The DeploymentConfig of a rollback: without a bake and without alarms.

    It is all at once, or in batches of `batch_instances`, which need fewer additional instances.
    """
    back = pace.model_copy(
        update={
            "strategy": Strategy.ROLLING if batch_instances else Strategy.ALL_AT_ONCE,
            "step_instances": batch_instances,
            "rollback_batch_instances": batch_instances,
            "bake_seconds": 0,
            "termination_wait_seconds": 0,
        }
    )
    config = deployment_config(back, deadline, ())
    if config is None:
        raise AssertionError("only a redeploy has no DeploymentConfig")
    return {key: value for key, value in config.items() if key != "AutoRollbackConfiguration"}


def _instance_count(value: int) -> dict[str, Any]:
    return {"Type": "INSTANCE_COUNT", "Value": value}
