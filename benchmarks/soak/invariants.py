"""What must hold whenever an update ends, an hour later, and at the end of a soak."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.support.account import examine

from benchmarks.soak.world import endpoint_of
from switchover.domain.naming import endpoint_of_alarm
from switchover.domain.outcome import Outcome
from switchover.domain.plans.plan import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from benchmarks.soak.faults import Disturbed
    from benchmarks.soak.people import People
    from benchmarks.soak.world import SoakWorld
    from switchover.domain.update.update import Update

_ENDS = frozenset(set(Outcome) - {Outcome.QUEUED})
_LATER_SECONDS = 3600
# A state tries four times (statemachine/update.asl.yaml); one of the tries may have been a crash.
_TRIES = 3
_JUST_NOW = timedelta(minutes=30)
_STANDING = "standing"


@dataclass(frozen=True, slots=True)
class Break:
    """An invariant that didn't hold."""

    at: datetime
    invariant: str
    about: str
    found: str


@dataclass(slots=True)
class Watch:
    """Receives the announcements, and compares them with what serves."""

    world: SoakWorld
    people: People
    faults: Disturbed
    breaks: list[Break] = field(default_factory=list)
    told: dict[str, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    outcomes: Counter[str] = field(default_factory=Counter)
    alarm_hours: float = 0
    # Updates that needed a person after a change from outside or in a storm, and their messages.
    excused: dict[str, str] = field(default_factory=dict)

    def begin(self) -> None:
        """Receive everything from now on."""
        self.world.outlets.listeners.append(self._hear)
        self._count_alarms()

    def _count_alarms(self) -> None:
        self.alarm_hours += len(self.world.twin.alarms.alarms())
        self.world.clock.call_later(3600, self._count_alarms)

    def look_at_the_end(self) -> None:
        """Compare everything that is left with the state before."""
        for update_id, said in self.told.items():
            self._check_told(update_id, said)
        self._check_recorded()
        for name in self.world.names:
            for invariant, found in self._left_behind(name):
                self._note(invariant, name, found)
        if ringing := self.world.scheduler.schedules:
            self._note("no schedule", ", ".join(ringing), "still to ring, and nobody waits")
        for finding in examine(self.world):
            if finding.code != "dead-letters":  # a person was notified of each
                self._note("doctor finds nothing", finding.subject, finding.evidence)

    def _check_recorded(self) -> None:
        """Check that every started update has its outcome, and was announced."""
        for execution in self.world.executions:
            if not isinstance(execution.request, dict) or not (
                execution.request.get("release") or execution.request.get("rollback")
            ):
                continue
            if execution.name in self.people.lost:
                continue
            update = self.world.ledger.find(execution.name)
            if update is None or update.outcome is None or update.outcome is Outcome.QUEUED:
                self._note("recorded", execution.name, f"{update and update.outcome}")
            elif update.update_id not in self.told:
                self._note("told", execution.name, f"nobody was told of {update.outcome}")

    def _hear(self, how: str, what: Mapping[str, Any]) -> None:
        if how == "people" and what["outcome"] in _ENDS:
            self._hear_outcome("people", what["update_id"], what["outcome"])
        elif how == "events" and what["source"] == "switchover":
            outcome = what["detail-type"].removeprefix("Update ")
            if outcome in _ENDS:
                self._hear_outcome("machines", what["detail"]["update_id"], outcome)

    def _hear_outcome(self, who: str, update_id: str, outcome: str) -> None:
        is_first = not self.told[update_id]
        self.told[update_id].append((who, outcome))
        if not is_first:
            return
        self.outcomes[outcome] += 1
        self._check_true(update_id, outcome, "true when told")
        at = self.world.clock.now()
        self.world.clock.call_later(
            _LATER_SECONDS, lambda: self._check_later(update_id, outcome, at)
        )

    def _check_later(self, update_id: str, outcome: str, told_at: datetime) -> None:
        name = endpoint_of(update_id)
        is_touched = any(at >= told_at for at in self.people.meddled[name]) or any(
            execution.ended_at is None or execution.ended_at > told_at
            for execution in self.world.of(name)
            if execution.name != update_id
        )
        if not is_touched:
            self._check_true(update_id, outcome, "true an hour later")

    def _check_true(self, update_id: str, outcome: str, invariant: str) -> None:
        update = self.world.ledger.find(update_id)
        if update is None:
            if outcome != Outcome.NEEDS_OPERATOR:
                self._note(invariant, update_id, f"told {outcome}, and there is no record")
            return
        if wrong := self._untrue(update, Outcome(outcome)):
            self._note(invariant, update_id, f"told {outcome}: {wrong}")

    def _untrue(self, update: Update, outcome: Outcome) -> str:
        described, plan = self.world.describe_endpoint(update.endpoint), update.plan
        serving = described.get("EndpointConfigName", "")
        if outcome is Outcome.NEEDS_OPERATOR:
            if self._is_meddled(update) or self._is_worn_out(update.update_id):
                self.excused[update.update_id] = update.summary
                return ""
            return f"unsettled: {update.summary}"
        if outcome in {Outcome.REJECTED, Outcome.SUPERSEDED}:
            return (
                f"and {serving} serves"
                if plan and serving == plan.target.config and update.kind is Kind.RELEASE
                else ""
            )
        if self._is_meddled(update, _JUST_NOW):
            return ""  # a change from outside since the last reading doesn't make the announcement false
        if (
            described.get("EndpointStatus") != "InService"
            or "PendingDeploymentSummary" in described
        ):
            return f"the endpoint is {described.get('EndpointStatus')}"
        shares = self.world.twin.traffic_shares(update.endpoint)
        if set(shares) != {serving}:
            return f"traffic is split: {shares}"
        if plan is None:
            return "it was never planned"
        if outcome is Outcome.UPDATED:
            return "" if serving == plan.target.config else f"{serving} serves"
        return "" if self._model_of(serving) == plan.previous.model else f"{serving} serves"

    def _is_worn_out(self, update_id: str) -> bool:
        """Whether a function of an update failed in all, or nearly all, tries of its state."""
        failed = Counter(
            hit.call.function for hit in self.faults.spoilt if hit.update_id == update_id
        )
        return max(failed.values(), default=0) >= _TRIES

    def _model_of(self, config: str) -> str:
        described = self.world.sagemaker.describe_endpoint_config(EndpointConfigName=config)
        return str(described["ProductionVariants"][0]["ModelName"])

    def _is_meddled(self, update: Update, within: timedelta | None = None) -> bool:
        """Whether something was changed outside Switchover since the update began, or just now."""
        since = update.started_at if within is None else self.world.clock.now() - within
        return any(at >= since for at in self.people.meddled[update.endpoint])

    def _check_told(self, update_id: str, said: list[tuple[str, str]]) -> None:
        outcomes = {outcome for _, outcome in said}
        if len(outcomes) > 1:
            self._note("one outcome", update_id, f"{said}")
        twice = [who for who, times in Counter(who for who, _ in said).items() if times > 1]
        if twice and not self._may_be_doubled(update_id):
            self._note("told once", update_id, f"{said}")
        if {who for who, _ in said} != {"people", "machines"}:
            self._note("told", update_id, f"only {said}")

    def _may_be_doubled(self, update_id: str) -> bool:
        """Whether an answer to Announce or to its record was lost, or Announce crashed afterwards."""
        return any(
            hit.call.function == "AnnounceFunction" and hit.update_id == update_id
            for hit in self.faults.spoilt
        ) or bool(self.faults.crashes["Announce"])

    def _left_behind(self, name: str) -> Iterator[tuple[str, str]]:
        claim = self.world.ledger.claim(name)
        if claim is not None:
            yield "claim released", f"held by {claim.execution_arn.rpartition(':')[2]}"
        if waiting := self.world.queue.entries(name):
            yield "queue empty", f"{[one.update_id for one in waiting]} wait"
        alarms = [alarm for alarm in self.world.alarm_names() if endpoint_of_alarm(alarm) == name]
        if left := [alarm for alarm in alarms if alarm.split("/")[2] != _STANDING]:
            yield "alarms removed", f"{left}"
        described = self.world.describe_endpoint(name)
        if described.get("EndpointStatus") != "InService":
            yield "in service", f"{described.get('EndpointStatus')}"
        if not self.people.meddled[name]:
            now, before = self.world.capacity_of(name), self.world.capacities[name]
            if now != before:
                yield "capacity restored", f"{before} became {now}"

    def _note(self, invariant: str, about: str, found: str) -> None:
        self.breaks.append(Break(self.world.clock.now(), invariant, about, found))
