"""`switchover explain`: why an update ended as it did, on one screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import BaseModel, ConfigDict

from switchover.domain.adoption import Drift
from switchover.domain.serving import Serving, serving_of
from switchover.domain.update.records import Evidence, Moment
from switchover.explain.advice import Step, advise
from switchover_cli.connect import connect
from switchover_cli.drift import read_drift
from switchover_cli.errors import Misused
from switchover_cli.options import DEFAULT_STACK, Json, Local, Stack
from switchover_cli.output import open_console, print_json
from switchover_cli.records import UpdateRecord, record_update
from switchover_cli.screens.explanation import draw_explanation

if TYPE_CHECKING:
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


class Explanation(BaseModel):
    """Everything that is known of an update: `served_then` is as recorded, `serves_now` asked anew."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    update: UpdateRecord
    evidence: Evidence
    served_then: Serving | None
    serves_now: Serving
    drift: Drift | None
    next_steps: tuple[Step, ...]


def explain(
    update: Annotated[
        str,
        typer.Argument(
            metavar="UPDATE|ENDPOINT",
            help="An update's id; of an endpoint, the one that runs, or its last.",
        ),
    ],
    *,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Show why an update ended as it did: alarms, SageMaker's words, log, what serves, what to do."""
    deployment = connect(stack, local=local)
    found, timeline = find_explained(deployment, update)
    reading = deployment.sagemaker.read(found.endpoint)
    served = deployment.ledger.served(found.endpoint)
    explanation = Explanation(
        update=record_update(found, timeline),
        evidence=found.found.evidence,
        served_then=found.serving,
        serves_now=serving_of(reading, found.plan, served),
        drift=read_drift(deployment, reading),
        next_steps=advise(found),
    )
    if json:
        print_json(explanation)
        return
    console = open_console()
    serves_now, drift = explanation.serves_now, explanation.drift
    console.print(draw_explanation(found, timeline, serves_now, explanation.next_steps, drift))


def find_explained(deployment: Deployment, name: str) -> tuple[Update, tuple[Moment, ...]]:
    """The update of that id; or the one that runs on the endpoint of that name, or its last one.

    Raises:
        Misused: there is neither.
    """
    found = deployment.ledger.find(name)
    if found is None:
        running = deployment.ledger.claiming_update(name)
        history = (running,) if running else deployment.ledger.history(name, 1)
        if not history:
            raise Misused(
                f"{name!r} is no update's id, and no endpoint that was ever updated here.",
                "The endpoints that are known: switchover history",
            )
        found = history[0]
    return found, deployment.ledger.timeline(found.update_id)
