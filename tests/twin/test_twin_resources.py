"""Names, tags, pages, environments and resizing: what SageMaker's resources have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from tests.support.staging import HARDWARE, ROLE, Staging, refusal_of

from switchover_local.twin.scenario import Scenario, Switches

if TYPE_CHECKING:
    from collections.abc import Callable

ARN = "arn:aws:sagemaker:us-east-1:000000000000:"
KINDS = ["endpoint/demo", "endpoint-config/config-v1", "model/model-v1"]


def _create_model(
    staging: Staging, *environments: dict[str, str], name: str = "m", **more: object
) -> None:
    containers = [{"Image": "vllm", "Environment": each} for each in environments or ({},)]
    staging.sagemaker.create_model(
        ModelName=name, ExecutionRoleArn=ROLE, Containers=containers, **more
    )


def _pairs(count: int, size: int) -> dict[str, str]:
    """So many entries of `size` characters, their keys included."""
    return {f"K{number:03}": "x" * (size - 4) for number in range(count)}


@pytest.mark.parametrize(
    "environments",
    [
        pytest.param([_pairs(32, 1024)], id="32-kb"),
        pytest.param([_pairs(16, 1024), _pairs(16, 1024)], id="32-kb-in-two"),
        pytest.param([_pairs(100, 100)], id="100-entries"),
        pytest.param([{"_a1": "x" * 1024, "B" * 1024: ""}], id="the-longest-key-and-value"),
        pytest.param([{"A": "ü" * 512}], id="1024-bytes-of-umlauts"),
        pytest.param([{"A": "line\nbreak\ttab"}], id="white-space"),
        pytest.param([{}], id="empty"),
    ],
)
def test_an_environment_within_its_bounds_is_taken(environments: list[dict[str, str]]) -> None:
    staging = Staging()

    _create_model(staging, *environments)

    described = staging.sagemaker.describe_model(ModelName="m")["Containers"]
    assert [container["Environment"] for container in described] == environments


@pytest.mark.parametrize(
    ("environments", "words"),
    [
        pytest.param([_pairs(32, 1024) | {"A": ""}], "have 32769 bytes", id="over-32-kb"),
        pytest.param(
            [_pairs(16, 1024), _pairs(16, 1024) | {"A": ""}], "have 32769 bytes", id="in-two"
        ),
        pytest.param([_pairs(32, 1000) | {"U": "ü" * 500}], "have 33001 bytes", id="in-bytes"),
        pytest.param([_pairs(101, 10)], "less than or equal to 100", id="101-entries"),
        pytest.param([{"A": "x" * 1025}], "less than or equal to 1024", id="a-long-value"),
        pytest.param([{"A" * 1025: ""}], "less than or equal to 1024", id="a-long-key"),
        pytest.param([{"A": "ü" * 513}], "longer than 1024 bytes", id="1026-bytes-of-umlauts"),
        pytest.param([{"1A": ""}], "regular expression pattern", id="a-digit-first"),
        pytest.param([{"A-B": ""}], "regular expression pattern", id="a-hyphen"),
        pytest.param([{"": "x"}], "regular expression pattern", id="no-key"),
        pytest.param([{"A ": ""}], "regular expression pattern", id="a-blank"),
        pytest.param([{"A\n": ""}], "regular expression pattern", id="a-line-break-at-the-end"),
    ],
)
def test_an_environment_beyond_its_bounds_is_refused(
    environments: list[dict[str, str]], words: str
) -> None:
    staging = Staging()

    with pytest.raises(ClientError, match=words) as refused:
        _create_model(staging, *environments)

    assert refusal_of(refused.value)[0] == "ValidationException"
    assert staging.sagemaker.list_models()["Models"] == []


CREATIONS: dict[str, Callable[[Staging], object]] = {
    "endpoint": lambda staging: staging.sagemaker.create_endpoint(
        EndpointName="DEMO", EndpointConfigName="config-v1"
    ),
    "endpoint configuration": lambda staging: staging.configure("v1", "Config-V1"),
    "model": lambda staging: _create_model(staging, name="MODEL-v1"),
}


@pytest.mark.parametrize("switch", [False, True])
@pytest.mark.parametrize("kind", CREATIONS)
def test_a_name_that_differs_in_case_only_is_taken(kind: str, switch: bool) -> None:  # noqa: FBT001
    staging = Staging(Scenario(switches=Switches(names_match_case=switch))).begin()

    with pytest.raises(ClientError, match=f"Cannot create already existing {kind} "):
        CREATIONS[kind](staging)


def test_the_case_of_a_name_is_kept_and_its_arn_has_none() -> None:
    staging = Staging()
    staging.create_config("v1")
    staging.sagemaker.create_endpoint(EndpointName="DeMo", EndpointConfigName="config-v1")

    described = staging.sagemaker.describe_endpoint(EndpointName="demo")

    assert described["EndpointName"] == "DeMo"
    assert described["EndpointArn"] == f"{ARN}endpoint/demo"


def test_a_scenario_can_have_names_matched_by_case() -> None:
    staging = Staging(Scenario(switches=Switches(names_match_case=True))).begin()

    with pytest.raises(ClientError, match="Could not find endpoint"):
        staging.sagemaker.describe_endpoint(EndpointName="Demo")


def test_a_name_is_free_again_once_its_endpoint_is_gone_in_any_case() -> None:
    staging = Staging().begin()
    staging.sagemaker.delete_endpoint(EndpointName="DEMO")
    staging.clock.advance(3600)

    staging.sagemaker.create_endpoint(EndpointName="Demo", EndpointConfigName="config-v1")

    assert staging.sagemaker.list_endpoints()["Endpoints"][0]["EndpointName"] == "Demo"


TAG_CALLS: dict[str, Callable[[Staging, str], object]] = {
    "AddTags": lambda staging, arn: staging.sagemaker.add_tags(
        ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}]
    ),
    "ListTags": lambda staging, arn: staging.sagemaker.list_tags(ResourceArn=arn),
    "DeleteTags": lambda staging, arn: staging.sagemaker.delete_tags(
        ResourceArn=arn, TagKeys=["k"]
    ),
}


@pytest.mark.parametrize("call", TAG_CALLS)
@pytest.mark.parametrize(
    "arn",
    [
        pytest.param(f"{ARN}endpoint/other", id="another-endpoint"),
        pytest.param(f"{ARN}model/other", id="another-model"),
        pytest.param(f"{ARN}endpoint-config/other", id="another-config"),
        pytest.param(f"{ARN}endpoint/config-v1", id="a-config-called-endpoint"),
        pytest.param(f"{ARN}training-job/demo", id="another-kind"),
        pytest.param(f"{ARN.replace('000000000000', '111122223333')}endpoint/demo", id="account"),
        pytest.param(f"{ARN.replace('us-east-1', 'eu-west-1')}endpoint/demo", id="region"),
        pytest.param(f"{ARN}endpoint/demo/", id="a-slash-more"),
    ],
)
def test_what_is_not_there_has_no_tags(call: str, arn: str) -> None:
    staging = Staging().begin()

    with pytest.raises(ClientError, match="Could not find") as refused:
        TAG_CALLS[call](staging, arn)

    assert refusal_of(refused.value)[0] == "ValidationException"


@pytest.mark.parametrize("call", TAG_CALLS)
@pytest.mark.parametrize("resource", KINDS)
def test_what_is_there_has_tags(call: str, resource: str) -> None:
    staging = Staging().begin()

    TAG_CALLS[call](staging, ARN + resource)

    assert staging.sagemaker.list_tags(ResourceArn=ARN + resource)["Tags"] in (
        [],
        [{"Key": "k", "Value": "v"}],
    )


def test_an_endpoint_keeps_its_tags_until_it_is_gone_and_leaves_none_to_the_next() -> None:
    staging = Staging().begin()
    arn = f"{ARN}endpoint/demo"
    staging.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}])
    staging.sagemaker.delete_endpoint(EndpointName="demo")
    while_deleting = staging.sagemaker.list_tags(ResourceArn=arn)["Tags"]
    staging.clock.advance(3600)

    staging.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")

    assert while_deleting == [{"Key": "k", "Value": "v"}]
    assert staging.sagemaker.list_tags(ResourceArn=arn)["Tags"] == []


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param([{"Key": "aws:x", "Value": ""}], id="of-aws"),
        pytest.param([{"Key": "AWS:x", "Value": ""}], id="of-aws-in-capitals"),
        pytest.param([{"Key": "k", "Value": "1"}, {"Key": "k", "Value": "2"}], id="twice"),
        pytest.param([{"Key": "k" * 129, "Value": ""}], id="a-long-key"),
        pytest.param([{"Key": "k", "Value": "v" * 257}], id="a-long-value"),
        pytest.param([{"Key": "k;", "Value": ""}], id="a-semicolon"),
        pytest.param([{"Key": f"k{n}", "Value": ""} for n in range(51)], id="51"),
    ],
)
def test_a_model_whose_tags_are_refused_is_not_created(tags: list[dict[str, str]]) -> None:
    staging = Staging()

    with pytest.raises(ClientError, match="ValidationException"):
        _create_model(staging, Tags=tags)

    assert staging.sagemaker.list_models()["Models"] == []


def test_aws_own_tags_cannot_be_deleted() -> None:
    staging = Staging().begin()

    with pytest.raises(ClientError, match="System prefix 'aws:' reserved for AWS usage in tag key"):
        staging.sagemaker.delete_tags(ResourceArn=f"{ARN}endpoint/demo", TagKeys=["aws:a"])


@pytest.mark.parametrize("order", ["Ascending", "Descending"])
@pytest.mark.parametrize("sort", ["Name", "CreationTime"])
def test_what_is_deleted_and_created_between_pages_moves_nothing_else(
    sort: str, order: str
) -> None:
    staging = Staging()
    for number in range(9):
        _create_model(staging, name=f"m{number}")
        staging.clock.advance(1)
    how = {"SortBy": sort, "SortOrder": order, "MaxResults": 3}
    page = staging.sagemaker.list_models(**how)
    first = [model["ModelName"] for model in page["Models"]]
    for name in first:
        staging.sagemaker.delete_model(ModelName=name)
    _create_model(staging, name="a")

    rest: list[str] = []
    while token := page.get("NextToken"):
        page = staging.sagemaker.list_models(**how, NextToken=token)
        rest += [model["ModelName"] for model in page["Models"]]

    assert sorted({*first, *rest} - {"a"}) == [f"m{number}" for number in range(9)]
    assert len(rest) == len(set(rest))


def test_an_alarm_that_is_deleted_between_pages_hides_no_other() -> None:
    staging = Staging()
    for name in "abcdef":
        staging.put_alarm(name)
    page = staging.cloudwatch.describe_alarms(MaxRecords=2)

    staging.cloudwatch.delete_alarms(AlarmNames=["a", "b"])

    rest = staging.cloudwatch.describe_alarms(MaxRecords=9, NextToken=page["NextToken"])
    assert [alarm["AlarmName"] for alarm in rest["MetricAlarms"]] == ["c", "d", "e", "f"]


def test_history_that_is_written_between_pages_hides_no_other() -> None:
    staging = Staging()
    for name in "abcd":
        staging.put_alarm(name)
    page = staging.cloudwatch.describe_alarm_history(MaxRecords=2)
    staging.put_alarm("e")

    rest = staging.cloudwatch.describe_alarm_history(NextToken=page["NextToken"])

    told = [item["AlarmName"] for item in page["AlarmHistoryItems"] + rest["AlarmHistoryItems"]]
    assert told == ["d", "c", "b", "a"]


@pytest.mark.parametrize("token", ["bm9uc2Vuc2U=", "no token", "WyJhZnRlciIsIDFd", "e30=", "NQ=="])
@pytest.mark.parametrize("operation", ["list_models", "list_endpoints", "list_endpoint_configs"])
def test_a_token_that_nobody_handed_out_is_refused(operation: str, token: str) -> None:
    staging = Staging().begin()

    with pytest.raises(ClientError, match="Invalid pagination token"):
        getattr(staging.sagemaker, operation)(NextToken=token)


def _resize(staging: Staging, **wish: object) -> dict[str, Any]:
    staging.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="demo", DesiredWeightsAndCapacities=[{"VariantName": "main", **wish}]
    )
    return staging.describe()


@pytest.mark.parametrize(
    "wish",
    [
        {"DesiredWeight": 3.0},
        {"DesiredInstanceCount": 6},
        {"DesiredInstanceCount": 2},
        {"DesiredInstanceCount": 4},
        {"DesiredInstanceCount": 5, "DesiredWeight": 0.0},
        {},
    ],
)
def test_a_resize_shows_as_updating_and_in_the_variants_status(wish: dict[str, object]) -> None:
    staging = Staging().begin()

    during = _resize(staging, **wish)
    staging.settle()

    (variant,) = during["ProductionVariants"]
    assert during["EndpointStatus"] == "Updating"
    assert variant["VariantStatus"][0]["Status"] in {"Updating", "Deleting"}
    assert "VariantStatus" not in staging.describe()["ProductionVariants"][0]


def test_a_weight_counts_only_once_the_endpoint_is_in_service_again() -> None:
    staging = Staging().begin()

    (during,) = _resize(staging, DesiredWeight=3.0)["ProductionVariants"]
    staging.settle()

    (after,) = staging.describe()["ProductionVariants"]
    assert (during["CurrentWeight"], during["DesiredWeight"]) == (1.0, 3.0)
    assert (after["CurrentWeight"], after["DesiredWeight"]) == (3.0, 3.0)


@pytest.mark.parametrize("second", ["update", "resize", "delete"])
def test_nothing_else_is_taken_while_a_weight_changes(second: str) -> None:
    staging = Staging().begin()
    _resize(staging, DesiredWeight=3.0)
    calls: dict[str, Callable[[], object]] = {
        "update": staging.update,
        "resize": lambda: _resize(staging, DesiredInstanceCount=5),
        "delete": lambda: staging.sagemaker.delete_endpoint(EndpointName="demo"),
    }

    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        calls[second]()


def test_a_resize_that_fails_leaves_weight_and_count_as_they_were() -> None:
    staging = Staging(Scenario(capacity={HARDWARE: 4})).begin()
    _resize(staging, DesiredInstanceCount=8, DesiredWeight=3.0)

    staging.settle()

    (variant,) = staging.describe()["ProductionVariants"]
    assert (variant["DesiredWeight"], variant["DesiredInstanceCount"]) == (1.0, 4)


def test_a_quota_that_is_short_is_told_in_sagemakers_words() -> None:
    staging = Staging(Scenario(quotas={HARDWARE: 5})).begin()

    with pytest.raises(ClientError) as refused:
        _resize(staging, DesiredInstanceCount=6)

    code, words = refusal_of(refused.value)
    assert code == "ResourceLimitExceeded"
    assert words == (
        f"The account-level service limit '{HARDWARE} for endpoint usage' is 5 Instances, with "
        "current utilization of 4 Instances and a request delta of 2 Instances. Please use AWS "
        "Service Quotas to request an increase for this quota. If AWS Service Quotas is not "
        "available, contact AWS support to request an increase for this quota."
    )


def test_an_alarm_without_a_name_cannot_guard_an_update() -> None:
    staging = Staging().begin()

    with pytest.raises(ClientError, match=r"Alarms\.0\.AlarmName must be given"):
        staging.update({"AutoRollbackConfiguration": {"Alarms": [{}]}})

    assert staging.describe()["EndpointStatus"] == "InService"
