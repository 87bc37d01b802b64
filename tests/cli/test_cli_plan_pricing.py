"""An instance's price by AWS's Price List, or no price."""

from __future__ import annotations

import json
from typing import Any, cast

import boto3
import pytest
from botocore.stub import Stubber
from tests.support import samples

from switchover_cli.deployment import Deployment
from switchover_cli.plan.pricing import Price, find_price, open_price_list
from switchover_cli.plan.proposal import ask_price

TYPE = "ml.g6e.2xlarge"


@pytest.fixture(scope="module")
def client() -> Any:
    return open_price_list(boto3.Session("test", "test", region_name="eu-central-1"))


def product(*usd: str) -> str:
    """An entry of the Price List as GetProducts writes it, one dimension for each price."""
    dimensions = {
        f"SKU.JRTCKXETXF.{number}": {"unit": "Hrs", "pricePerUnit": {"USD": price}}
        for number, price in enumerate(usd)
    }
    return json.dumps(
        {
            "product": {"attributes": {"instanceName": TYPE, "component": "Hosting"}},
            "serviceCode": "AmazonSageMaker",
            "terms": {"OnDemand": {"SKU.JRTCKXETXF": {"priceDimensions": dimensions}}},
        }
    )


def asked(client: Any, *products: str) -> Price | None:
    """What is found if the Price List answers with these."""
    expected = {
        "ServiceCode": "AmazonSageMaker",
        "Filters": [
            {"Type": "TERM_MATCH", "Field": "instanceName", "Value": TYPE},
            {"Type": "TERM_MATCH", "Field": "component", "Value": "Hosting"},
            {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-central-1"},
        ],
        "MaxResults": 100,
    }
    with Stubber(client) as stubber:
        stubber.add_response("get_products", {"PriceList": list(products)}, expected)
        return find_price(client, TYPE, "eu-central-1")


def test_the_one_price_of_the_type_in_the_region_is_taken(client: Any) -> None:
    found = asked(client, product("2.8027600000"))

    assert found is not None
    assert found.usd_per_hour == 2.80276


def test_free_tiers_are_no_price(client: Any) -> None:
    found = asked(client, product("0.0000000000", "2.8"))

    assert found is not None
    assert found.usd_per_hour == 2.8


def test_a_type_that_is_not_listed_has_no_price(client: Any) -> None:
    assert asked(client) is None


def test_of_two_prices_none_is_guessed(client: Any) -> None:
    assert asked(client, product("2.8"), product("3.1")) is None


def test_a_refusal_is_no_price_and_no_failure(client: Any) -> None:
    with Stubber(client) as stubber:
        stubber.add_client_error("get_products", "AccessDeniedException")

        assert find_price(client, TYPE, "eu-central-1") is None


def test_a_price_list_that_is_not_there_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_PRICING", "http://127.0.0.1:9")
    client = open_price_list(boto3.Session("test", "test", region_name="us-east-1"))

    assert find_price(client, TYPE, "us-east-1") is None


def test_nobody_waits_long_for_a_price(client: Any) -> None:
    config = client.meta.config

    assert config.connect_timeout + config.read_timeout <= 5
    assert config.retries["total_max_attempts"] == 1


def test_the_price_is_asked_where_it_is_served(client: Any) -> None:
    assert client.meta.region_name == "us-east-1"


def test_instance_seconds_cost_their_part_of_the_hour() -> None:
    assert Price(usd_per_hour=3.6, source="test").of(1800) == pytest.approx(1.8)


class LocalSession:
    """A session into the local cloud, which notes what is asked of it."""

    def __init__(self) -> None:
        self.region_name = "us-east-1"
        self.asked: list[str] = []

    def client(self, service: str, **_settings: Any) -> Any:
        self.asked.append(service)
        return boto3.client(
            service,
            region_name=self.region_name,
            endpoint_url="http://127.0.0.1:9",
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - nobody checks it
        )


def test_the_local_cloud_is_asked_for_no_price() -> None:
    session = LocalSession()
    deployment = Deployment(cast("boto3.Session", session), "ledger", "models", "arn")

    assert ask_price(deployment, samples.plan()) is None
    assert "pricing" not in session.asked
