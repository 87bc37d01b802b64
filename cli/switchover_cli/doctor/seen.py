"""What was read of a stack at one time: claims, queues, executions, and resources with a name of ours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from switchover.domain.observing import Purpose
from switchover.domain.update.approval import Gate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover.domain.queueing import Claim, Waiting
    from switchover.domain.update.update import Update
    from switchover_cli.doctor.bucket import BucketSettings


class Holding(BaseModel):
    """Something that rightly holds an endpoint. `kind`: claim, queue, pin or mark."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    endpoint: str
    by: str
    since: datetime | None
    told: str


@dataclass(frozen=True, slots=True)
class HeldClaim:
    """A claim, whether its execution runs, and its update (None if the ledger has no record of it)."""

    claim: Claim
    is_running: bool
    update: Update | None


@dataclass(frozen=True, slots=True)
class Thing:
    """An alarm, config, model or schedule, by its name."""

    name: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class UnfinishedExecution:
    """An execution that failed, timed out or was stopped.

    `update_id` is the update that it ran, `update` its record; `request` is the execution's input if
    there is no record.
    """

    arn: str
    update_id: str
    status: str
    at: datetime
    request: Mapping[str, Any]
    update: Update | None


@dataclass(frozen=True, slots=True)
class Unrestored:
    """Scaling that an update suspended and that is still suspended, and the request that restores it."""

    endpoint: str
    variant: str
    update_id: str
    since: datetime | None
    request: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that was read. None means "not read" where an empty value would mean "there is none"."""

    now: datetime
    machine_arn: str
    schedule_group: str
    claims: tuple[HeldClaim, ...] | None = None
    waiting: tuple[Waiting, ...] = ()
    pins: tuple[Holding, ...] = ()
    unreadable_pins: tuple[str, ...] = ()
    endpoints: frozenset[str] | None = None
    # What any endpoint serves; models are looked up only if some belong to no update.
    serving_configs: frozenset[str] = frozenset()
    serving_models: frozenset[str] = frozenset()
    alarms: tuple[Thing, ...] = ()
    configs: tuple[Thing, ...] = ()
    models: tuple[Thing, ...] = ()
    schedules: tuple[Thing, ...] = ()
    executions: tuple[UnfinishedExecution, ...] = ()
    unrestored: tuple[Unrestored, ...] = ()
    updates: tuple[Update, ...] | None = None
    # Endpoints whose whole history was read. Only there can a resource be known to belong to no update.
    fully_read: frozenset[str] = frozenset()
    dead_letters: int = 0
    dead_letters_url: str = ""
    listeners: int | None = None
    topic_arn: str = ""
    # Names in ReleasesMay that are policy keys, and names that aren't.
    known_keys: tuple[str, ...] = ()
    unknown_keys: tuple[str, ...] = ()
    bucket: BucketSettings | None = None
    # The stack's region, and its parameters ProtectModels and ModelBucketKeyArn.
    region: str = ""
    protects_models: bool = True
    bucket_key: str = ""

    @property
    def claimed(self) -> frozenset[str]:
        """The endpoints that an update holds."""
        return frozenset(held.claim.endpoint for held in self.claims or ())

    @property
    def known_names(self) -> frozenset[str]:
        """The configs and models that updates made, or found."""
        plans = [each.plan for each in self.updates or () if each.plan]
        return frozenset(
            name for plan in plans for name in (*plan.own_configs, plan.previous.model)
        )


def tell_held(seen: Seen) -> tuple[Holding, ...]:
    """Claims, places in queues and pins, each with its holder and since when."""
    return (
        *(_tell_claim(held) for held in seen.claims or ()),
        *(
            Holding(
                kind="queue",
                endpoint=one.endpoint,
                by=one.update_id,
                since=one.offered_at,
                told=one.why,
            )
            for one in seen.waiting
        ),
        *seen.pins,
    )


# Keyed by the reason for which the execution's token is parked.
_WAITS: Mapping[str, str] = {
    Purpose.CAPACITY: "waits for extra instances",
    Purpose.OUTCOME: "waits while SageMaker moves the endpoint",
    Purpose.WATCH: "watches the alarms of the new version",
    Purpose.ROLLBACK: "waits while SageMaker rolls back",
    Purpose.RESTORE: "waits to restore the capacity",
    Gate.START: "waits for approval before the start",
    Gate.PROMOTION: "waits for approval of the promotion",
}


def _tell_claim(held: HeldClaim) -> Holding:
    update = held.update
    waits = _WAITS.get(update.waiting.awaited or "", "") if update is not None else ""
    return Holding(
        kind="claim",
        endpoint=held.claim.endpoint,
        by=held.claim.update_id,
        since=held.claim.claimed_at,
        told=f"its execution runs{waits and f', and {waits}'}"
        if held.is_running
        else "its execution has ended",
    )
