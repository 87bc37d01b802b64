"""Real boto3 clients of a test's world; made once, as this takes long.

The twin answers for SageMaker and its surroundings; DynamoDB, S3 and CloudWatch Logs are in memory.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.utils import parse_timestamp
from moto.core.models import botocore_stubber
from tests.support.definition import NotModelled
from tests.support.dynamodb import DynamoDB
from tests.support.log_groups import LogGroups
from tests.support.remembered import remember_answers, remember_requests, remember_wire
from tests.support.s3 import S3
from tests.support.template import ACCOUNT, REGION

from switchover_local.twin.wire import front_end
from switchover_local.twin.wire.in_process import wire_client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.buckets.bucket import Bucket
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
_log_groups = LogGroups()
_s3 = S3(lambda: _present[0].clock.now())
remember_wire(front_end)


def use_twin(twin: Twin) -> None:
    """Begin a new world: this twin answers, and there is no table, bucket or log group."""
    _present[:] = [twin]
    _dynamodb.tables.clear()
    _s3.buckets.clear()
    _log_groups.names.clear()


def tables() -> tuple[Table, ...]:
    """The tables that are there."""
    return tuple(_dynamodb.tables.values())


def bucket(name: str) -> Bucket:
    """A bucket as S3 keeps it, for what no request can change: its owner and its region."""
    return _s3.buckets[name]


@cache
def client(service: str) -> Any:
    """The client of a service."""
    made = _answered(service)
    # botocore makes a class each time that it is asked for a paginator; a paginator holds no state.
    made.get_paginator = cache(made.get_paginator)
    return made


def _answered(service: str) -> Any:
    if service in TWIN_SERVICES:
        made = wire_client(service, REGION, _ask_twin, None)
        # Moto would search all of its services first, without result. If botocore's session was made
        # before moto, there is no handler to remove, and botocore raises.
        with suppress(AttributeError):
            made.meta.events.unregister("before-send", botocore_stubber)
        # Endpoint rules choose a host, and the twin needs none.
        made._ruleset_resolver = None
        made._endpoint = _OneAttempt(made._endpoint)
        remember_requests(made)
        return made
    made = plain_client(service)
    match service:
        case "dynamodb":
            _dynamodb.answer_for(made)
        case "s3":
            _s3.answer_for(made)
        case "logs":
            _log_groups.answer_for(made)
        case _:
            made.meta.events.register_last("before-call", _say_who_asks)
    remember_requests(made)
    return made


def plain_client(service: str) -> Any:
    """A client without an answering service yet."""
    session = boto3.Session(
        aws_access_key_id="story",
        aws_secret_access_key="story",  # noqa: S106 - nobody checks it
        region_name=REGION,
    )
    return session.client(service, config=Config(user_agent="story"))  # type: ignore[call-overload]


class _OneAttempt:
    """A client's endpoint that neither signs nor retries, as the twin's clients do neither.

    botocore's serializer writes the request, and botocore's parser reads the answer.
    """

    def __init__(self, endpoint: Any) -> None:
        self._endpoint = endpoint
        endpoint._response_parser_factory.set_parser_defaults(timestamp_parser=_read_moment)
        remember_answers(endpoint)

    def make_request(self, operation: Any, asked: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Send one call; return the HTTP answer and the parsed answer."""
        is_stream = operation.has_streaming_output or operation.has_event_stream_output
        request = AWSPreparedRequest(
            asked["method"], asked["url"], asked["headers"], asked["body"], is_stream
        )
        answer, error = self._endpoint._do_get_response(request, operation, asked["context"])
        if error is not None:
            raise error
        answer[1]["ResponseMetadata"]["RetryAttempts"] = 0
        made: tuple[Any, dict[str, Any]] = answer
        return made


# botocore's own function; the same few moments are read again and again.
_read_moment = lru_cache(maxsize=4096)(parse_timestamp)


def _say_who_asks(model: Any, **_: Any) -> tuple[AWSResponse, dict[str, str]]:
    if model.name != "GetCallerIdentity":
        raise NotModelled(f"{model.service_model.service_name}: {model.name}")
    identity = {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/story"}
    return AWSResponse("", 200, {}, None), identity


def _ask_twin(request: Request) -> Response | None:
    return _present[0].handle(request)
