"""Real boto3 clients that talk to a twin in the same process, without a socket."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore import UNSIGNED
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from .messages import Request, Response, lower_case_headers
from .protocol import newest_models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from botocore.awsrequest import AWSPreparedRequest

# One attempt, so that a test sees each fault and no retry sleeps in real time. No signature and a fixed
# user agent: the twin reads neither, and making them took two fifths of each call's time.
_ONE_ATTEMPT = Config(
    retries={"mode": "standard", "total_max_attempts": 1},
    signature_version=UNSIGNED,
    user_agent="twin",
)


class _Body(BytesIO):
    """A body with the one method of urllib3's raw response that botocore calls."""

    def stream(self, amount: int = 65_536, **_: object) -> Iterator[bytes]:
        while chunk := self.read(amount):
            yield chunk


def wire_client(
    service: str, region: str, handle: Callable[[Request], Response | None], config: Config | None
) -> Any:
    """A boto3 client whose requests are handled by `handle` instead of being sent."""
    client = _session(region).client(
        service,  # type: ignore[call-overload]
        config=_ONE_ATTEMPT if config is None else _ONE_ATTEMPT.merge(config),
        endpoint_url=f"http://{service}.twin.invalid",
    )

    def answer(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        response = handle(_read(request))
        if response is None:
            raise ConnectionClosedError(endpoint_url=request.url)
        # botocore copies any mapping of headers into a dict of its own; the type asks for its slow one.
        headers: Any = response.headers
        return AWSResponse(request.url, response.status, headers, _Body(response.body))

    client.meta.events.register("before-send.*", answer)
    return client


@cache
def _session(region: str) -> boto3.Session:
    """One session for all twins, because reading the service models takes long."""
    return boto3.Session(
        botocore_session=newest_models(botocore.session.Session()),
        region_name=region,
    )


def _read(request: AWSPreparedRequest) -> Request:
    body = request.body or b""
    if hasattr(body, "read"):
        body = body.read()
    return Request(
        str(request.method),
        urlsplit(str(request.url)).path,
        lower_case_headers(request.headers.items()),
        body.encode() if isinstance(body, str) else bytes(body),
    )
