"""A world per story."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest
from tests.support.world import World

from switchover.aws import clients as product_clients
from switchover.settings import settings
from switchover_local.twin.scenario import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator


class MakeWorld(Protocol):
    """Builds the world of a story."""

    def __call__(
        self,
        scenario: Scenario | None = None,
        *,
        instances: int = 4,
        requests_per_second: float = 0.5,
    ) -> World:
        """A world with `instances` instances that serve v1."""


@pytest.fixture
def make_world(monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeWorld]:
    """For stories that begin otherwise than most."""

    def make(
        scenario: Scenario | None = None,
        *,
        instances: int = 4,
        requests_per_second: float = 0.5,
    ) -> World:
        world = World(scenario or Scenario())
        monkeypatch.setattr(product_clients, "client", world.client)
        world.begin(instances, requests_per_second)
        return world

    yield make
    settings.cache_clear()


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """Four instances serve v1; autoscaling with a policy and a scheduled action is set up."""
    return make_world()
