"""Signed calls: where a signature is sent, what is signed, and the message after a refusal."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, cast

import boto3
import pytest
from botocore.exceptions import HTTPClientError, NoCredentialsError

from switchover_cli.deployment import Deployment
from switchover_cli.errors import CommandFailed
from switchover_cli.function_urls import Answered, FunctionUrls, explain_refused_call
from switchover_cli.start.vouching import vouch

if TYPE_CHECKING:
    from collections.abc import Iterator

URL = "https://abc123.lambda-url.us-east-1.on.aws/"


class Function(BaseHTTPRequestHandler):
    """Answers as a function behind its URL does."""

    seen: ClassVar[list[tuple[dict[str, str], bytes]]] = []
    answer: ClassVar[tuple[int, bytes]] = (200, b'{"verdict": "kept"}')

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((headers, self.rfile.read(int(headers["content-length"]))))
        status, body = self.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""


@pytest.fixture
def cloud() -> Iterator[str]:
    """A cloud on this machine that answers for function URLs by their host."""
    Function.seen.clear()
    server = HTTPServer(("127.0.0.1", 0), Function)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def session(key: str | None = "AKIDEXAMPLE") -> boto3.Session:
    return boto3.Session(key, "secret" if key else None, region_name="us-east-1")


def test_a_call_is_signed_for_lambda_and_for_the_functions_own_host(cloud: str) -> None:
    answered = FunctionUrls(session(), cloud).call(URL, {"subject": "a"})

    headers, body = Function.seen[0]
    assert answered == Answered(200, {"verdict": "kept"})
    assert json.loads(body) == {"subject": "a"}
    assert headers["host"] == "abc123.lambda-url.us-east-1.on.aws"
    assert "/us-east-1/lambda/aws4_request" in headers["authorization"]
    assert "host" in headers["authorization"].partition("SignedHeaders=")[2]


@pytest.mark.parametrize(
    "url",
    [
        "http://abc.lambda-url.us-east-1.on.aws/",  # readable on its way
        "https://evil.example/",
        "https://evil.example/abc.lambda-url.us-east-1.on.aws/",
        "https://abc.lambda-url.us-east-1.on.aws@evil.example/",
        "",
    ],
)
def test_a_signature_goes_nowhere_but_to_a_function_url(cloud: str, url: str) -> None:
    with pytest.raises(CommandFailed, match="isn't a function URL"):
        FunctionUrls(session(), cloud).call(url, {})

    assert Function.seen == []


def test_without_credentials_nothing_is_called(cloud: str) -> None:
    class Nobody:
        region_name = "us-east-1"

        def get_credentials(self) -> None:
            return None

    with pytest.raises(NoCredentialsError):
        FunctionUrls(cast("boto3.Session", Nobody()), cloud).call(URL, {})


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'"x"', b"\xff"])
def test_what_is_no_answer_of_the_function_tells_nothing(
    cloud: str, monkeypatch: pytest.MonkeyPatch, body: bytes
) -> None:
    monkeypatch.setattr(Function, "answer", (502, body))

    assert FunctionUrls(session(), cloud).call(URL, {}) == Answered(502, {})


def test_a_denied_call_names_both_permissions() -> None:
    """Both are needed since October 2025 (Lambda Developer Guide, "Control access to function URLs")."""
    failure = explain_refused_call(Answered(403, {"Message": "Forbidden."}))

    assert "HTTP 403 Forbidden." in failure.message
    assert "lambda:InvokeFunctionUrl" in failure.remedy
    assert "lambda:InvokedViaFunctionUrl" in failure.remedy


class Urls:
    """A stack whose functions fail as they are told."""

    def __init__(self, fails: Exception | None = None, status: int = 200) -> None:
        self._fails, self._status = fails, status

    def call(self, *_: object) -> Answered:
        if self._fails:
            raise self._fails
        return Answered(self._status, {"verdict": "kept"} if self._status == 200 else {})


def stack(urls: Urls, vouch_url: str = URL) -> Deployment:
    found = Deployment(session(), "ledger", "models", "arn", vouch_url=vouch_url)
    found.__dict__["function_urls"] = urls
    return found


def test_nothing_is_said_of_an_offer_that_was_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    vouch(stack(Urls()), "a")

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("urls", "vouch_url", "told"),
    [
        (Urls(), "", "has no VouchFunction"),
        (Urls(status=403), URL, "Lambda refused the call: HTTP 403"),
        (Urls(status=500), URL, "The function failed: HTTP 500"),
        (Urls(CommandFailed("isn't one.")), URL, "isn't one."),
        (Urls(NoCredentialsError()), URL, "Unable to locate credentials"),
        (Urls(HTTPClientError(error="x")), URL, "x"),
    ],
)
def test_an_offer_that_is_not_recorded_goes_on_and_says_what_that_means(
    capsys: pytest.CaptureFixture[str], urls: Urls, vouch_url: str, told: str
) -> None:
    vouch(stack(urls, vouch_url), "a")

    said = capsys.readouterr().err
    assert told in said
    assert "approval.four_eyes would reject it" in said
