"""Pauses are SageMaker's: as long as on the wall on AWS, shorter where a rehearsal runs faster."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.unit.samples import NOW

from switchover.aws.pacer import Pacer


class Wall:
    """A clock on the wall that moves by sleeping, and SageMaker's, so many times as fast."""

    def __init__(self, speed: float) -> None:
        self.seconds = 0.0
        self.speed = speed

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def pacer(self) -> Pacer:
        return Pacer(
            # Date tells whole seconds.
            lambda: NOW + timedelta(seconds=int(self.seconds * self.speed)),
            self.sleep,
            lambda: self.seconds,
        )


@pytest.mark.parametrize(("speed", "lasts"), [(1, 31), (1.9, 31), (90, 1 + 30 / 90)])
def test_a_pause_lasts_as_long_as_sagemakers_clock_takes(speed: float, lasts: float) -> None:
    wall = Wall(speed)

    wall.pacer().pause(30)

    assert wall.seconds == pytest.approx(lasts, abs=0.01)


def test_the_speed_is_measured_once() -> None:
    wall = Wall(90)
    pacer = wall.pacer()
    pacer.pause(30)
    before = wall.seconds

    pacer.pause(90)

    assert wall.seconds - before == pytest.approx(1)


def test_the_time_on_the_wall_is_told() -> None:
    wall = Wall(1)
    pacer = wall.pacer()

    pacer.pause(700)

    assert pacer.spent_seconds == 701
