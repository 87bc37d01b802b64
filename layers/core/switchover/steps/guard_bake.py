"""GuardBake: counts the new fleet's requests during one bake, and sends golden ones if too few come."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.aws.ledger import try_anew
from switchover.aws.manifests import GOLDEN
from switchover.domain.answers import StateAnswer
from switchover.domain.golden.questions import GoldenQuestion
from switchover.domain.guarding import (
    LOOK_SECONDS,
    Probes,
    aim,
    bake_of,
    doubt_traffic,
    share_of_new_fleet,
)
from switchover.domain.plans.routing import BY_PREFIX, keeps_to_instances
from switchover.domain.policies.choices import Inconclusive
from switchover.domain.update.records import AbortRequest, Moment
from switchover.steps.aborting import stop_update
from switchover.steps.observe_update import observer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from switchover.aws.files import Files
    from switchover.aws.manifests import Manifests
    from switchover.aws.metrics import FleetMetrics
    from switchover.aws.runtime import Runtime
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover.steps.observe_update import Observer

_US_PER_SECOND = 1_000_000
# Less than the 900 s limit of a function, by twice the maximum time of one golden request.
_LONGEST_SECONDS = 720


class GuardBakeAnswer(StrEnum):
    """Whether the guard's work is over, or another guard was called."""

    OVER = "over"
    RELIEVED = "relieved"


def guard_bake(update_id: str, bake_since: datetime) -> StateAnswer[GuardBakeAnswer]:
    """Guard a bake, sleeping in the guard's pauses.

    Shortly before its time limit, call the next guard.
    """
    began = time.monotonic()
    for seconds in stand(update_id, bake_since):
        if time.monotonic() - began > _LONGEST_SECONDS:
            _bake_guard().leave_post(update_id, bake_since)
            gateways.guards().call(update_id, bake_since)
            return StateAnswer(GuardBakeAnswer.RELIEVED)
        time.sleep(seconds)
    return StateAnswer(GuardBakeAnswer.OVER)


def stand(update_id: str, bake_since: datetime) -> Iterator[float]:
    """Guard the bake; yields pauses, in seconds of SageMaker's time."""
    return _bake_guard().stand(update_id, bake_since)


def _bake_guard() -> BakeGuard:
    return BakeGuard(
        observer(),
        gateways.fleet_metrics(),
        gateways.runtime(),
        gateways.files(),
        gateways.manifests(),
    )


@dataclass(frozen=True, slots=True)
class BakeGuard:
    """The guard of one bake. It yields pauses in SageMaker's time, and the caller sleeps."""

    observer: Observer
    metrics: FleetMetrics
    runtime: Runtime
    files: Files
    manifests: Manifests

    def stand(self, update_id: str, bake_since: datetime) -> Iterator[float]:
        """Guard the bake that began at `bake_since` until it ends or is judged; yields pauses (seconds).

        The guard ends when the new fleet has got enough requests. Too few requests shortly before the end
        of the bake are inconclusive: the update is rolled back if the policy says so; otherwise TestModel
        reports it. Wrong answers that can only come from the new fleet roll the update back.
        """
        try:
            update = self._take_post(update_id, bake_since)
            if update is not None:
                yield from self._guard(update, bake_since)
        except Exception:
            # Lambda runs the function again, and the next run must not see a guard at work.
            self.leave_post(update_id, bake_since)
            raise

    def leave_post(self, update_id: str, bake_since: datetime) -> None:
        """Record that the guard has left, so that another one may take over."""
        self._stand_at_post(update_id, bake_since, is_standing=False)

    def _guard(self, update: Update, bake_since: datetime) -> Iterator[float]:
        update_id = update.update_id
        plan = update.planned
        probes = Probes(
            self._questions(update),
            identity=plan.tests.identity,
            varies=plan.destination.routing == BY_PREFIX,
        )
        while True:
            update = self.observer.ledger.update(update_id)
            endpoint = self.observer.sagemaker.read(update.endpoint)
            now, bake = endpoint.read_at, bake_of(endpoint, update.planned)
            if bake is None or bake.since != bake_since or update.is_ending:
                return
            if probes.blamed:
                self._stop(update, now, probes.blamed)
                return
            answered = self.metrics.answered(update.planned, update, now)
            doubts = doubt_traffic(update.planned, answered)
            if not doubts or bake.must_be_decided(now):
                self._conclude(update, now, answered, probes, doubts)
                return
            probes.new_share = share_of_new_fleet(endpoint, update.planned)
            yield from self._ask(update, probes)

    def _take_post(self, update_id: str, bake_since: datetime) -> Update | None:
        """Record that a guard is at work; None if one already is, or none was called for this bake."""
        return self._stand_at_post(update_id, bake_since, is_standing=True)

    def _stand_at_post(
        self, update_id: str, bake_since: datetime, *, is_standing: bool
    ) -> Update | None:
        """Record whether a guard is at work; None if it is recorded already, or for another bake."""

        def record() -> Update | None:
            update = self.observer.ledger.update(update_id)
            called = update.guard
            if called is None or called.bake_since != bake_since:
                return None
            if called.is_standing is is_standing:
                return None
            changed = replace(called, is_standing=is_standing)
            return self.observer.ledger.save(update.guarded(changed))

        return try_anew(record)

    def _questions(self, update: Update) -> tuple[GoldenQuestion, ...]:
        plan = update.planned
        if plan.tests.golden is None or not plan.guard.probes_per_minute:
            return ()
        pinned = self.manifests.read(update.update_id, GOLDEN, plan.material.golden_pin)
        found = self.files.pinned_golden(update.bucket, plan.tests.golden, pinned)
        return aim(plan, (entry for entry in found if isinstance(entry, GoldenQuestion)))

    def _ask(self, update: Update, probes: Probes) -> Iterator[float]:
        """Send golden requests at the policy's rate until the next look.

        Without golden requests, only pause.
        """
        if not probes.questions:
            yield LOOK_SECONDS
            return
        gap_seconds = 60 / update.planned.guard.probes_per_minute
        spent_seconds = 0.0
        while spent_seconds < LOOK_SECONDS:
            question = probes.next_question
            # No retries, and only the beginning of a stream, so that the next look isn't late.
            answer = self.runtime.ask(update.endpoint, question, LOOK_SECONDS)
            probes.note(question, answer)
            spent_seconds += gap_seconds + answer.latency_us / _US_PER_SECOND
            yield gap_seconds

    def _conclude(
        self,
        update: Update,
        now: datetime,
        answered: int,
        probes: Probes,
        doubts: tuple[Reason, ...],
    ) -> None:
        told = f"The new fleet answered {answered} requests"
        told += f"; the guard sent {probes.sent} golden requests as traffic" if probes.sent else ""
        told += f" (answered {probes.told_fleets})" if probes.told_fleets else ""
        if keeps_to_instances(update.planned.destination.routing):
            told += f"; {update.planned.destination.routing} routing may have kept them on the old fleet"
        if doubts and update.planned.guard.inconclusive is Inconclusive.ROLL_BACK:
            self._stop(update, now, doubts)
        elif doubts:
            told += f": fewer than {update.planned.guard.min_requests}, so the bake proves nothing"
        elif update.guard is not None:
            enough = replace(update.guard, has_seen_enough=True)
            # Read again: an observation may have changed the update while the metrics were read.
            newest = self.observer.ledger.update(update.update_id)
            update = self.observer.ledger.save(newest.guarded(enough))
        self.observer.ledger.add_moment(update, Moment(at=now, state="GuardBake", text=f"{told}."))

    def _stop(self, update: Update, now: datetime, reasons: tuple[Reason, ...]) -> None:
        request = AbortRequest(at=now, by="the guard of its bake", reasons=reasons)
        stop_update(update.update_id, request, self.observer)
