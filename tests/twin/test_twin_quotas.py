"""Service Quotas through plain boto3: limits are found by name, page after page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from switchover_local.twin.clock import SteppedClock
from switchover_local.twin.scenario import Scenario
from switchover_local.twin.twin import Twin

if TYPE_CHECKING:
    from mypy_boto3_service_quotas import ServiceQuotasClient
    from mypy_boto3_service_quotas.type_defs import ServiceQuotaTypeDef

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.fixture
def twin() -> Twin:
    return Twin(clock=SteppedClock(NOON), scenario=Scenario(quotas={"ml.g6e.2xlarge": 5}))


@pytest.fixture
def client(twin: Twin) -> ServiceQuotasClient:
    made: ServiceQuotasClient = twin.client("service-quotas")
    return made


def list_all(client: ServiceQuotasClient) -> dict[str, ServiceQuotaTypeDef]:
    pages = client.get_paginator("list_service_quotas").paginate(ServiceCode="sagemaker")
    return {quota["QuotaName"]: quota for page in pages for quota in page["Quotas"]}


def test_the_scenarios_limit_is_in_the_list_under_awss_name(client: ServiceQuotasClient) -> None:
    quotas = list_all(client)

    assert quotas["ml.g6e.2xlarge for endpoint usage"]["Value"] == 5
    assert quotas["ml.g6e.2xlarge for training job usage"]["Value"] == 20


@pytest.mark.parametrize(
    "instance_type", ["ml.t2.medium", "ml.p5.48xlarge", "ml.inf2.xlarge", "ml.g6e.48xlarge"]
)
def test_every_instance_type_has_a_limit(client: ServiceQuotasClient, instance_type: str) -> None:
    assert list_all(client)[f"{instance_type} for endpoint usage"]["Value"] == 20


def test_no_page_holds_them_all(client: ServiceQuotasClient) -> None:
    page = client.list_service_quotas(ServiceCode="sagemaker")

    assert len(page["Quotas"]) == 100
    assert "NextToken" in page


def test_a_quota_is_had_by_its_code(client: ServiceQuotasClient) -> None:
    code = list_all(client)["ml.g6e.2xlarge for endpoint usage"]["QuotaCode"]

    applied = client.get_service_quota(ServiceCode="sagemaker", QuotaCode=code)["Quota"]
    default = client.get_aws_default_service_quota(ServiceCode="sagemaker", QuotaCode=code)["Quota"]

    assert (applied["Value"], default["Value"]) == (5, 20)


def test_codes_tell_quotas_apart(client: ServiceQuotasClient) -> None:
    quotas = list_all(client)

    assert len({quota["QuotaCode"] for quota in quotas.values()}) == len(quotas)


def test_a_limit_raised_while_the_twin_runs_is_seen(
    twin: Twin, client: ServiceQuotasClient
) -> None:
    twin.change_scenario(quotas={"ml.g6e.2xlarge": 12})

    assert twin.quotas.limit("ml.g6e.2xlarge") == 12
    assert list_all(client)["ml.g6e.2xlarge for endpoint usage"]["Value"] == 12


def test_another_service_has_no_quotas_here(client: ServiceQuotasClient) -> None:
    with pytest.raises(client.exceptions.NoSuchResourceException):
        client.list_service_quotas(ServiceCode="ec2")


def test_an_unknown_code_is_refused(client: ServiceQuotasClient) -> None:
    with pytest.raises(client.exceptions.NoSuchResourceException):
        client.get_service_quota(ServiceCode="sagemaker", QuotaCode="L-00000000")


def test_a_made_up_token_is_refused(client: ServiceQuotasClient) -> None:
    with pytest.raises(client.exceptions.InvalidPaginationTokenException):
        client.list_service_quotas(ServiceCode="sagemaker", NextToken="abcd")
