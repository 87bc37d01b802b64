"""A person's computer in the world of a story: the commands, with the world's clients."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from switchover.aws.guards import Guards
from switchover.steps.observe_update import Observer
from switchover_cli import connect
from switchover_cli.deployment import Deployment
from switchover_cli.function_urls import Answered

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3
    import pytest
    from tests.support.world import World


KIM = "arn:aws:iam::000000000000:user/kim"
ANA = "arn:aws:sts::000000000000:assumed-role/Ops/ana"


@dataclass(frozen=True, slots=True)
class WorldSession:
    """A boto3 session into the world of a story."""

    world: World
    region_name: str = "us-east-1"

    def client(self, service: str, **_settings: Any) -> Any:
        """The world's own client."""
        return self.world.client(service)


@dataclass(frozen=True, slots=True)
class WorldUrls:
    """The stack's function URLs, called by somebody whom AWS knows under an ARN."""

    world: World
    caller: str

    def call(self, url: str, body: Mapping[str, str]) -> Answered:
        """A signed request (Lambda Developer Guide, payload format 2.0)."""
        answer = send_json(self.world, url, body, self.caller)
        return Answered(answer["statusCode"], json.loads(answer["body"]))


@dataclass(frozen=True)
class Laptop(Deployment):
    """The stack as a person's computer sees it."""

    caller: str = KIM

    @property
    def is_local(self) -> bool:  # type: ignore[override]
        """Time is virtual, and asking is free."""
        return True

    @property
    def function_urls(self) -> WorldUrls:  # type: ignore[override]
        """The way to functions that must know who calls."""
        return WorldUrls(cast("WorldSession", self.session).world, self.caller)


def send_json(
    world: World, function: str, sent: Mapping[str, str], caller: str | None, **changes: Any
) -> dict[str, Any]:
    """Post JSON to a function's URL as a caller, or as nobody; the function's own answer."""
    event = {
        "version": "2.0",
        "headers": {"content-type": "application/json"},
        "requestContext": {
            "accountId": "000000000000",
            "authorizer": {"iam": {"userArn": caller}} if caller else None,
            "http": {"method": "POST", "path": "/", "sourceIp": "192.0.2.7"},
            "timeEpoch": int(world.clock.now().timestamp() * 1000),
        },
        "body": json.dumps(sent),
        "isBase64Encoded": False,
        **changes,
    }
    answer: dict[str, Any] = world.lambdas.invoke(f"arn:aws:lambda:::function:{function}", event)
    return answer


def observer_of(world: World) -> Observer:
    """Looks at the world's updates as the functions do; calls no guards."""
    told = deployment_of(world)
    nobody = Guards(told.workflow, None)
    return Observer(
        told.sagemaker,
        told.cloudwatch,
        told.traces,
        told.ledger,
        told.workflow,
        nobody,
        told.wishes,
    )


def deployment_of(world: World, caller: str = KIM) -> Deployment:
    """What a command finds by the stack."""
    function = world.lambdas.template.environment("PlanUpdateFunction")
    return Laptop(
        session=cast("boto3.Session", WorldSession(world)),
        table=world.settings["SWITCHOVER_TABLE"],
        bucket=world.bucket,
        state_machine_arn=world.settings["SWITCHOVER_STATE_MACHINE_ARN"],
        topic_arn=function["SWITCHOVER_TOPIC_ARN"],
        dashboard=function["SWITCHOVER_DASHBOARD"],
        schedule_group="switchover",
        dead_letters_url="https://sqs.us-east-1.amazonaws.com/000000000000/letters",
        decide_url="DecideFunction",
        vouch_url="VouchFunction",
        caller=caller,
    )


def sit_down(world: World, monkeypatch: pytest.MonkeyPatch, caller: str = KIM) -> None:
    """Make every typed command find the world of a story."""
    monkeypatch.setattr(connect, "open_session", lambda **_: None)
    monkeypatch.setattr(connect, "find_deployment", lambda *_: deployment_of(world, caller))
