"""An SDK retries a call whose answer is lost: the second request is refused, the first one counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.expectations import assert_nothing_left_behind

if TYPE_CHECKING:
    from tests.support.world import World


@dataclass(frozen=True, slots=True)
class _AsksTwice:
    """A client whose first answer to one operation is lost, so that it asks at once again."""

    client: Any
    operation: str

    def __getattr__(self, name: str) -> Any:
        call = getattr(self.client, name)
        if name != self.operation:
            return call

        def ask_twice(**asked: Any) -> Any:
            call(**asked)
            return call(**asked)

        return ask_twice


@pytest.mark.parametrize(
    ("operation", "policy"),
    [
        ("update_endpoint", "strategy: canary"),
        ("delete_endpoint", "strategy: redeploy\nallow_downtime: true"),
        ("create_endpoint", "strategy: redeploy\nallow_downtime: true"),
        ("create_endpoint_config", "strategy: canary"),
        ("create_model", "strategy: canary"),
        (
            "update_endpoint_weights_and_capacities",
            "strategy: canary\ncapacity: {during: {min: 6, max: 8}}",
        ),
    ],
)
def test_a_request_that_the_sdk_repeats_counts_once(
    world: World, operation: str, policy: str
) -> None:
    world.put_policy(policy)
    world.stand_ins["sagemaker"] = _AsksTwice(world.sagemaker, operation)
    world.offer()

    end = world.run()

    assert end.state == "Updated"
    assert_nothing_left_behind(world)
