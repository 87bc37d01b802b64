"""GuardBake: one look at a bake: counts the new fleet's requests, and sends some if there are too few.

The guard's state machine waits between the looks (statemachine/guard.asl.yaml).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.aws import gateways
from switchover.aws.ledger import known_first, try_anew
from switchover.aws.manifests import GOLDEN
from switchover.domain.answers import StateAnswer
from switchover.domain.golden.questions import GoldenQuestion
from switchover.domain.guarding import (
    LOOK_SECONDS,
    Probes,
    aim,
    bake_of,
    doubt_traffic,
    next_look_in,
    sends_probes,
    share_of_new_fleet,
)
from switchover.domain.plans.routing import BY_PREFIX, keeps_to_instances
from switchover.domain.policies.choices import Inconclusive
from switchover.domain.update.records import AbortRequest, GuardCall, Moment, NotedMoment
from switchover.steps.aborting import stop_update
from switchover.steps.observe_update import observer

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.aws.files import Files
    from switchover.aws.guards import Watches
    from switchover.aws.manifests import Manifests
    from switchover.aws.metrics import FleetMetrics
    from switchover.aws.runtime import Runtime
    from switchover.domain.guarding import Bake
    from switchover.domain.reasons import Reason
    from switchover.domain.update.update import Update
    from switchover.steps.observe_update import Observer

_US_PER_SECOND = 1_000_000
# A look must end before the next one is due, even if its last golden request takes long.
_ASKING_SECONDS = 30


class GuardBakeAnswer(StrEnum):
    """Whether the bake is over, or needs another look."""

    OVER = "over"
    BAKING = "baking"


def guard_bake(
    update_id: str, bake_since: datetime, *, is_paced: bool
) -> StateAnswer[GuardBakeAnswer]:
    """Look at the bake that began at that time; `pause_seconds` says when the next look is due.

    In earlier versions of the code a function guarded a bake by itself and called its successor
    directly, without a state machine. During a deployment, such a call arrives here and is handed to
    the state machine.
    """
    if not is_paced:
        endpoint = gateways.ledger().update(update_id).endpoint
        gateways.guards().call(endpoint, update_id, bake_since, pause_seconds=0)
        return StateAnswer(GuardBakeAnswer.OVER)
    pause_seconds = _bake_guard().look(update_id, bake_since)
    if pause_seconds is None:
        return StateAnswer(GuardBakeAnswer.OVER)
    return StateAnswer(GuardBakeAnswer.BAKING, carried={"pause_seconds": pause_seconds})


def _bake_guard() -> BakeGuard:
    return BakeGuard(
        observer(),
        gateways.fleet_metrics(),
        gateways.runtime(),
        gateways.files(),
        gateways.manifests(),
        gateways.watches(),
    )


@dataclass(frozen=True, slots=True)
class BakeGuard:
    """The guard of one bake."""

    observer: Observer
    metrics: FleetMetrics
    runtime: Runtime
    files: Files
    manifests: Manifests
    watches: Watches

    def look(self, update_id: str, bake_since: datetime) -> int | None:
        """Look at the bake that began at that time; returns the seconds until the next look, or None.

        Enough requests end the guard. Too few requests shortly before the bake's end are
        inconclusive: the update is stopped if the policy says so, else TestModel reports it. Wrong
        answers that must come from the new fleet stop the update. A failed look may be repeated: a
        look records its findings at its end, and records the guard's end before it returns it.
        """
        update = self.observer.ledger.update(update_id)
        endpoint = self.observer.sagemaker.read(update.endpoint)
        plan, now = update.planned, endpoint.read_at
        bake = bake_of(endpoint, plan)
        if bake is None or bake.since != bake_since or update.is_ending:
            return None
        probes = self._probes(update, bake)
        probes.new_share = share_of_new_fleet(endpoint, plan)
        if probes.blamed:
            self._stop(update, now, probes.blamed)
            return None
        answered = self.metrics.answered(plan, update, now)
        doubts = doubt_traffic(plan, answered)
        if not doubts or bake.must_be_decided(now):
            self._conclude(update, bake, now, answered, probes, doubts)
            return None
        return self._ask(update, bake, now, probes)

    def _probes(self, update: Update, bake: Bake) -> Probes:
        plan = update.planned
        return Probes(
            self._questions(update),
            self.watches.watch(update.update_id, bake.since),
            identity=plan.tests.identity,
            varies=plan.destination.routing == BY_PREFIX,
        )

    def _questions(self, update: Update) -> tuple[GoldenQuestion, ...]:
        plan = update.planned
        if plan.tests.golden is None or not sends_probes(plan):
            return ()
        pinned = self.manifests.read(update.update_id, GOLDEN, plan.material.golden_pin)
        found = self.files.pinned_golden(update.bucket, plan.tests.golden, pinned)
        return aim(plan, (entry for entry in found if isinstance(entry, GoldenQuestion)))

    def _ask(self, update: Update, bake: Bake, now: datetime, probes: Probes) -> int:
        """Send as many golden requests as the policy allows per minute; returns the pause after them.

        They are sent without pauses, because a function costs money while it pauses.
        """
        watch, update_id = probes.watch, update.update_id
        if not probes.questions or watch.rests(now):
            return next_look_in(bake, now, watch.rests_until)
        watch.rests_until = now + timedelta(seconds=LOOK_SECONDS)
        self.watches.keep(update_id, bake.since, watch)
        pause_seconds = next_look_in(bake, now, watch.rests_until)
        spent_seconds, most = 0.0, min(_ASKING_SECONDS, pause_seconds)
        for _ in range(update.planned.guard.probes_per_minute):
            question = probes.next_question
            # Sent once, and only the beginning of a stream is read: the next look must be in time.
            answer = self.runtime.ask(update.endpoint, question, _ASKING_SECONDS)
            probes.note(question, answer)
            spent_seconds += answer.latency_us / _US_PER_SECOND
            if spent_seconds >= most or probes.blamed:
                break
        self.watches.keep(update_id, bake.since, watch)
        # The next look reads the bake anew, and stops the update if the new fleet is to blame.
        return 0 if probes.blamed else max(0, pause_seconds - int(spent_seconds))

    def _conclude(
        self,
        update: Update,
        bake: Bake,
        now: datetime,
        answered: int,
        probes: Probes,
        doubts: tuple[Reason, ...],
    ) -> None:
        if doubts and update.planned.guard.inconclusive is Inconclusive.ROLL_BACK:
            self._stop(update, now, doubts)
        noted = probes.watch.conclusion
        if noted is None:
            text = _tell(update, answered, probes, has_doubts=bool(doubts))
            moment = Moment(at=now, state="GuardBake", text=text)
            noted = NotedMoment(moment=moment, revision=update.record.revision)
            self.watches.keep(update.update_id, bake.since, replace(probes.watch, conclusion=noted))
        self.observer.ledger.add_noted(update.update_id, noted)
        if not doubts:
            self._note_enough(update, GuardCall(bake_since=bake.since, called_at=now))

    def _note_enough(self, known: Update, this: GuardCall) -> None:
        """Record, as the guard's last act, that no other bake needs a guard."""
        ledger = self.observer.ledger
        # If a look has recorded anything since, `known` is stale, and the update is read anew.
        read = known_first(known, lambda: ledger.update(known.update_id))

        def note() -> None:
            update = read()
            ledger.save(update.guarded(replace(update.guard or this, has_seen_enough=True)))

        try_anew(note)

    def _stop(self, update: Update, now: datetime, reasons: tuple[Reason, ...]) -> None:
        request = AbortRequest(at=now, by="the guard of its bake", reasons=reasons)
        stop_update(update.update_id, request, self.observer)


def _tell(update: Update, answered: int, probes: Probes, *, has_doubts: bool) -> str:
    plan, sent = update.planned, probes.watch.sent
    told = f"The new fleet answered {answered} requests"
    told += f"; the guard sent {sent} golden requests as traffic" if sent else ""
    told += f" (answered {probes.told_fleets})" if probes.told_fleets else ""
    if keeps_to_instances(plan.destination.routing):
        told += f"; {plan.destination.routing} routing may have kept them on the old fleet"
    if has_doubts and plan.guard.inconclusive is not Inconclusive.ROLL_BACK:
        told += f": fewer than {plan.guard.min_requests}, so the bake proves nothing"
    return f"{told}."
