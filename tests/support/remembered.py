"""Remembers what pure functions answered: most calls of a story repeat calls of other stories.

All stories begin at the same virtual time, and what happens follows from what happened before: more than
nine calls of ten repeat an earlier one byte by byte. A copy of its answer costs less than the answer.
"""

from __future__ import annotations

import pickle
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from botocore.utils import lowercase_dict

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

# More than one worker needs, and a few MB; old answers go first.
_MOST = 4096
_NOTHING: Any = object()


class Remembered:
    """Answers by key, each stored as bytes, so that nobody changes it for others."""

    def __init__(self) -> None:
        self._known: dict[Hashable, bytes] = {}

    def find(self, key: Hashable, compute: Callable[[], Any]) -> Any:
        """A copy of the answer to this key; what `compute` raises is not remembered."""
        if (raw := self._known.get(key)) is not None:
            return pickle.loads(raw)  # noqa: S301 - written below
        answer = compute()
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[key] = pickle.dumps(answer)
        return answer


def digest_of(value: Any) -> bytes | None:
    """A short key of a value with its types; None if pickle refuses it, as it refuses a stream."""
    try:
        return blake2b(pickle.dumps(value), digest_size=16).digest()
    except (AttributeError, TypeError, pickle.PicklingError):
        return None


def remember_requests(client: Any) -> None:
    """Check and write each call of a client once. Calls that the API's model refuses are checked anew."""
    client._serializer = _Serializer(client._serializer)


class _Serializer:
    """In place of botocore's validator and serializer."""

    def __init__(self, serializer: Any) -> None:
        self._serializer = serializer
        self._requests = Remembered()

    def serialize_to_request(self, params: Any, operation: Any) -> Any:
        """The request of a call."""
        digest = digest_of(params)
        if digest is None:
            return self._serializer.serialize_to_request(params, operation)
        return self._requests.find(
            (operation.name, digest),
            lambda: self._serializer.serialize_to_request(params, operation),
        )


def remember_answers(endpoint: Any) -> None:
    """Parse each answer to a client once, except errors and streams."""
    endpoint._response_parser_factory = _Parsers(endpoint._response_parser_factory)


class _Parsers:
    """In place of botocore's factory, which makes a parser for each answer."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory
        self._made: dict[str, Any] = {}

    def create_parser(self, protocol: str) -> Any:
        """The parser of a protocol."""
        if protocol not in self._made:
            made = self._made[protocol] = self._factory.create_parser(protocol)
            made.parse = _remember_parsed(made.parse)
        return self._made[protocol]


def _remember_parsed(parse: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    known = Remembered()

    def remembering(response: Any, shape: Any) -> Any:
        body = response["body"]
        if shape is None or response["status_code"] >= 300 or not isinstance(body, bytes):
            return parse(response, shape)
        parsed = known.find((shape.name, body), lambda: parse(response, shape))
        headers = response["headers"]
        parsed["ResponseMetadata"] = {
            "RequestId": headers.get("x-amzn-requestid"),
            "HTTPStatusCode": response["status_code"],
            "HTTPHeaders": lowercase_dict(headers),
        }
        return parsed

    return remembering


def remember_wire(front_end: Any) -> None:
    """Read and write each message of the twin once. Refused requests are read anew."""
    front_end.read_call = _remember_calls(front_end.read_call)
    front_end.write_answer = _remember_written(front_end.write_answer)


def _remember_calls(read_call: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    known = Remembered()

    def remembering(request: Any, call: Any) -> Any:
        if call.encoding == "rest-json":
            return read_call(request, call)
        coding = request.headers.get("content-encoding")
        key = call.service, call.operation, call.encoding, coding, request.body
        params = known.find(key, lambda: read_call(request, call).params)
        return replace(call, params=params)

    return remembering


def _remember_written(write_answer: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    known = Remembered()

    def remembering(call: Any, answer: Any) -> Any:
        digest = None if call.encoding == "rest-json" else digest_of(answer)
        if digest is None:
            return write_answer(call, answer)
        key = call.service, call.operation, call.encoding, digest
        return known.find(key, lambda: write_answer(call, answer))

    return remembering
