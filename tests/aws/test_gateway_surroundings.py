"""Readings around an endpoint: other fleets, a role's permissions, subscribers."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.stub import Stubber
from tests.support.staging import HARDWARE, LAUNCH, Staging

from switchover import budget
from switchover.aws import clients
from switchover.aws.notifications import Topic
from switchover.aws.roles import Roles
from switchover.aws.usage import Fleets
from switchover.domain.errors import NoAnswer
from switchover.domain.readings import Permission, Subscribers, Unmeasured, Usage
from switchover_local.twin.scenario import Scenario, Throttling

if TYPE_CHECKING:
    from botocore.model import OperationModel
    from mypy_boto3_iam import IAMClient

ROLE = "arn:aws:iam::000000000000:role/service-role/SageMakerModel"
ALARMS = [f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}" for name in ("a", "b")]


def client(service: str) -> Any:
    return boto3.client(
        service,  # type: ignore[call-overload]
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",  # noqa: S106
    )


@pytest.fixture
def iam() -> IAMClient:
    made: IAMClient = client("iam")
    return made


@pytest.fixture
def staging() -> Staging:
    return Staging().begin(instances=4)


def usage(staging: Staging, besides: str = "nobody") -> Usage:
    return Fleets(staging.sagemaker).usage(HARDWARE, besides)


def test_the_fleets_of_other_endpoints_are_counted(staging: Staging) -> None:
    assert usage(staging) == Usage(instances=4, endpoints=1, seen=1, listed=1)


def test_ones_own_fleet_is_not_counted(staging: Staging) -> None:
    assert usage(staging, besides="demo") == Usage(instances=0, endpoints=0, seen=0, listed=0)


def test_another_instance_type_is_not_counted(staging: Staging) -> None:
    staging.configure("v1", "other-type", 3, InstanceType="ml.g5.xlarge")
    staging.sagemaker.create_endpoint(EndpointName="other", EndpointConfigName="other-type")
    staging.clock.advance(LAUNCH)
    assert usage(staging, besides="demo") == Usage(instances=0, endpoints=0, seen=1, listed=1)


def test_an_endpoint_under_way_counts_both_fleets(staging: Staging) -> None:
    staging.update()
    staging.clock.advance(1)
    staging.clock.advance(LAUNCH - 60)
    assert usage(staging).instances == 8


def test_every_page_of_endpoints_is_counted() -> None:
    """ListEndpoints tells a hundred at a time, at most."""
    staging = crowd(101)
    assert usage(staging).listed == 102


def crowd(size: int) -> Staging:
    """An account with so many endpoints more, of four instances each and all on one config."""
    staging = Staging(Scenario(quotas={HARDWARE: 1000})).begin(instances=4)
    for number in range(size):
        staging.sagemaker.create_endpoint(
            EndpointName=f"more-{number}", EndpointConfigName="config-v1"
        )
    staging.clock.advance(LAUNCH)
    return staging


def asked(staging: Staging) -> Counter[str]:
    """Count the calls of each SageMaker operation from now on."""
    calls: Counter[str] = Counter()

    def note(model: OperationModel, **_: object) -> None:
        calls[model.name] += 1

    staging.sagemaker.meta.events.register("before-call.sagemaker", note)
    return calls


def test_one_page_each_endpoint_and_each_config_is_all_that_is_asked() -> None:
    staging = crowd(40)
    calls = asked(staging)
    assert usage(staging, besides="demo") == Usage(160, endpoints=40, seen=40, listed=40)
    assert calls == {"ListEndpoints": 1, "DescribeEndpoint": 40, "DescribeEndpointConfig": 1}


@pytest.mark.parametrize("operation", ["DescribeEndpoint", "DescribeEndpointConfig"])
def test_a_storm_is_not_fed(operation: str) -> None:
    """The threads that are asking already may each meet it once."""
    staging = crowd(40)
    staging.twin.inject(Throttling(operation=operation, times=1000))
    calls = asked(staging)
    counted = usage(staging, besides="demo")
    assert counted == Usage(0, endpoints=0, seen=0, listed=40)
    assert calls[operation] <= 4


def test_a_storm_that_begins_on_the_way_leaves_the_least_that_is_used() -> None:
    staging = crowd(40)
    calls = asked(staging)

    def begin(**_: object) -> None:
        if calls["DescribeEndpoint"] == 14:
            staging.twin.inject(Throttling(operation="DescribeEndpoint", times=1000))

    staging.sagemaker.meta.events.register("before-call.sagemaker", begin)
    counted = usage(staging, besides="demo")
    assert 0 < counted.seen < counted.listed == 40
    assert counted.instances == 4 * counted.seen


def test_without_time_left_nobody_is_described() -> None:
    staging = crowd(3)
    clients.keep_to_budget(staging.sagemaker)
    with budget.within(0), pytest.raises(NoAnswer):
        usage(staging)


def test_time_that_ends_on_the_way_leaves_the_least_that_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    staging = crowd(40)
    clients.keep_to_budget(staging.sagemaker)
    calls = asked(staging)
    monkeypatch.setattr(budget, "seconds_left", lambda: 20 - sum(calls.values()))
    counted = usage(staging, besides="demo")
    assert 0 < counted.seen < counted.listed == 40
    assert sum(calls.values()) <= 24


def test_an_endpoint_that_cannot_be_seen_makes_the_count_the_least() -> None:
    sagemaker = client("sagemaker")
    listed = {
        "EndpointName": "secret",
        "EndpointArn": "arn:aws:sagemaker:us-east-1:000000000000:endpoint/secret",
        "CreationTime": 0,
        "LastModifiedTime": 0,
        "EndpointStatus": "InService",
    }
    with Stubber(sagemaker) as stub:
        stub.add_response("list_endpoints", {"Endpoints": [listed]})
        stub.add_client_error("describe_endpoint", "AccessDeniedException")
        counted = Fleets(sagemaker).usage(HARDWARE, "chat")
    assert counted == Usage(instances=0, endpoints=0, seen=0, listed=1)


KNOWN = {
    "Path": "/",
    "RoleName": "SageMakerModel",
    "RoleId": "AROAEXAMPLEEXAMPLE00",
    "Arn": ROLE,
    "CreateDate": 0,
}


def simulate(iam: IAMClient, *results: dict[str, Any]) -> Permission | Unmeasured:
    asked = {
        "PolicySourceArn": ROLE,
        "ActionNames": ["cloudwatch:DescribeAlarms"],
        "ResourceArns": ALARMS,
    }
    answered = [{"EvalActionName": "cloudwatch:DescribeAlarms", **each} for each in results]
    with Stubber(iam) as stub:
        stub.add_response("get_role", {"Role": KNOWN}, {"RoleName": "SageMakerModel"})
        stub.add_response("simulate_principal_policy", {"EvaluationResults": answered}, asked)
        return Roles(iam).may_describe_alarms(ROLE, ALARMS)


def test_a_role_that_iam_does_not_know_is_not_said_to_be_denied(iam: IAMClient) -> None:
    with Stubber(iam) as stub:
        stub.add_client_error("get_role", "NoSuchEntity")
        found = Roles(iam).may_describe_alarms(ROLE, ALARMS)
    assert found == Unmeasured("IAM knows no role SageMakerModel here")


def test_a_role_that_may_has_nothing_denied(iam: IAMClient) -> None:
    allowed = {"EvalDecision": "allowed", "EvalResourceName": ALARMS[0]}
    assert simulate(iam, allowed) == Permission(role="SageMakerModel")


@pytest.mark.parametrize("decision", ["explicitDeny", "implicitDeny"])
def test_what_is_denied_is_told_by_the_alarms_name(iam: IAMClient, decision: str) -> None:
    denied = {"EvalDecision": decision, "EvalResourceName": ALARMS[1]}
    assert simulate(iam, denied) == Permission(role="SageMakerModel", denied=("b",))


def test_resources_are_judged_one_by_one_where_iam_does(iam: IAMClient) -> None:
    each = [
        {"EvalResourceName": ALARMS[0], "EvalResourceDecision": "allowed"},
        {"EvalResourceName": ALARMS[1], "EvalResourceDecision": "implicitDeny"},
    ]
    overall = {"EvalDecision": "implicitDeny", "ResourceSpecificResults": each}
    assert simulate(iam, overall) == Permission(role="SageMakerModel", denied=("b",))


def test_policies_that_ask_for_context_cannot_be_told(iam: IAMClient) -> None:
    """The simulation knows no request, so a condition on one fails there and not in life."""
    denied = {
        "EvalDecision": "implicitDeny",
        "EvalResourceName": ALARMS[0],
        "MissingContextValues": ["aws:SourceVpc"],
    }
    assert simulate(iam, denied) == Unmeasured(
        "the policies of SageMakerModel depend on aws:SourceVpc"
    )


def test_confirmed_and_pending_subscriptions_are_told_apart() -> None:
    sns = client("sns")
    told = {"Attributes": {"SubscriptionsConfirmed": "2", "SubscriptionsPending": "1"}}
    with Stubber(sns) as stub:
        stub.add_response("get_topic_attributes", told, {"TopicArn": "arn:topic"})
        assert Topic(sns, "arn:topic").subscribers() == Subscribers(confirmed=2, pending=1)


def test_the_subscription_of_tell_chat_is_no_reader_but_those_of_the_chat_topic_are() -> None:
    sns = client("sns")
    people = {"SubscriptionsConfirmed": "1", "SubscriptionsPending": "0"}
    channel = {"SubscriptionsConfirmed": "2", "SubscriptionsPending": "1"}
    with Stubber(sns) as stub:
        stub.add_response("get_topic_attributes", {"Attributes": people}, {"TopicArn": "arn:topic"})
        stub.add_response("get_topic_attributes", {"Attributes": channel}, {"TopicArn": "arn:chat"})
        found = Topic(sns, "arn:topic", "arn:chat").subscribers()

    assert found == Subscribers(confirmed=2, pending=1)


def test_where_no_topic_is_known_nothing_is_asked() -> None:
    assert isinstance(Topic(client("sns"), None).subscribers(), Unmeasured)
