"""GuardBake: stand by one bake, and see to it that it proves something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import AwareDatetime, BaseModel

from switchover.aws import gateways
from switchover.aws.pacer import Pacer
from switchover.domain.answers import answer
from switchover.telemetry import handler as lambda_handler

if TYPE_CHECKING:
    from collections.abc import Iterator

# Under the 900 s that a function may run, by the longest that one golden request may take, twice.
_LONGEST_SECONDS = 720


class Payload(BaseModel):
    """Which update's bake, by when it began; `takes_over` from a guard whose time is up."""

    update_id: str
    bake_since: AwareDatetime
    takes_over: bool = False


def stand(payload: Payload) -> Iterator[float]:
    """Guard the bake; yields pauses, in seconds of SageMaker's time."""
    guard = gateways.bake_guard()
    return guard.stand(payload.update_id, payload.bake_since, takes_over=payload.takes_over)


@lambda_handler(Payload)
def handler(payload: Payload) -> dict[str, Any]:
    """Pause where the guard pauses; whoever stands too long for one function is relieved by another."""
    sagemaker, endpoint = gateways.sagemaker(), gateways.ledger().update(payload.update_id).endpoint
    pacer = Pacer(lambda: sagemaker.read(endpoint).read_at)
    for seconds in stand(payload):
        if pacer.spent_seconds > _LONGEST_SECONDS:
            gateways.guards().call(payload.update_id, payload.bake_since, takes_over=True)
            return answer("relieved")
        pacer.pause(seconds)
    return answer("over")
