"""Deletions by people or accidents while an update runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support import clients
from tests.support.scene import ENDPOINT

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World


def delete_item(world: World, pk: str, sk: str) -> None:
    """Delete an item of the ledger's table."""
    clients.client("dynamodb").delete_item(
        TableName=world.settings["SWITCHOVER_TABLE"], Key={"pk": {"S": pk}, "sk": {"S": sk}}
    )


def lose_update(world: World, update_id: str) -> None:
    """Delete an update's own item; its timeline stays."""
    delete_item(world, f"update#{update_id}", "update")


def meanwhile(world: World, state: str, act: Callable[[], object]) -> None:
    """Do something once, just before a state's function runs.

    A call of the twin lets everything run that is due, so that it can't be made between two states.
    """
    invoke = world.stepfunctions.invoke
    waiting = [act]

    def act_before(function: str, payload: Any) -> Any:
        if waiting and any(one.state == state for one in world.executions):
            waiting.pop()()
        return invoke(function, payload)

    world.stepfunctions.invoke = act_before


def delete_endpoint(world: World) -> None:
    """Delete the endpoint, as somebody else does."""
    world.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
