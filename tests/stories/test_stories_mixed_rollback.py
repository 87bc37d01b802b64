"""A rollback by hand that SageMaker leaves in a mix is repaired too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.expectations import assert_nothing_left_behind

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import Behaviour, Scenario, Switches

if TYPE_CHECKING:
    from tests.stories.conftest import MakeWorld


def test_a_mix_that_a_rollback_leaves_is_repaired_by_a_copy_of_what_served(
    make_world: MakeWorld,
) -> None:
    """The previous config's own name is reported already in a mix, and would prove nothing."""
    world = make_world(Scenario(switches=Switches(deadline_outcome="mixed")))
    world.put_policy("ready_seconds: 200")
    world.offer("v2")
    world.run()
    served = world.serving
    world.twin.set_behaviour("*/v1/", Behaviour(download_seconds=9000))

    back = world.start("back-1", rollback="vlm", reason="customers complain")
    world.run()

    update = assert_nothing_left_behind(world, back)
    assert update.way_back.is_mixed
    assert update.outcome is Outcome.ROLLED_BACK
    assert world.serving != served
    assert update.planned.previous.config == served
