"""One reading of an update from the ledger, SageMaker and CloudWatch at the same moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus
from switchover.domain.update.approval import Gate
from switchover_cli.copied import is_copying, read_copied
from switchover_cli.drift import read_drift
from switchover_cli.words import say_duration, say_roughly, say_stages, say_status

if TYPE_CHECKING:
    from switchover.domain.adoption import Drift
    from switchover.domain.fleet import AlarmReading
    from switchover.domain.update.records import Moment
    from switchover.domain.update.update import Update
    from switchover_cli.copied import Copied
    from switchover_cli.deployment import Deployment

# What the state machine does in states in which SageMaker reports nothing, by the state's name.
STATE_WORDS = {
    "ClaimEndpoint": "Checking that no other update holds this endpoint",
    "CopyRelease": "Copying the model's files",
    "ValidateModel": "Checking the model's files",
    "PlanUpdate": "Making the plan",
    "RequestApproval": "Waiting for a person's approval",
    "RecordApproval": "Recording the answer",
    "CreateConfig": "Creating the new model and config",
    "EnsureAlarms": "Setting the alarms",
    "ProtectCapacity": "Suspending autoscaling",
    "AwaitCapacity": "Enlarging the fleet before the update",
    "StartUpdate": "Requesting the update from SageMaker",
    "AwaitOutcome": "Waiting for SageMaker",
    "TestModel": "Sending golden requests to the new model",
    "RequestPromotion": "Waiting for a person to approve the promotion",
    "WatchUpdated": "Watching the new model after the update",
    "RollBack": "Rolling back to the previous config",
    "AwaitRollback": "Rolling back to the previous config",
    "RestoreCapacity": "Restoring autoscaling",
    "AwaitRestored": "Restoring the fleet's size",
    "RecordOutcome": "Recording the outcome",
    "WriteReport": "Writing the report",
    "Announce": "Announcing the outcome",
}


_ASKING = {
    Gate.START: STATE_WORDS["RequestApproval"],
    Gate.PROMOTION: STATE_WORDS["RequestPromotion"],
}


@dataclass(frozen=True, slots=True)
class FleetCount:
    """The current instances of the previous config and of the target config."""

    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a screen shows of an update. `now` is SageMaker's clock."""

    update: Update
    timeline: tuple[Moment, ...]
    endpoint: EndpointReading | Absent
    alarms: tuple[AlarmReading, ...]
    now: datetime
    drift: Drift | None = None
    # The copy of the release while it goes on, now and at the first reading of the same watcher.
    copied: Copied | None = None
    first_copied: Copied | None = None

    @property
    def phase(self) -> str:
        """The current phase, in a few plain words."""
        if self.update.outcome is not None:
            return f"Ended: {self.update.outcome.value}"
        gate = self.update.open_gate
        if gate is not None:
            return _ASKING[gate]
        doing, state = self._doing, self._state
        if isinstance(self.endpoint, Absent):
            return f"{doing}; there is no endpoint now"
        if self.update.progress.course is None:
            # SageMaker's present work belongs to another update.
            return doing
        said = say_stages(self.endpoint.stages)
        if said:
            return said
        if self.endpoint.status is not EndpointStatus.IN_SERVICE:
            return f"{doing}; the endpoint is {say_status(self.endpoint.status)}"
        if state == "AwaitOutcome" and self.update.progress.course.was_seen_moving:
            did = "is done" if self.fleet.new > 0 else "went back"
            return f"SageMaker {did}; the outcome is being checked"
        return doing

    @property
    def _state(self) -> str:
        if is_copying(self.update, self.timeline):
            return "CopyRelease"
        return self.timeline[-1].state if self.timeline else "ClaimEndpoint"

    @property
    def _doing(self) -> str:
        copied = f": {self.copied.say(self.first_copied)}" if self.copied else ""
        return f"{STATE_WORDS.get(self._state, self._state)}{copied}"

    @property
    def milestone(self) -> str:
        """What changes when plain lines should say the phase again: of a copy, each tenth."""
        return self.phase if self.copied is None else f"copied {self.copied.tenths}"

    @property
    def fleet(self) -> FleetCount:
        """The number of instances of the old and the new fleet.

        Until the update is over, the endpoint's own variants are the old fleet (rules §2.4).
        """
        if isinstance(self.endpoint, Absent):
            return FleetCount(old=0, new=0)
        plan = self.update.plan
        if plan is not None and self.endpoint.config_name == plan.target.config:
            return FleetCount(old=self.endpoint.pending_instances, new=self.endpoint.instances)
        return FleetCount(old=self.endpoint.instances, new=self.endpoint.pending_instances)

    @property
    def full_fleet(self) -> int:
        """Instances of a whole fleet: the planned number, or the present one if it is higher."""
        planned = self.update.plan.deployment.pace.instances if self.update.plan else 0
        return max(planned, self.fleet.old, self.fleet.new)

    @property
    def progress(self) -> str:
        """The elapsed and the planned time of the update, and whether it is overdue."""
        update, elapsed = self.update, say_duration(self.elapsed_seconds)
        if update.plan is None or update.progress.course is None:
            return f"{elapsed} since it began"
        expected = update.plan.times.expected_seconds
        planned = f"about {say_roughly(expected)}"
        if update.progress.moving_seconds is not None:
            moved = say_duration(update.progress.moving_seconds)
            rest = max(0.0, self.elapsed_seconds - update.progress.moving_seconds)
            after = "" if update.outcome else f"; the new fleet serves for {say_duration(rest)} now"
            return f"moved in {moved} (planned: {planned}){after}"
        if self.elapsed_seconds <= expected:
            return f"{elapsed} of {planned}"
        late = say_duration(self.elapsed_seconds - expected)
        if update.outcome is not None:
            return f"{elapsed} (planned: {planned})"
        left = update.plan.times.deadline_seconds - self.elapsed_seconds
        given_up = (
            f"the update gives up in {say_roughly(left)}" if left > 0 else "its deadline has passed"
        )
        return f"{elapsed}: {late} longer than planned ({planned}); {given_up}"

    @property
    def elapsed_seconds(self) -> float:
        """Seconds since UpdateEndpoint; before that, since the update began."""
        end = self.update.ended_at or self.now
        return max(0.0, (end - self._asked_at).total_seconds())

    @property
    def _asked_at(self) -> datetime:
        # The watch and a rollback replace the course; the first reading stays.
        for moment in self.timeline:
            if moment.state == "AwaitOutcome":
                return moment.at
        course = self.update.progress.course
        return course.started_at if course is not None else self.update.started_at

    def later(self, seconds: float) -> Scene:
        """The same scene with a later clock, for drawing between two readings."""
        return replace(self, now=self.now + timedelta(seconds=seconds))


def read_scene(deployment: Deployment, update_id: str) -> Scene:
    """Take one reading of an update.

    Raises:
    UpdateUnknown: the ledger has no update of this id (yet).
    """
    update = deployment.ledger.look_up(update_id)
    endpoint = deployment.sagemaker.read(update.endpoint)
    watched = update.plan.alarms.observed if update.plan and update.outcome is None else ()
    timeline = deployment.ledger.timeline(update_id)
    copies = is_copying(update, timeline)
    return Scene(
        update=update,
        timeline=timeline,
        endpoint=endpoint,
        alarms=deployment.cloudwatch.read(watched) if watched else update.found.evidence.alarms,
        now=endpoint.read_at,
        # Only an update that changes the endpoint shows what serves.
        drift=None if update.is_changing else read_drift(deployment, endpoint),
        copied=read_copied(deployment.s3, update, endpoint.read_at) if copies else None,
    )
