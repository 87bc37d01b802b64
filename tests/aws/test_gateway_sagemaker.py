"""SageMaker endpoints through boto3: AWS's answers and words become ours (rules §1.5, §2.1, §2.4)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
import botocore.session
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from tests.support.samples import ARN, NOW
from tests.support.staging import LAUNCH, START, Staging, canary

from switchover.aws.clients import teach_newer_models
from switchover.aws.sagemaker import SageMaker
from switchover.domain.errors import (
    CallRefused,
    EndpointBusy,
    EndpointNotFound,
    SwitchoverError,
    Unavailable,
)
from switchover.domain.fleet import Absent, EndpointReading, EndpointStatus, LiveRelease

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_sagemaker import SageMakerClient

DATE = "Mon, 05 Jan 2026 12:00:07 GMT"
HEADERS = {"HTTPHeaders": {"date": DATE}}
CONFIG_ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/chat-v2"
MODEL_ARN = "arn:aws:sagemaker:us-east-1:000000000000:model/chat-v2"


@pytest.fixture
def staging() -> Staging:
    return Staging().begin()


@pytest.fixture
def gateway(staging: Staging) -> SageMaker:
    return SageMaker(staging.sagemaker)


@pytest.fixture
def client() -> SageMakerClient:
    return boto3.client(
        "sagemaker",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )


@pytest.fixture
def stub(client: SageMakerClient) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def described(**changes: object) -> dict[str, Any]:
    return {
        "EndpointName": "chat",
        "EndpointArn": ARN,
        "EndpointConfigName": "chat-v1",
        "EndpointStatus": "InService",
        "CreationTime": NOW,
        "LastModifiedTime": NOW,
        "ResponseMetadata": HEADERS,
        **changes,
    }


def refuse(stub: Stubber, method: str, message: str, code: str = "ValidationException") -> None:
    stub.add_client_error(method, code, message, 400, response_meta=HEADERS)


def read(gateway: SageMaker, name: str = "demo") -> EndpointReading:
    seen = gateway.read(name)
    assert isinstance(seen, EndpointReading)
    return seen


def test_an_endpoint_at_rest_is_read(gateway: SageMaker) -> None:
    seen = read(gateway)
    assert (seen.status, seen.config_name) == (EndpointStatus.IN_SERVICE, "config-v1")
    assert (seen.pending_config_name, seen.instances, seen.variants[0].name) == (None, 4, "main")


def test_the_clock_is_sagemakers_own(staging: Staging, gateway: SageMaker) -> None:
    assert read(gateway).read_at == staging.clock.now()


def test_during_an_update_the_serving_config_is_the_previous_one(
    staging: Staging, gateway: SageMaker
) -> None:
    """PendingDeploymentSummary carries the new (rules §2.4)."""
    staging.update(canary())
    staging.clock.advance(LAUNCH + 60)
    seen = read(gateway)
    assert (seen.config_name, seen.pending_config_name) == ("config-v1", "config-v2")
    assert (seen.instances, seen.pending_instances) == (4, 1)
    assert "Baking" in {stage.status for stage in seen.stages}


def test_an_unknown_endpoint_is_absent_at_that_time(gateway: SageMaker) -> None:
    assert gateway.read("nobody") == Absent(name="nobody", read_at=START.replace(minute=8))


def test_an_absence_is_dated_by_the_errors_own_answer(
    client: SageMakerClient, stub: Stubber
) -> None:
    refuse(stub, "describe_endpoint", f'Could not find endpoint "{ARN}".')
    read_at = datetime(2026, 1, 5, 12, 0, 7, tzinfo=UTC)
    assert SageMaker(client).read("chat") == Absent(name="chat", read_at=read_at)


def test_a_name_in_another_case_is_another_endpoint(client: SageMakerClient, stub: Stubber) -> None:
    """IAM's prefixes, claims and policy files tell cases apart, and SageMaker may not."""
    stub.add_response("describe_endpoint", described(), {"EndpointName": "Chat"})

    assert isinstance(SageMaker(client).read("Chat"), Absent)


def test_an_endpoint_that_failed_at_birth_is_read(client: SageMakerClient, stub: Stubber) -> None:
    """Config name, variants and summary are optional in the model."""
    answer = described(EndpointStatus="Failed", FailureReason="No ping.")
    del answer["EndpointConfigName"]
    stub.add_response("describe_endpoint", answer, {"EndpointName": "chat"})
    seen = read(SageMaker(client), "chat")
    assert (seen.config_name, seen.failure_reason, seen.variants) == ("", "No ping.", ())


def test_another_error_of_a_reading_is_not_an_absence(
    client: SageMakerClient, stub: Stubber
) -> None:
    refuse(stub, "describe_endpoint", "Rate exceeded", "ThrottlingException")
    with pytest.raises((ClientError, Unavailable), match="Rate exceeded"):
        SageMaker(client).read("chat")


def test_what_an_endpoint_runs_on_is_read_whole(gateway: SageMaker) -> None:
    live = gateway.live_release("config-v1")
    assert isinstance(live, LiveRelease)
    assert live.config["ProductionVariants"][0]["ModelName"] == "model-v1"
    assert live.model["ModelName"] == "model-v1"
    assert "ResponseMetadata" not in live.config


def test_what_may_be_created_is_asked_of_the_installed_model(gateway: SageMaker) -> None:
    """So that a field that AWS adds survives (rules §1.5)."""
    live = gateway.live_release("config-v1")
    assert live is not None
    assert {"Tags", "VpcConfig", "KmsKeyId"} <= live.creatable_config_fields
    assert not {"EndpointConfigArn", "CreationTime"} & live.creatable_config_fields
    assert "DeploymentRecommendation" not in live.creatable_model_fields


def test_tags_are_read_of_config_model_and_endpoint(staging: Staging, gateway: SageMaker) -> None:
    tag = {"Key": "team", "Value": "ml"}
    config = staging.sagemaker.describe_endpoint_config(EndpointConfigName="config-v1")
    model = staging.sagemaker.describe_model(ModelName="model-v1")
    arns = (config["EndpointConfigArn"], model["ModelArn"], read(gateway).arn)
    for arn in arns:
        staging.sagemaker.add_tags(ResourceArn=arn, Tags=[tag])
    live = gateway.live_release("config-v1", arns[2])
    assert live is not None
    assert (live.config_tags, live.model_tags, live.endpoint_tags) == ((tag,), (tag,), (tag,))


def test_without_its_config_there_is_no_live_release(staging: Staging, gateway: SageMaker) -> None:
    staging.sagemaker.delete_endpoint_config(EndpointConfigName="config-v1")
    assert gateway.live_release("config-v1") is None


def test_without_its_model_there_is_no_live_release(staging: Staging, gateway: SageMaker) -> None:
    staging.sagemaker.delete_model(ModelName="model-v1")
    assert gateway.live_release("config-v1") is None


def cloned(staging: Staging) -> tuple[dict[str, Any], dict[str, Any]]:
    model = staging.sagemaker.describe_model(ModelName="model-v2")
    container = model["PrimaryContainer"]
    return (
        {
            "ModelName": "chat-v3",
            "PrimaryContainer": container,
            "ExecutionRoleArn": model["ExecutionRoleArn"],
        },
        {
            "EndpointConfigName": "chat-v3",
            "ProductionVariants": [
                {
                    "VariantName": "main",
                    "ModelName": "chat-v3",
                    "InitialInstanceCount": 2,
                    "InstanceType": "ml.g5.xlarge",
                }
            ],
        },
    )


def test_model_and_config_are_created_and_a_repeat_is_fine(
    staging: Staging, gateway: SageMaker
) -> None:
    gateway.create(*cloned(staging))
    gateway.create(*cloned(staging))
    assert gateway.live_release("chat-v3") is not None


def test_a_repeat_after_half_the_work_does_the_other_half(
    staging: Staging, gateway: SageMaker
) -> None:
    model, config = cloned(staging)
    staging.sagemaker.create_model(**model)
    gateway.create(model, config)
    assert gateway.live_release("chat-v3") is not None


def test_what_never_served_is_discarded_and_a_repeat_is_fine(
    staging: Staging, gateway: SageMaker
) -> None:
    gateway.create(*cloned(staging))
    gateway.discard("chat-v3", "chat-v3")
    gateway.discard("chat-v3", "chat-v3")
    assert gateway.live_release("chat-v3") is None


def test_a_config_that_is_gone_does_not_keep_its_model(
    staging: Staging, gateway: SageMaker
) -> None:
    gateway.create(*cloned(staging))
    staging.sagemaker.delete_endpoint_config(EndpointConfigName="chat-v3")
    gateway.discard("chat-v3", "chat-v3")
    with pytest.raises(ClientError, match="Could not find model"):
        staging.sagemaker.describe_model(ModelName="chat-v3")


@pytest.mark.parametrize("retain", [True, False])
def test_an_update_is_asked_for_with_retained_capacity_said(
    client: SageMakerClient,
    stub: Stubber,
    retain: bool,  # noqa: FBT001
) -> None:
    """SageMaker's default would reset an autoscaled fleet (rules §7.6)."""
    deployment = canary()
    stub.add_response(
        "update_endpoint",
        {"EndpointArn": ARN},
        {
            "EndpointName": "chat",
            "EndpointConfigName": "chat-v2",
            "RetainAllVariantProperties": retain,
            "DeploymentConfig": deployment,
        },
    )
    SageMaker(client).update_endpoint("chat", "chat-v2", deployment, retain_capacity=retain)


def test_without_a_deployment_config_none_is_sent(client: SageMakerClient, stub: Stubber) -> None:
    stub.add_response(
        "update_endpoint",
        {"EndpointArn": ARN},
        {
            "EndpointName": "chat",
            "EndpointConfigName": "chat-v2",
            "RetainAllVariantProperties": True,
        },
    )
    SageMaker(client).update_endpoint("chat", "chat-v2", None, retain_capacity=True)


def update_endpoint(gateway: SageMaker) -> None:
    gateway.update_endpoint("chat", "chat-v2", None, retain_capacity=True)


def delete_endpoint(gateway: SageMaker) -> None:
    gateway.delete_endpoint("chat")


def create_endpoint(gateway: SageMaker) -> None:
    gateway.create_endpoint("chat", "chat-v2", ())


def set_instances(gateway: SageMaker) -> None:
    gateway.set_instances("chat", "main", 4)


def create(gateway: SageMaker) -> None:
    gateway.create({"ModelName": "chat-v2"}, {})


IN_PROGRESS = f'Cannot update in-progress endpoint "{ARN}".'
UNSEEN = f'Could not find endpoint configuration "{CONFIG_ARN}".'
OTHER_TYPE = "Cannot update endpoint with a different instance type"
VALIDATION = "ValidationException"
LIMIT = (
    "The account-level service limit 'ml.g6e.2xlarge for endpoint usage' is 2 Instances, with"
    " current utilization of 2 Instances and a request delta of 2 Instances."
)


@pytest.mark.parametrize(
    ("act", "code", "message", "error"),
    [
        (update_endpoint, VALIDATION, IN_PROGRESS, EndpointBusy),
        (delete_endpoint, VALIDATION, IN_PROGRESS, EndpointBusy),
        (set_instances, VALIDATION, IN_PROGRESS, EndpointBusy),
        (update_endpoint, VALIDATION, f'Could not find endpoint "{ARN}".', EndpointNotFound),
        (update_endpoint, "ResourceLimitExceeded", LIMIT, CallRefused),
        (create_endpoint, "ResourceLimitExceeded", LIMIT, CallRefused),
        (update_endpoint, VALIDATION, OTHER_TYPE, CallRefused),
        (create, VALIDATION, "KmsKeyId can not be specified", CallRefused),
        (update_endpoint, VALIDATION, UNSEEN, Unavailable),
        (create_endpoint, VALIDATION, UNSEEN, Unavailable),
        (create, VALIDATION, f'Could not find model "{MODEL_ARN}".', Unavailable),
    ],
)  # fmt: skip
def test_awss_words_decide_what_a_refusal_means(
    client: SageMakerClient,
    stub: Stubber,
    act: Callable[[SageMaker], None],
    code: str,
    message: str,
    error: type[SwitchoverError],
) -> None:
    """Nearly all are ValidationException (rules §2.1); a new config may be unseen yet (§1.7)."""
    method = "create_model" if act is create else act.__name__
    names = {"set_instances": "update_endpoint_weights_and_capacities"}
    refuse(stub, names.get(method, method), message, code)
    with pytest.raises(error, match=message[:20]):
        act(SageMaker(client))


@pytest.mark.parametrize("act", [update_endpoint, delete_endpoint, set_instances])
def test_throttling_is_no_refusal(
    client: SageMakerClient, stub: Stubber, act: Callable[[SageMaker], None]
) -> None:
    """A retry helps, so the state machine must get this error unchanged (rules §6)."""
    names = {"set_instances": "update_endpoint_weights_and_capacities"}
    refuse(stub, names.get(act.__name__, act.__name__), "Rate exceeded", "ThrottlingException")
    with pytest.raises((ClientError, Unavailable), match="Rate exceeded"):
        act(SageMaker(client))


def test_an_endpoint_that_is_gone_is_deleted(client: SageMakerClient, stub: Stubber) -> None:
    refuse(stub, "delete_endpoint", f'Could not find endpoint "{ARN}".')
    SageMaker(client).delete_endpoint("chat")


def test_an_endpoint_in_progress_is_not_taken_for_deleted(
    client: SageMakerClient, stub: Stubber
) -> None:
    """Terraform once did (rules §7.3)."""
    refuse(stub, "delete_endpoint", IN_PROGRESS)
    with pytest.raises(EndpointBusy):
        SageMaker(client).delete_endpoint("chat")


def test_an_endpoint_that_exists_is_left_to_be_observed(
    client: SageMakerClient, stub: Stubber
) -> None:
    refuse(stub, "create_endpoint", f'Cannot create already existing endpoint "{ARN}".')
    SageMaker(client).create_endpoint("chat", "chat-v2", ())


def test_a_created_endpoint_gets_its_tags_back_but_awss_own(
    client: SageMakerClient, stub: Stubber
) -> None:
    tag = {"Key": "team", "Value": "ml"}
    stub.add_response(
        "create_endpoint",
        {"EndpointArn": ARN},
        {"EndpointName": "chat", "EndpointConfigName": "chat-v2", "Tags": [tag]},
    )
    tags = (tag, {"Key": "aws:cloudformation:stack-id", "Value": "x"})
    SageMaker(client).create_endpoint("chat", "chat-v2", tags)


def test_a_fleet_is_resized_by_variant(staging: Staging, gateway: SageMaker) -> None:
    gateway.set_instances("demo", "main", 6)
    assert read(gateway).status is EndpointStatus.UPDATING
    staging.settle()
    assert read(gateway).variants[0].desired_instances == 6


# Fields that AWS sends and the installed botocore doesn't know


def sent_with(staging: Staging, **more: object) -> SageMaker:
    """A gateway whose SageMaker adds fields to what it describes, beside the variant's own."""

    def add(response_dict: dict[str, Any], **_: object) -> None:
        body = json.loads(response_dict["body"])
        body["ProductionVariants"][0] |= more
        response_dict["body"] = json.dumps(body).encode()

    events = staging.sagemaker.meta.events
    events.register_first("before-parse.sagemaker.DescribeEndpointConfig", add)
    return SageMaker(staging.sagemaker)


def unknown_fields(gateway: SageMaker) -> tuple[str, ...]:
    live = gateway.live_release("config-v1")
    assert live is not None
    return live.unknown_fields


def test_what_botocore_knows_is_no_unknown_field(gateway: SageMaker) -> None:
    assert unknown_fields(gateway) == ()


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"FromTheFuture": {"Level": 3}}, "EndpointConfig.ProductionVariants[0].FromTheFuture"),
        (
            {"RoutingConfig": {"RoutingStrategy": "RANDOM", "New": 1}},
            "EndpointConfig.ProductionVariants[0].RoutingConfig.New",
        ),
    ],
)
def test_a_field_from_the_future_is_told_by_name(
    staging: Staging, more: dict[str, object], path: str
) -> None:
    """botocore's parser drops it silently: a clone of what it returns would lose it."""
    assert unknown_fields(sent_with(staging, **more)) == (path,)


def test_a_field_that_is_empty_loses_nothing(staging: Staging) -> None:
    assert unknown_fields(sent_with(staging, FromTheFuture=None)) == ()


def test_a_second_gateway_on_the_same_client_tells_it_once(staging: Staging) -> None:
    sent_with(staging, FromTheFuture=1)
    assert len(unknown_fields(SageMaker(staging.sagemaker))) == 1


def test_what_only_a_description_may_have_is_told_unless_it_is_known_as_such(
    client: SageMakerClient,
) -> None:
    """Describe and Create know different members: whatever can't be sent would be lost."""
    shape = client.meta.service_model.operation_model("DescribeModel").output_shape
    beyond = set(getattr(shape, "members", {})) - {
        *gateway_fields(client, "CreateModel"),
        "ModelArn",
        "CreationTime",
        "DeploymentRecommendation",
    }
    assert beyond == set()


def gateway_fields(client: SageMakerClient, operation: str) -> set[str]:
    shape = client.meta.service_model.operation_model(operation).input_shape
    return set(getattr(shape, "members", {}))


# Newer fields of AWS that the pinned botocore is extended with


def test_fields_newer_than_the_pinned_botocore_are_copied(staging: Staging) -> None:
    """CrossRegionTrafficConfig and AcceleratorPartitionLayouts came with botocore 1.44."""
    staging.create_config(
        "v9", AcceleratorPartitionLayouts=[{"AcceleratorPartitionTypes": ["mig-1g.5gb"]}]
    )
    live = SageMaker(staging.sagemaker).live_release("config-v9")
    assert live is not None
    assert live.unknown_fields == ()
    assert "AcceleratorPartitionLayouts" in live.config["ProductionVariants"][0]
    assert "CrossRegionTrafficConfig" in live.creatable_config_fields


def test_a_policy_is_read_and_replaced(gateway: SageMaker) -> None:
    assert gateway.endpoint_policy("demo") is None
    gateway.put_endpoint_policy("demo", "{}")
    assert gateway.endpoint_policy("demo") == "{}"


def test_a_region_without_endpoint_policies_has_none() -> None:
    session = teach_newer_models(botocore.session.Session())
    made = session.create_client(
        "sagemaker",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )
    with Stubber(made) as stubber:
        stubber.add_client_error("get_endpoint_policy", "UnknownOperationException")
        assert SageMaker(made).endpoint_policy("chat") is None
