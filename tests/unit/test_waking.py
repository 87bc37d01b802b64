"""A wake-up for several updates reaches each, whatever befalls another."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest
from tests.unit.samples import course, plan, update

from switchover.aws.waking import wake_each
from switchover.domain.errors import StaleUpdate
from switchover.domain.observing import Purpose

if TYPE_CHECKING:
    from switchover.aws.observing import Observer


@dataclass
class LooksOnce:
    """Stands in for the observer: tells whom it looked at; of some it can't."""

    stale: str = ""
    looked_at: list[str] = field(default_factory=list)

    def answer_if_settled(self, update_id: str, _purpose: Purpose, _token: str) -> dict[str, Any]:
        self.looked_at.append(update_id)
        if update_id == self.stale:
            raise StaleUpdate(f"{update_id} was changed meanwhile")
        return {"verdict": "moving"}


WAITING = [
    update(update_id=name, plan=plan(), course=course(), task_token=name, awaited=Purpose.OUTCOME)
    for name in ("one", "two", "three")
]


def test_each_update_is_looked_at() -> None:
    observer = LooksOnce()

    seen = wake_each(WAITING, cast("Observer", observer))

    assert seen == {"one": "moving", "two": "moving", "three": "moving"}


@pytest.mark.parametrize("stale", ["one", "two", "three"])
def test_one_that_fails_is_told_after_the_others_were_woken(stale: str) -> None:
    observer = LooksOnce(stale)

    with pytest.raises(StaleUpdate, match=stale):
        wake_each(WAITING, cast("Observer", observer))

    assert sorted(observer.looked_at) == ["one", "three", "two"]
