"""Bodies that no SDK would send: each is refused in the words of its protocol, none is a crash."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from tests.support.staging import ROLE, Staging

from switchover_local.twin.wire import cbor
from switchover_local.twin.wire.messages import Request, Response

TARGETS = {
    "sagemaker": "SageMaker",
    "cloudwatch": "GraniteServiceVersion20100801",
    "application-autoscaling": "AnyScaleFrontendService",
    "service-quotas": "ServiceQuotasV20190624",
}
DEEP = b"[" * 100_000
CONFIG = (
    '{{"EndpointConfigName": "c", "ProductionVariants": [{{"VariantName": "main", "ModelName": '
    '"model-v1", "InstanceType": "ml.g6e.2xlarge", "InitialInstanceCount": {count}, '
    '"InitialVariantWeight": {weight}}}]}}'
)
CBOR_PATH = "/service/GraniteServiceVersion20100801/operation/"


def _send(
    staging: Staging, path: str, body: bytes, method: str = "POST", **headers: str
) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    response = staging.twin.handle(Request(method, path, named, body))
    assert response is not None
    return response


def _call(staging: Staging, service: str, operation: str, body: bytes) -> tuple[int, str]:
    response = _send(staging, "/", body, x_amz_target=f"{TARGETS[service]}.{operation}")
    return response.status, json.loads(response.body).get("__type", "")


def _call_in_cbor(staging: Staging, operation: str, body: bytes) -> tuple[int, Any]:
    response = _send(staging, CBOR_PATH + operation, body, smithy_protocol="rpc-v2-cbor")
    return response.status, cbor.decode(response.body)


@pytest.mark.parametrize(
    ("count", "weight"),
    [
        pytest.param("1.5", "1", id="a-count-of-one-and-a-half"),
        pytest.param("1e999", "1", id="a-count-beyond-every-number"),
        pytest.param("1e300", "1", id="a-count-beyond-32-bits"),
        pytest.param(str(2**31), "1", id="a-count-one-beyond-32-bits"),
        pytest.param("9" * 5000, "1", id="a-count-of-5000-digits"),
        pytest.param("true", "1", id="a-count-that-is-true"),
        pytest.param('"1"', "1", id="a-count-in-quotes"),
        pytest.param("NaN", "1", id="a-count-that-is-no-number"),
        pytest.param("1", "NaN", id="a-weight-that-is-no-number"),
        pytest.param("1", "-Infinity", id="a-weight-without-end"),
        pytest.param("1", "1e999", id="a-weight-beyond-every-number"),
        pytest.param("1", "9" * 400, id="a-weight-of-400-digits"),
        pytest.param("1", '"one"', id="a-weight-in-words"),
    ],
)
def test_a_number_that_json_or_its_shape_cannot_hold_is_a_serialization_exception(
    count: str, weight: str
) -> None:
    staging = Staging()
    staging.create_config("v1")

    answer = _call(
        staging,
        "sagemaker",
        "CreateEndpointConfig",
        CONFIG.format(count=count, weight=weight).encode(),
    )

    assert answer == (400, "SerializationException")


@pytest.mark.parametrize("weight", ['"NaN"', '"Infinity"', "-1", "-0.001"])
def test_a_weight_that_is_no_number_from_zero_up_is_a_validation_exception(weight: str) -> None:
    staging = Staging()
    staging.create_config("v1")

    answer = _call(
        staging,
        "sagemaker",
        "CreateEndpointConfig",
        CONFIG.format(count=1, weight=weight).encode(),
    )

    assert answer == (400, "ValidationException")


@pytest.mark.parametrize(("count", "weight"), [("1", "0"), ("1.0", "0.5"), ("1e0", "1e3")])
def test_a_whole_number_may_be_written_as_json_likes(count: str, weight: str) -> None:
    staging = Staging()
    staging.create_config("v1")

    status, _ = _call(
        staging,
        "sagemaker",
        "CreateEndpointConfig",
        CONFIG.format(count=count, weight=weight).encode(),
    )

    assert status == 200


@pytest.mark.parametrize("service", TARGETS)
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(DEEP, id="lists-in-lists"),
        pytest.param(b'{"a":' * 100_000, id="objects-in-objects"),
        pytest.param(b'{"Marker": ' + b"[" * 5000 + b"]" * 5000 + b"}", id="deep-and-closed"),
        pytest.param(b"null", id="null"),
        pytest.param(b'"text"', id="text"),
        pytest.param(b"\xff\xfe{}", id="not-utf-8"),
        pytest.param(b"\x00", id="a-zero-byte"),
        pytest.param(b"{} {}", id="two-bodies"),
        pytest.param(gzip.compress(b"{}"), id="gzip-without-saying-so"),
    ],
)
def test_a_body_that_is_no_json_object_is_a_serialization_exception(
    service: str, body: bytes
) -> None:
    operation = {
        "sagemaker": "ListEndpoints",
        "cloudwatch": "DescribeAlarms",
        "application-autoscaling": "DescribeScalableTargets",
        "service-quotas": "ListServiceQuotas",
    }[service]

    assert _call(Staging(), service, operation, body) == (400, "SerializationException")


@pytest.mark.parametrize(
    "moment",
    ["1e300", "-1e300", "99999999999999", "true", '"2026-13-01"', '"0001-01-01T00:00+23:00"', "{}"],
)
def test_a_moment_that_no_calendar_has_is_a_serialization_exception(moment: str) -> None:
    body = f'{{"CreationTimeAfter": {moment}}}'.encode()

    answer = _call(Staging(), "sagemaker", "ListEndpoints", body)

    assert answer == (400, "SerializationException")


@pytest.mark.parametrize("text", [r'"\ud800"', r'"a\udfffb"', "5", "[]", "{}", "true"], ids=ascii)
def test_a_text_that_is_none_is_a_serialization_exception(text: str) -> None:
    body = f'{{"EndpointName": {text}}}'.encode()

    answer = _call(Staging(), "sagemaker", "DescribeEndpoint", body)

    assert answer == (400, "SerializationException")


def test_half_a_character_in_a_tag_is_refused_before_anything_is_created() -> None:
    staging = Staging()
    body = (
        f'{{"ModelName": "m", "ExecutionRoleArn": "{ROLE}", "PrimaryContainer": {{"Image": "i"}}, '
        r'"Tags": [{"Key": "k", "Value": "\ud83d"}]}'
    ).encode()

    answer = _call(staging, "sagemaker", "CreateModel", body)

    assert answer == (400, "SerializationException")
    assert staging.sagemaker.list_models()["Models"] == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"\x81" * 100_000, id="lists-in-lists"),
        pytest.param(b"\xa1\x61a" * 50_000, id="maps-in-maps"),
        pytest.param(b"\x9f" * 100_000, id="endless-lists"),
        pytest.param(b"\xa1\x81\x01\x02", id="a-list-as-key"),
        pytest.param(b"\xa1\x01\x02", id="a-number-as-key"),
        pytest.param(b"\xbb" + b"\xff" * 8, id="more-members-than-atoms"),
        pytest.param(b"\x9b" + b"\xff" * 8, id="more-items-than-atoms"),
        pytest.param(b"\x5b" + b"\xff" * 8, id="more-bytes-than-atoms"),
        pytest.param(b"\x7f\x01\xff", id="text-made-of-numbers"),
        pytest.param(b"\xc1\xfb\x7f\xf0" + b"\x00" * 6, id="the-end-of-time"),
        pytest.param(b"\xc1\xfb\x7f\xf8" + b"\x00" * 6, id="no-time"),
        pytest.param(b"\xc1\x1b" + b"\xff" * 8, id="a-huge-time"),
        pytest.param(b"\x62\xff\xff", id="not-utf-8"),
        pytest.param(b"\xff", id="a-break"),
        pytest.param(b"\xbf\x61a\xff", id="a-key-without-value"),
        pytest.param(b"\x01", id="a-number"),
    ],
)
def test_broken_cbor_is_a_serialization_exception_in_cbor(body: bytes) -> None:
    status, answer = _call_in_cbor(Staging(), "DescribeAlarms", body)

    assert (status, answer["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize("threshold", [float("nan"), float("inf"), 2.0**360 * 1.01])
def test_a_threshold_that_cloudwatch_cannot_compare_is_refused(threshold: float) -> None:
    alarm = {
        "AlarmName": "a",
        "Namespace": "n",
        "MetricName": "m",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanThreshold",
    }

    status, answer = _call_in_cbor(
        Staging(), "PutMetricAlarm", cbor.encode({**alarm, "Threshold": threshold})
    )

    assert (status, answer["__type"]) == (400, "InvalidParameterValue")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/endpoints/demo/invocations", {}),
        ("PUT", "/endpoints/demo/invocations-response-stream", {}),
        ("GET", "/", {"x_amz_target": "SageMaker.ListEndpoints"}),
        ("GET", CBOR_PATH + "DescribeAlarms", {"smithy_protocol": "rpc-v2-cbor"}),
        ("POST", "/endpoints/demo/nonsense", {}),
        ("POST", "/endpoints//invocations", {}),
        ("POST", "/nothing", {}),
    ],
)
def test_only_the_method_and_path_of_the_service_model_are_an_operation(
    method: str, path: str, headers: dict[str, str]
) -> None:
    staging = Staging().begin()

    response = _send(staging, path, b"{}", method, **headers)

    assert response.status == 404
    assert response.headers["x-amzn-errortype"] == "UnknownOperationException"


@pytest.mark.parametrize("header", ["1.5", "soon", "9" * 5000, ""])
def test_a_header_that_is_no_number_is_a_modelled_error(header: str) -> None:
    response = _send(
        Staging(),
        "/endpoints/demo/async-invocations",
        b"",
        x_amzn_sagemaker_requestttlseconds=header,
        x_amzn_sagemaker_inputlocation="s3://b/k",
    )

    assert response.status == 400
    assert response.headers["x-amzn-errortype"] == "ValidationError"


def test_the_query_protocol_is_refused_in_its_own_words() -> None:
    body = b"Action=DescribeAlarms&Version=2010-08-01"

    response = _send(Staging(), "/", body, content_type="application/x-www-form-urlencoded")

    assert response.status == 404
    assert response.headers["content-type"] == "text/xml"
    assert b"<Code>UnknownOperationException</Code>" in response.body


def _metric_body(padding: int = 0) -> bytes:
    datum = {"MetricName": "m", "Value": 5.0}
    return cbor.encode({"Namespace": "n", "MetricData": [datum], "Padding": "x" * padding})


def test_gzip_is_unpacked_where_the_service_model_says_so() -> None:
    staging = Staging()
    data = [{"MetricName": f"m{number}", "Value": 1.0} for number in range(500)]

    staging.cloudwatch.put_metric_data(Namespace="n", MetricData=data)  # botocore compresses it

    listed = staging.cloudwatch.get_paginator("list_metrics").paginate(Namespace="n")
    assert len(list(listed.search("Metrics[]"))) == 500


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        pytest.param(_metric_body(), "SerializationException", id="not-gzip"),
        pytest.param(gzip.compress(_metric_body())[:-9], "SerializationException", id="cut-short"),
        pytest.param(b"", "SerializationException", id="nothing"),
        pytest.param(gzip.compress(_metric_body(40_000_000)), "413", id="a-bomb"),
        pytest.param(bytes(1_048_577), "413", id="over-1-mb"),
    ],
)
def test_a_body_that_claims_to_be_gzip_is_held_to_it(body: bytes, refusal: str) -> None:
    response = _send(Staging(), CBOR_PATH + "PutMetricData", body, content_encoding="gzip")

    answer = cbor.decode(response.body)
    assert isinstance(answer, dict)
    assert answer["__type"] == refusal


def test_a_failure_of_the_twin_itself_is_told_as_aws_tells_its_own(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    staging = Staging()
    operations = staging.twin.services["sagemaker"].operations
    monkeypatch.setitem(operations, "ListEndpoints", lambda _params: 1 / 0)

    answer = _call(staging, "sagemaker", "ListEndpoints", b"{}")

    assert answer == (500, "InternalFailure")
    assert "ZeroDivisionError" in caplog.text
