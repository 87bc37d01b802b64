"""An endpoint's state at one moment: serving version, updates, pins, marks and alarms."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from switchover.domain.adoption import find_drift
from switchover.domain.errors import UpdateUnknown
from switchover.domain.fleet import Absent, AlarmState, EndpointReading
from switchover.domain.outcome import Outcome
from switchover.domain.plans.alarms import standing_alarms
from switchover.domain.policies.policy import Policy
from switchover.domain.serving import Serving, serving_of
from switchover_cli.records import StatusRecord, record_update
from switchover_cli.scene import Scene, read_scene

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.adoption import Drift
    from switchover.domain.fleet import AlarmReading
    from switchover.domain.marks import Mark, Pin
    from switchover.domain.queueing import Waiting
    from switchover.domain.served import Served
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment

_OVER = frozenset(Outcome) - {Outcome.QUEUED}
# Updates with other outcomes never changed the endpoint.
_CHANGES = frozenset({Outcome.UPDATED, Outcome.ROLLED_BACK, Outcome.NEEDS_OPERATOR})


@dataclass(frozen=True, slots=True)
class Status:
    """One endpoint at one moment. `serving.version` is empty for a config that no update created.

    `last` is the update that ended last; `last_change` is the last one that changed the endpoint.
    `serves_since` is when the serving config was confirmed; None if no update created it.
    """

    endpoint: EndpointReading | Absent
    serving: Serving
    running: Scene | None
    waiting: tuple[Waiting, ...]
    last: Update | None
    last_change: Update | None
    pin: Pin | None
    marks: tuple[Mark, ...]
    alarms: tuple[AlarmReading, ...]
    drift: Drift | None = None
    serves_since: datetime | None = None


def read_status(deployment: Deployment, endpoint: str) -> Status:
    """Read everything that `status` shows."""
    reading = deployment.sagemaker.read(endpoint)
    running = _running(deployment, endpoint)
    served = deployment.ledger.served(endpoint)
    history = deployment.ledger.history(endpoint)
    serving = serving_of(reading, running.update.plan if running else None, served)
    return Status(
        endpoint=reading,
        serving=serving,
        running=running,
        waiting=deployment.queue.entries(endpoint),
        last=_latest(history, _OVER),
        last_change=_latest(history, _CHANGES),
        pin=deployment.wishes.pin(endpoint),
        marks=deployment.wishes.marks(endpoint),
        alarms=_standing(deployment, reading),
        drift=find_drift(reading, served, history),
        serves_since=_since(serving.config_name, served),
    )


def record_status(status: Status) -> StatusRecord:
    """The printed form for machines."""
    reading, serving, running = status.endpoint, status.serving, status.running
    return StatusRecord(
        endpoint=reading.name,
        exists=isinstance(reading, EndpointReading),
        status=reading.status.value if isinstance(reading, EndpointReading) else None,
        config=serving.config_name or None,
        version=serving.version or None,
        serves_since=status.serves_since,
        instances=serving.instances,
        pending_config=serving.pending_config_name or None,
        pending_version=serving.pending_version or None,
        pending_instances=serving.pending_instances,
        phase=running.phase if running else None,
        elapsed_seconds=round(running.elapsed_seconds) if running else None,
        running=record_update(running.update, running.timeline) if running else None,
        last=record_update(status.last, ()) if status.last else None,
        last_change=record_update(status.last_change, ()) if status.last_change else None,
        waiting=status.waiting,
        pin=status.pin,
        marks=status.marks,
        alarms=status.alarms,
        drift=status.drift,
        read_at=reading.read_at,
    )


def _latest(history: tuple[Update, ...], outcomes: frozenset[Outcome]) -> Update | None:
    """The update that ended last, among those with one of these outcomes."""
    ended = (update for update in history if update.outcome in outcomes)
    return max(ended, key=lambda update: update.ended_at or update.started_at, default=None)


def _since(config: str, served: tuple[Served, ...]) -> datetime | None:
    """When a config was first confirmed, without another one since. `served` has the newest first."""
    stint = takewhile(lambda each: each.config_name == config, served)
    return min((each.at for each in stint), default=None)


def _running(deployment: Deployment, endpoint: str) -> Scene | None:
    claim = deployment.ledger.claim(endpoint)
    if claim is None:
        return None
    try:
        scene = read_scene(deployment, claim.update_id)
    except UpdateUnknown:
        return None
    return scene if scene.update.outcome is None else None


def _standing(
    deployment: Deployment, reading: EndpointReading | Absent
) -> tuple[AlarmReading, ...]:
    if isinstance(reading, Absent) or not reading.variants:
        return ()
    specs = standing_alarms(Policy().alarms, reading.name, reading.variants[0].name)
    found = deployment.cloudwatch.read([spec.name for spec in specs])
    # The first update of an endpoint makes the standing alarms, so before it none can be missing.
    return tuple(alarm for alarm in found if alarm.state is not AlarmState.MISSING)
