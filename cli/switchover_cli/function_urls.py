"""Signed calls to the stack's function URLs: the signature tells Lambda the caller."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.exceptions import NoCredentialsError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies

from switchover.domain.reasons import Reason
from switchover_cli.errors import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3

_DENIED = frozenset({401, 403})
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Answered:
    """What a function answered: an HTTP status, and its JSON."""

    status: int
    content: Mapping[str, Any]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reason for the refusal."""
        given = self.content.get("reasons") or []
        why = self.content.get("why")
        unfit = [{"code": "request.invalid", "subject": "request", "message": why, "remedy": ""}]
        return tuple(Reason.model_validate(each) for each in given or (unfit if why else []))


@dataclass(frozen=True, slots=True)
class FunctionUrls:
    """Calls function URLs that require a signature (AuthType AWS_IAM).

    `endpoint` is set for the local cloud, which answers at another address: the request's Host header
    still names the URL's host.
    """

    session: boto3.Session
    endpoint: str = ""

    def call(self, url: str, body: Mapping[str, str]) -> Answered:
        """Post JSON, signed with the session's credentials.

        Raises:
            NoCredentialsError: there are no credentials to sign with.
            CommandFailed: the URL isn't a function URL, so no signature is sent to it.
            HTTPClientError: the connection failed.
        """
        credentials = self.session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        host = urlsplit(url).hostname or ""
        if not url.startswith("https://") or ".lambda-url." not in host:
            raise CommandFailed(f"The stack's output {url!r} isn't a function URL.")
        target = f"{self.endpoint.rstrip('/')}/" if self.endpoint else url
        request = AWSRequest(
            "POST",
            target,
            data=json.dumps(body),
            headers={"Content-Type": "application/json", "Host": host},
        )
        signer = SigV4Auth(credentials.get_frozen_credentials(), "lambda", self.session.region_name)
        signer.add_auth(request)
        way = URLLib3Session(timeout=_SECONDS, proxies=get_environ_proxies(target))
        response = way.send(request.prepare())
        return Answered(response.status_code, _read(response.content))


def explain_refused_call(answered: Answered) -> CommandFailed:
    """Explain why a call didn't succeed."""
    if answered.status in _DENIED:
        said = answered.content.get("Message") or answered.content.get("message") or ""
        return CommandFailed(
            f"Lambda refused the call: HTTP {answered.status} {said}".rstrip(),
            "These credentials need lambda:InvokeFunctionUrl on the function, and lambda:InvokeFunction"
            " with the condition lambda:InvokedViaFunctionUrl (docs/permissions.md).",
        )
    return CommandFailed(
        f"The function failed: HTTP {answered.status}.",
        "Try again; the function's log has the error.",
    )


def _read(raw: bytes) -> Mapping[str, Any]:
    """An answer's JSON, also of Lambda's own refusals; empty if the answer is no JSON object."""
    try:
        content = json.loads(raw)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
