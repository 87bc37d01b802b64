"""Real boto3 clients of the world that a test builds: made once, as making them takes long.

The twin answers for SageMaker and what surrounds it, moto for S3, tables in memory for DynamoDB.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

# Imported before any client is made: that is when moto learns to answer for it.
from moto.core.models import botocore_stubber
from tests.support.dynamodb import DynamoDB
from tests.support.template import REGION

from switchover_local.twin.wire.in_process import wire_client

if TYPE_CHECKING:
    from tests.support.table import Table

    from switchover_local.twin.twin import Twin
    from switchover_local.twin.wire.messages import Request, Response

TWIN_SERVICES = frozenset(
    {
        "sagemaker",
        "sagemaker-runtime",
        "cloudwatch",
        "application-autoscaling",
        "service-quotas",
    }
)
_present: list[Twin] = []
_dynamodb = DynamoDB()


def use_twin(twin: Twin) -> None:
    """From now on this twin answers, and no table is there yet."""
    _present[:] = [twin]
    _dynamodb.tables.clear()


def tables() -> tuple[Table, ...]:
    """The tables that are there."""
    return tuple(_dynamodb.tables.values())


@cache
def client(service: str) -> Any:
    """The client of a service."""
    if service in TWIN_SERVICES:
        made = wire_client(service, REGION, _ask_twin, None)
        # Moto would look through all that it knows first, and find nothing. Where other tests made
        # botocore's session before moto was there, there is nothing to take off, and botocore stumbles.
        with suppress(AttributeError):
            made.meta.events.unregister("before-send", botocore_stubber)
        return made
    made = moto_client(service)
    if service == "dynamodb":
        _dynamodb.answer_for(made)
    return made


def moto_client(service: str) -> Any:
    """A client that moto answers."""
    session = boto3.Session(
        aws_access_key_id="story",
        aws_secret_access_key="story",  # noqa: S106 - nobody checks it
        region_name=REGION,
    )
    return session.client(service, config=Config(user_agent="story"))  # type: ignore[call-overload]


def _ask_twin(request: Request) -> Response | None:
    return _present[0].handle(request)
