"""AWS's wire protocols, driven by botocore's service models.

An HTTP request names its service and operation in one of three ways: `X-Amz-Target` (JSON),
a REST path (SageMaker Runtime), or `/service/…/operation/…` (CBOR, which CloudWatch also speaks).
boto3 and the aws CLI read the answer like one of AWS.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote
from xml.sax.saxutils import escape

import botocore.session
from botocore.model import StructureShape

from . import cbor
from .eventstream import encode_event
from .messages import Call, Response
from .refusals import Refusal
from .unpacking import unpack
from .validation import check_request
from .values import read_value, write_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import OperationModel, ServiceModel, Shape

    from .messages import Answer, Encoding, Request

SERVICES = (
    "sagemaker",
    "sagemaker-runtime",
    "cloudwatch",
    "application-autoscaling",
    "service-quotas",
)
_CBOR_PATH = re.compile(r"^/service/(?P<target>[^/]+)/operation/(?P<operation>[^/]+)$")
_REST_PATH = re.compile(r"^/endpoints/(?P<EndpointName>[^/]+)/(?P<verb>[a-z-]+)$")
_REST_OPERATIONS = {
    "invocations": "InvokeEndpoint",
    "invocations-response-stream": "InvokeEndpointWithResponseStream",
    "async-invocations": "InvokeEndpointAsync",
}

# CloudWatch keeps the codes of its query protocol (Common Errors, ValidationError) in every protocol;
# the runtime's model names its own ValidationError.
_VALIDATION_CODES = {"cloudwatch": "ValidationError", "sagemaker-runtime": "ValidationError"}

# A string, or a bracket of a list or an object.
_STRING_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
_STEPS = {b"[": 1, b"{": 1, b"]": -1, b"}": -1}
# Deeper than any request of these services, and shallower than Python's own limit.
_DEEPEST = 500

_QUERY_TYPE = "application/x-www-form-urlencoded"


def newest_models(session: botocore.session.Session) -> botocore.session.Session:
    """The session, with AWS's newer additions: endpoint policies, config fields."""
    session.get_component("data_loader").search_paths.append(str(Path(__file__).parent / "models"))
    return session


@lru_cache(maxsize=1)
def service_models() -> dict[str, ServiceModel]:
    """The models of the five services, from the installed botocore."""
    session = newest_models(botocore.session.Session())
    return {name: session.get_service_model(name) for name in SERVICES}


def identify(request: Request) -> Call:
    """Find the service and operation of a request; its parameters are read later.

    Raises:
        Refusal: UnknownOperationException, if there is no such operation. Every operation is a POST.
    """
    if request.method != "POST":
        raise _no_operation(request)
    target = request.headers.get("x-amz-target", "")
    if "." in target:
        prefix, operation = target.rsplit(".", 1)
        return _identified(_service_of(prefix), operation, "json", {})
    if match := _CBOR_PATH.match(request.path):
        return _identified(_service_of(match["target"]), match["operation"], "cbor", {})
    match = _REST_PATH.match(request.path)
    if match and match["verb"] in _REST_OPERATIONS:
        params: dict[str, object] = {"EndpointName": unquote(match["EndpointName"])}
        return _identified(
            "sagemaker-runtime", _REST_OPERATIONS[match["verb"]], "rest-json", params
        )
    raise _no_operation(request)


def _no_operation(request: Request) -> Refusal:
    return Refusal(
        "UnknownOperationException",
        f"{request.method} {request.path} is no request to "
        f"{', '.join(SERVICES)} in a protocol that the twin speaks (JSON, REST JSON, CBOR).",
        status=404,
    )


def _identified(
    service: str, operation: str, encoding: Encoding, params: dict[str, object]
) -> Call:
    if operation not in service_models()[service].operation_names:
        raise Refusal("UnknownOperationException", f"{service} has no operation {operation}.")
    return Call(service, operation, encoding, params)


def _service_of(target_prefix: str) -> str:
    for name, model in service_models().items():
        if model.metadata.get("targetPrefix") == target_prefix:
            return name
    raise Refusal("UnknownOperationException", f"No service answers to {target_prefix}.")


def read_call(request: Request, call: Call) -> Call:
    """Read and check the parameters of a call that was identified.

    Raises:
        Refusal: ValidationException (ValidationError from services with older error codes),
            SerializationException.
    """
    operation = _operation(call)
    shape = operation.input_shape
    if shape is None:
        return call
    if call.encoding == "rest-json":
        params = call.params | _read_rest(request, shape)
    else:
        is_gzip = request.headers.get("content-encoding") == "gzip"
        takes_gzip = bool(operation.request_compression)
        body = unpack(request.body) if is_gzip and takes_gzip else request.body
        params = cast("dict[str, object]", read_value(_decode(body, call.encoding), shape))
    check_request(params, shape, _VALIDATION_CODES.get(call.service, "ValidationException"))
    return Call(call.service, call.operation, call.encoding, params)


def _decode(body: bytes, encoding: Encoding) -> object:
    if not body:
        return {}
    try:
        if encoding == "cbor":
            return cbor.decode(body)
        _check_depth(body)
        return cast("object", json.loads(body, parse_float=_float, parse_constant=_float))
    except (ValueError, RecursionError) as error:
        message = f"The request body is not {encoding}: {error}"
        raise Refusal("SerializationException", message) from None


def _check_depth(body: bytes) -> None:
    """Refuse a body that nests too deeply, independently of Python's recursion limit."""
    depth = 0
    for mark in _STRING_OR_BRACKET.findall(body):
        depth += _STEPS.get(mark, 0)
        if depth > _DEEPEST:
            raise ValueError(f"it nests deeper than {_DEEPEST} levels")


def _float(text: str) -> float:
    """Read a JSON number; NaN and Infinity aren't JSON, and 1e999 doesn't fit into 64 bits."""
    number = float(text)
    if not isfinite(number):
        msg = f"{text} is no JSON number"
        raise ValueError(msg)
    return number


def _read_rest(request: Request, shape: StructureShape) -> dict[str, object]:
    params: dict[str, object] = {"Body": request.body}
    for name, member in shape.members.items():
        header = str(member.serialization.get("name", name)).lower()
        if member.serialization.get("location") == "header" and header in request.headers:
            params[name] = _read_header(request.headers[header], member)
    return params


def _read_header(text: str, shape: Shape) -> object:
    if shape.type_name != "integer":
        return text
    try:
        return read_value(int(text), shape)
    except (ValueError, Refusal):
        message = f"{text[:64]!r} can not be converted to {shape.type_name} ({shape.name})"
        raise Refusal("ValidationError", message) from None


def write_answer(call: Call, answer: Answer) -> Response:
    """Turn an operation's answer into the HTTP response that boto3 expects."""
    shape = _operation(call).output_shape
    members = {} if shape is None else answer.members
    if call.encoding == "rest-json" and isinstance(shape, StructureShape):
        headers, body = _write_rest(members, shape)
    elif call.encoding == "cbor":
        headers = {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        body = cbor.encode(members)
    else:
        headers = {"content-type": _json_type(call)}
        body = json.dumps({} if shape is None else write_value(members, shape)).encode()
    return Response(200, headers, body, answer.hold_seconds)


def _write_rest(
    members: Mapping[str, object], shape: StructureShape
) -> tuple[dict[str, str], bytes]:
    headers = {
        str(member.serialization["name"]).lower(): str(members[name])
        for name, member in shape.members.items()
        if member.serialization.get("location") == "header" and members.get(name) is not None
    }
    if shape.members["Body"].serialization.get("eventstream"):
        headers["content-type"] = "application/vnd.amazon.eventstream"
        parts = cast("list[bytes]", members["Body"])
        return headers, b"".join(encode_event("PayloadPart", part) for part in parts)
    return headers, cast("bytes", members["Body"])


def write_refusal(request: Request, call: Call | None, refusal: Refusal) -> Response:
    """Turn a refusal into the error answer of the call's protocol.

    Older clients of CloudWatch use the query protocol; for it, the answer is XML.
    """
    if call is None and request.headers.get("content-type", "").startswith(_QUERY_TYPE):
        return _write_query_refusal(refusal)
    content = {"__type": refusal.code, "message": refusal.message, **refusal.members}
    headers = {"content-type": "application/x-amz-json-1.1", "x-amzn-errortype": refusal.code}
    if (
        call is not None and call.service == "cloudwatch"
    ):  # clients read old query codes from this header
        headers["x-amzn-query-error"] = f"{refusal.code};{_fault(refusal)}"
    if call is not None and call.encoding == "rest-json":
        content = {"Message": refusal.message, **refusal.members}
    if call is not None and call.encoding == "cbor":
        headers |= {"content-type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
        return Response(refusal.status, headers, cbor.encode(content))
    return Response(refusal.status, headers, json.dumps(content).encode())


def _write_query_refusal(refusal: Refusal) -> Response:
    document = (
        '<ErrorResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><Error>'
        f"<Type>{_fault(refusal)}</Type><Code>{escape(refusal.code)}</Code>"
        f"<Message>{escape(refusal.message)}</Message></Error></ErrorResponse>"
    )
    return Response(refusal.status, {"content-type": "text/xml"}, document.encode())


def _fault(refusal: Refusal) -> str:
    return "Sender" if refusal.status < 500 else "Receiver"


def _operation(call: Call) -> OperationModel:
    return service_models()[call.service].operation_model(call.operation)


def _json_type(call: Call) -> str:
    version = service_models()[call.service].metadata.get("jsonVersion", "1.1")
    return f"application/x-amz-json-{version}"
