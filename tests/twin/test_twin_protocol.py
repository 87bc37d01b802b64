"""The wire: what is checked, what is answered, and in which encoding."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import RpcV2CBORParser
from hypothesis import given
from hypothesis import strategies as st
from tests.support.staging import Staging, refusal_of

from switchover_local.twin.wire import cbor
from switchover_local.twin.wire.messages import Request
from switchover_local.twin.wire.protocol import SERVICES, service_models
from switchover_local.twin.wire.validation import _compile

_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=300)
    | st.binary(max_size=300),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(max_size=5), inner.filter(lambda v: v is not None), max_size=5)
    ),
    max_leaves=20,
)


def _call(staging: Staging, operation: str, body: bytes, **headers: str) -> tuple[int, Any]:
    known = {"x-amz-target": f"SageMaker.{operation}"}
    response = staging.twin.handle(Request("POST", "/", known | headers, body))
    assert response is not None
    return response.status, json.loads(response.body)


def test_every_broken_constraint_is_named_in_one_answer() -> None:
    staging = Staging()
    too_long = "x" * 64

    with pytest.raises(ClientError) as refused:
        staging.sagemaker.create_endpoint(EndpointName=too_long, EndpointConfigName="not_a_name")

    code, message = refusal_of(refused.value)
    assert code == "ValidationException"
    assert message.startswith("3 validation errors detected: ")
    assert f"Value '{too_long}' at 'endpointName' failed to satisfy constraint: " in message
    assert "Member must have length less than or equal to 63" in message
    assert (
        "Value 'not_a_name' at 'endpointConfigName' failed to satisfy constraint: Member must "
        "satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}" in message
    )


def test_members_of_lists_are_counted_from_one() -> None:
    staging = Staging()

    with pytest.raises(ClientError, match=r"productionVariants\.1\.member\.instanceType"):
        staging.create_config("v1", InstanceType="ml.nonsense")


def test_a_missing_member_is_null_even_for_clients_that_do_not_check() -> None:
    status, answer = _call(Staging(), "DescribeEndpoint", b"{}")

    assert status == 400
    assert answer["__type"] == "ValidationException"
    assert answer["message"] == (
        "1 validation error detected: Value null at 'endpointName' failed to satisfy constraint: "
        "Member must not be null"
    )


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"EndpointName": 5}'])
def test_a_body_of_the_wrong_kind_is_a_serialization_exception(body: bytes) -> None:
    status, answer = _call(Staging(), "DescribeEndpoint", body)

    assert (status, answer["__type"]) == (400, "SerializationException")


def test_an_operation_that_is_not_modelled_says_so() -> None:
    staging = Staging()

    with pytest.raises(ClientError, match="The twin does not model sagemaker:ListNotebook"):
        staging.sagemaker.list_notebook_instances()


@pytest.mark.parametrize("target", ["SageMaker.Nonsense", "Nonsense.ListModels", ""])
def test_a_request_to_nothing_is_an_unknown_operation(target: str) -> None:
    status, answer = _call(Staging(), "", b"{}", **{"x-amz-target": target})

    assert status in {400, 404}
    assert answer["__type"] == "UnknownOperationException"


def test_every_answer_is_dated_in_virtual_time() -> None:
    staging = Staging()
    staging.clock.advance(3600)

    answer = staging.sagemaker.list_models()

    headers = answer["ResponseMetadata"]["HTTPHeaders"]
    assert headers["date"] == "Mon, 05 Jan 2026 13:00:00 GMT"
    assert answer["ResponseMetadata"]["RequestId"]


def test_refusals_are_dated_too() -> None:
    with pytest.raises(ClientError) as refused:
        Staging().describe()

    headers = refused.value.response["ResponseMetadata"]["HTTPHeaders"]
    assert headers["date"] == "Mon, 05 Jan 2026 12:00:00 GMT"


@pytest.mark.parametrize("service", SERVICES)
def test_nearly_every_pattern_of_the_models_can_be_checked(service: str) -> None:
    model = service_models()[service]
    shapes = [model.shape_for(name) for name in model.shape_names]
    patterns = {str(s.metadata["pattern"]) for s in shapes if "pattern" in s.metadata}

    unread = {pattern for pattern in patterns if _compile(pattern) is None}

    # The metadata of model packages, which the twin doesn't have: a repetition of the end is no pattern.
    assert all("${1," in pattern for pattern in unread)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (r"\p{ASCII}*", "application/json", True),
        (r"\p{ASCII}*", "größe", False),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "größe 5", True),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", "a;b", False),
        (r"\A\S[\p{Print}]*\z", "model-a", True),
        (r"\A\S[\p{Print}]*\z", " a", False),
    ],
)
def test_javas_character_classes_are_understood(pattern: str, text: str, *, fits: bool) -> None:
    compiled = _compile(pattern)

    assert compiled is not None
    assert bool(compiled.fullmatch(text)) is fits


@given(_VALUES)
def test_cbor_is_read_back_as_it_was_written(value: object) -> None:
    assert cbor.decode(cbor.encode(value)) == value


@given(_VALUES.filter(lambda value: value is not None))
def test_botocore_reads_our_cbor(value: object) -> None:
    parser = RpcV2CBORParser()

    stream = parser.get_peekable_stream_from_bytes(cbor.encode({"value": value}))

    assert parser.parse_data_item(stream) == {"value": value}


def test_cbor_keeps_moments() -> None:
    moment = datetime(2026, 1, 5, 12, 0, 0, 250_000, tzinfo=UTC)

    assert cbor.decode(cbor.encode(moment)) == moment


@pytest.mark.parametrize(
    ("message", "value"),
    [
        (b"\x9f\x01\x02\xff", [1, 2]),
        (b"\xbf\x61a\x01\xff", {"a": 1}),
        (b"\x7f\x61a\x61b\xff", "ab"),
        (b"\xf9\x3c\x00", 1.0),
        (b"\xa1\x61a\xf7", {"a": None}),
    ],
)
def test_cbor_in_another_form_than_ours_is_read(message: bytes, value: object) -> None:
    assert cbor.decode(message) == value


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x62a", id="cut-short"),
        pytest.param(b"\xff", id="a-break"),
        pytest.param(b"\xe0", id="a-simple-value"),
        pytest.param(b"\xc0\x6a2026-01-05", id="a-date-as-text"),
        pytest.param(b"\xc2\x41a", id="a-big-number"),
        pytest.param(b"\xc1\xf5", id="a-moment-that-is-true"),
        pytest.param(b"\xd8\x1c\x81\xd8\x1d\x00", id="a-list-that-holds-itself"),
        pytest.param(b"\xd8\x23\x61a", id="a-pattern"),
    ],
)
def test_broken_cbor_is_a_value_error(message: bytes) -> None:
    with pytest.raises(ValueError, match="CBOR"):
        cbor.decode(message)


def test_cloudwatch_also_speaks_cbor() -> None:
    staging = Staging()
    staging.put_alarm()
    path = "/service/GraniteServiceVersion20100801/operation/DescribeAlarms"
    body = cbor.encode({"AlarmNames": ["guard"]})

    response = staging.twin.handle(Request("POST", path, {"smithy-protocol": "rpc-v2-cbor"}, body))

    assert response is not None
    assert response.headers["content-type"] == "application/cbor"
    answer = cbor.decode(response.body)
    assert isinstance(answer, dict)
    assert answer["MetricAlarms"][0]["AlarmName"] == "guard"


def test_what_falls_due_happens_before_the_question_is_answered() -> None:
    staging = Staging().begin()
    staging.clock.call_later(0, lambda: staging.twin.change_scenario(seed=5))

    staging.describe()

    assert staging.twin.scenario.seed == 5
