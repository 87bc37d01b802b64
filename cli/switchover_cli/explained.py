"""Everything that is known about how an update went, and what to do now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.adoption import Drift
from switchover.domain.serving import Serving, serving_of
from switchover.domain.update.records import Evidence, Moment
from switchover.explain.advice import Step, advise
from switchover_cli.drift import read_drift
from switchover_cli.errors import Misused
from switchover_cli.records import UpdateRecord, record_update

if TYPE_CHECKING:
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


class Explanation(BaseModel):
    """Everything known about an update. `served_then` is from the record, `serves_now` was read now."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    update: UpdateRecord
    evidence: Evidence
    served_then: Serving | None
    serves_now: Serving
    drift: Drift | None
    next_steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Explained:
    """An update with its timeline, what serves now, and what to do next."""

    update: Update
    timeline: tuple[Moment, ...]
    serves_now: Serving
    drift: Drift | None
    next_steps: tuple[Step, ...]


def read_explanation(deployment: Deployment, name: str) -> Explained:
    """Read what is known about an update; an endpoint's name means its running or last update.

    Raises:
    Misused: no update or endpoint has this name.
    """
    found, timeline = find_explained(deployment, name)
    reading = deployment.sagemaker.read(found.endpoint)
    served = deployment.ledger.served(found.endpoint)
    return Explained(
        update=found,
        timeline=timeline,
        serves_now=serving_of(reading, found.plan, served),
        drift=read_drift(deployment, reading),
        next_steps=advise(found),
    )


def record_explanation(explained: Explained) -> Explanation:
    """The printed form for machines."""
    update = explained.update
    return Explanation(
        update=record_update(update, explained.timeline),
        evidence=update.found.evidence,
        served_then=update.serving,
        serves_now=explained.serves_now,
        drift=explained.drift,
        next_steps=explained.next_steps,
    )


def find_explained(deployment: Deployment, name: str) -> tuple[Update, tuple[Moment, ...]]:
    """The update with this id; or the running or last update of the endpoint with this name.

    Raises:
    Misused: no update or endpoint has this name.
    """
    found = deployment.ledger.find(name)
    if found is None:
        running = deployment.ledger.claiming_update(name)
        history = (running,) if running else deployment.ledger.history(name, 1)
        if not history:
            raise Misused(
                f"{name!r} is neither an update's id nor an endpoint that was updated here.",
                "List the known endpoints: switchover history",
            )
        found = history[0]
    return found, deployment.ledger.timeline(found.update_id)
