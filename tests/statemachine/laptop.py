"""A person's computer in front of the world of a story: the commands, with its clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from switchover_cli.deployment import Deployment

if TYPE_CHECKING:
    import boto3
    from tests.statemachine.world import World


@dataclass(frozen=True, slots=True)
class WorldSession:
    """A boto3 session into the world of a story."""

    world: World
    region_name: str = "us-east-1"

    def client(self, service: str, **_settings: Any) -> Any:
        """The world's own client."""
        return self.world.client(service)


def deployment_of(world: World) -> Deployment:
    """What a command finds by the stack."""
    function = world.lambdas.template.environment("PlanUpdateFunction")
    return Deployment(
        session=cast("boto3.Session", WorldSession(world)),
        table=world.settings["SWITCHOVER_TABLE"],
        bucket=world.bucket,
        state_machine_arn=world.settings["SWITCHOVER_STATE_MACHINE_ARN"],
        topic_arn=function["SWITCHOVER_TOPIC_ARN"],
        dashboard=function["SWITCHOVER_DASHBOARD"],
    )
