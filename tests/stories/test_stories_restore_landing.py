"""Capacity that can't be restored is reported after no request for it can take effect any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.late_acts import LandsLate

from switchover.domain.asking import LANDING_SECONDS

if TYPE_CHECKING:
    from tests.support.world import World

_HOUR = 3600
_FOR_EVER = 10_000


@pytest.mark.parametrize("seconds", [200, 340])
def test_people_are_told_after_what_was_asked_has_landed(world: World, seconds: int) -> None:
    late = LandsLate(
        world,
        "application-autoscaling",
        "register_scalable_target",
        seconds,
        "RestoreCapacity",
        stops=False,
    ).plant()
    world.offer()
    assert world.clock.run_until(lambda: late.was_asked, 4 * _HOUR)
    world.crash("RestoreCapacity", times=_FOR_EVER)

    assert world.clock.run_until(lambda: bool(world.messages()), _HOUR)

    assert late.landed == ["register_scalable_target"]
    assert world.messages() == ["NeedsOperator: vlm v2"]
    assert world.capacity() == world.capacity_before


def test_where_nothing_was_asked_nothing_is_waited_for(world: World) -> None:
    world.crash("RestoreCapacity", times=_FOR_EVER)
    world.offer()
    world.run_to("RestoreCapacity")
    began = world.clock.now()

    assert world.clock.run_until(lambda: bool(world.messages()), _HOUR)

    assert world.clock.now() - began < timedelta(seconds=LANDING_SECONDS)
