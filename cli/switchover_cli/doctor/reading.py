"""Reads all that the diagnosis needs, part by part, and notes parts that are denied or take too long."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict

from switchover.domain.capacity import plan_restoration
from switchover.domain.counts import Count, count_nothing
from switchover.domain.naming import endpoint_of_alarm
from switchover.domain.policies.choices import OWNERS_ALONE, Wish
from switchover.domain.policies.parts import key_names
from switchover.domain.policies.policy import Policy
from switchover.domain.readings import Subscribers
from switchover_cli.doctor.bucket import BucketReader
from switchover_cli.doctor.listing import (
    Alarms,
    DeadLetters,
    Endpoints,
    Runs,
    ScheduleList,
    Suspensions,
    parse_input,
)
from switchover_cli.doctor.seen import HeldClaim, Holding, Seen, UnfinishedExecution, Unrestored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from switchover.domain.counts import OnCount
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment

# Updates read per endpoint, far more than people look back on. Older updates aren't judged.
_MOST_UPDATES = 200
# Step Functions keeps an execution for 90 days (quotas); one that ended long ago is no news.
_LOOK_BACK = timedelta(days=14)
# The endpoint need not exist: every answer of SageMaker has the time in a header.
_ANY_NAME = "what-time-is-it"
_UNSUCCESSFUL = ("ABORTED", "TIMED_OUT", "FAILED")


class Unseen(BaseModel):
    """A part that couldn't be read, and why not."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str
    why: str


class _TimeIsOver(Exception):
    """The time is up: the remaining parts aren't read."""


@dataclass(slots=True)
class Doctor:
    """Reads one deployment, for `within_seconds` at most. It changes nothing."""

    deployment: Deployment
    within_seconds: float
    monotonic: Callable[[], float] = time.monotonic
    on_count: OnCount = count_nothing
    unseen: list[Unseen] = field(default_factory=list)
    _until: float = 0.0

    def look(self) -> Seen:
        """Everything that could be read; `unseen` has the parts that couldn't."""
        self._until = self.monotonic() + self.within_seconds
        deployment = self.deployment
        names, known = deployment.releases_may, _known_keys()
        seen = Seen(
            now=self._now(),
            machine_arn=deployment.state_machine_arn,
            schedule_group=deployment.schedule_group,
            dead_letters_url=deployment.dead_letters_url,
            topic_arn=deployment.topic_arn or "",
            known_keys=tuple(name for name in names if name in known),
            unknown_keys=tuple(name for name in names if name not in known),
            region=deployment.session.region_name,
            protects_models=deployment.protects_models,
            bucket_key=deployment.bucket_key,
        )
        parts = (
            ("claims", self._claims),
            ("queues", self._queues),
            ("executions", self._executions),
            ("endpoints", self._endpoints),
            ("alarms", self._alarms),
            ("updates", self._updates),
            ("pins", self._pins),
            ("scaling", self._scaling),
            ("configs and models", self._configs),
            ("schedules", self._schedules),
            ("model bucket", self._bucket),
            ("dead letters", self._dead_letters),
            ("subscribers", self._listeners),
        )
        for done, (part, read) in enumerate(parts):
            self.on_count(Count(f"Reading {part}", done, len(parts)))
            seen = self._try(part, read, seen)
        self.on_count(Count("Read", len(parts), len(parts)))
        return seen

    def _now(self) -> datetime:
        """SageMaker's clock, which dates the records; a local cloud's clock runs ahead of ours."""
        try:
            return self.deployment.sagemaker.read(_ANY_NAME).read_at
        except (BotoCoreError, ClientError):
            return datetime.now(UTC)

    def _try(self, part: str, read: Callable[[Seen], Seen], seen: Seen) -> Seen:
        """Read one part; if that fails, note why, and go on."""
        try:
            self._check_time()
            return read(seen)
        except ClientError as error:
            why = f"{error.response['Error']['Code']} on {error.operation_name}"
        except BotoCoreError as error:
            why = str(error)
        except _TimeIsOver:
            why = f"the time limit of {self.within_seconds:.0f} s was reached; --within raises it"
        self.unseen.append(Unseen(part=part, why=why))
        return seen

    def _check_time(self) -> None:
        if self.monotonic() > self._until:
            raise _TimeIsOver

    def _claims(self, seen: Seen) -> Seen:
        deployment, held = self.deployment, []
        for endpoint in deployment.ledger.claimed_endpoints():
            self._check_time()
            claim = deployment.ledger.claim(endpoint)
            if claim is not None:
                is_running = deployment.workflow.is_running(claim.execution_arn)
                held.append(HeldClaim(claim, is_running, deployment.ledger.find(claim.update_id)))
        return replace(seen, claims=tuple(held))

    def _queues(self, seen: Seen) -> Seen:
        queue = self.deployment.queue
        waiting = [one for endpoint in queue.endpoints() for one in queue.entries(endpoint)]
        return replace(seen, waiting=tuple(waiting))

    def _executions(self, seen: Seen) -> Seen:
        runs = Runs(self.deployment.client("stepfunctions"))
        found = []
        for status in _UNSUCCESSFUL:
            for arn, at in runs.ended(seen.machine_arn, status):
                self._check_time()
                if seen.now - at > _LOOK_BACK:
                    break
                name = arn.rpartition(":")[2]
                update, asked = self.deployment.ledger.find(name), {}
                if update is None:
                    asked = parse_input(runs.asked(arn))
                    name = _taken_up(asked) or name
                    update = self.deployment.ledger.find(name)
                found.append(UnfinishedExecution(arn, name, status, at, asked, update))
        return replace(seen, executions=tuple(found))

    def _endpoints(self, seen: Seen) -> Seen:
        endpoints = Endpoints(self.deployment.client("sagemaker"))
        names, serving = tuple(endpoints.names()), set[str]()
        seen = replace(seen, endpoints=frozenset(names))
        for name in names:
            self._check_time()
            serving.update(endpoints.serving(name))
        return replace(seen, serving_configs=frozenset(serving))

    def _alarms(self, seen: Seen) -> Seen:
        alarms = Alarms(self.deployment.client("cloudwatch"))
        return replace(seen, alarms=tuple(alarms.named()))

    def _updates(self, seen: Seen) -> Seen:
        updates: list[Update] = []
        read: set[str] = set()
        for name in _concerned(seen):
            self._check_time()
            history = self.deployment.ledger.history(name, _MOST_UPDATES)
            updates += history
            if len(history) < _MOST_UPDATES:
                read.add(name)
        return replace(seen, updates=tuple(updates), fully_read=frozenset(read))

    def _pins(self, seen: Seen) -> Seen:
        pins, unreadable = [], []
        for name in _concerned(seen):
            self._check_time()
            pin = self.deployment.wishes.pin(name)
            if pin is not None and pin.is_unreadable:
                unreadable.append(name)
            elif pin is not None:
                pins.append(
                    Holding(
                        kind="pin",
                        endpoint=name,
                        by=pin.version,
                        since=pin.at,
                        told=pin.reason or "no reason given",
                    )
                )
        return replace(seen, pins=tuple(pins), unreadable_pins=tuple(unreadable))

    def _scaling(self, seen: Seen) -> Seen:
        suspended = Suspensions(self.deployment.client("application-autoscaling"))
        found = []
        for endpoint, variant in suspended.variants():
            self._check_time()
            left = self._unrestored(seen, endpoint, variant)
            if left is not None:
                found.append(left)
        return replace(seen, unrestored=tuple(found))

    def _unrestored(self, seen: Seen, endpoint: str, variant: str) -> Unrestored | None:
        """The scaling that an ended update left suspended; None if no update of ours suspended it."""
        last = next(
            (
                each
                for each in seen.updates or ()
                if each.endpoint == endpoint and each.capacity.snapshot
            ),
            None,
        )
        if (
            last is None
            or last.capacity.snapshot is None
            or last.plan is None
            or last.outcome is None
        ):
            return None
        restoration = plan_restoration(
            last.capacity.snapshot,
            self.deployment.scaling.read(endpoint, variant),
            self.deployment.sagemaker.read(endpoint),
            last.plan,
            is_recreated=False,
        )
        if restoration.target is None:
            return None
        return Unrestored(endpoint, variant, last.update_id, last.ended_at, restoration.target)

    def _configs(self, seen: Seen) -> Seen:
        endpoints = Endpoints(self.deployment.client("sagemaker"))
        seen = replace(seen, configs=tuple(endpoints.configs()), models=tuple(endpoints.models()))
        if all(model.name in seen.known_names for model in seen.models):
            return seen
        in_use: set[str] = set()
        for config in seen.serving_configs:
            self._check_time()
            in_use.update(endpoints.models_of(config))
        return replace(seen, serving_models=frozenset(in_use))

    def _schedules(self, seen: Seen) -> Seen:
        if not seen.schedule_group:
            return seen
        schedules = ScheduleList(self.deployment.client("scheduler"))
        return replace(seen, schedules=tuple(schedules.named(seen.schedule_group)))

    def _bucket(self, seen: Seen) -> Seen:
        reader = BucketReader(self.deployment.client("s3"))
        return replace(seen, bucket=reader.read(self.deployment.bucket, seen.machine_arn))

    def _dead_letters(self, seen: Seen) -> Seen:
        if not seen.dead_letters_url:
            return seen
        letters = DeadLetters(self.deployment.client("sqs"))
        return replace(seen, dead_letters=letters.count(seen.dead_letters_url))

    def _listeners(self, seen: Seen) -> Seen:
        told = self.deployment.topic.subscribers()
        return replace(seen, listeners=told.confirmed if isinstance(told, Subscribers) else None)


def _concerned(seen: Seen) -> tuple[str, ...]:
    """The endpoints that exist, and those that something of ours names."""
    ours = {endpoint_of_alarm(alarm.name) for alarm in seen.alarms}
    waiting = {one.endpoint for one in seen.waiting}
    return tuple(sorted({*(seen.endpoints or ()), *seen.claimed, *waiting, *filter(None, ours)}))


def _taken_up(asked: Mapping[str, Any]) -> str:
    """The update that an execution continued, by its input; empty if the execution began an update."""
    found = [asked.get(key) for key in ("recover", "resume", "cancel")]
    return next((name for name in found if isinstance(name, str)), "")


def _known_keys() -> frozenset[str]:
    """The keys that `ReleasesMay` may name, the same as a policy's `releases_may`."""
    return frozenset({*key_names(Policy), *Wish}) - OWNERS_ALONE
