"""An instance's price per hour, if AWS's Price List has it and answers soon."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import boto3

# A few regions serve the Price List of all regions (AWS Billing User Guide, "Price List Query API").
_REGION = "us-east-1"
# The price is optional, so a plan waits for it only briefly.
_SOON = Config(connect_timeout=1, read_timeout=4, retries={"total_max_attempts": 1})


class PriceList(Protocol):
    """The one call of the `pricing` client that is made here."""

    def get_products(self, **request: Any) -> Any:
        """GetProducts."""


class Price(BaseModel):
    """One instance's price per hour, and the source of the price."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    usd_per_hour: float
    source: str

    def of(self, instance_seconds: float) -> float:
        """The price of a number of instance-seconds, in USD."""
        return self.usd_per_hour * instance_seconds / 3600


def open_price_list(session: boto3.Session) -> PriceList:
    """The Price List's client, with short timeouts."""
    client: PriceList = session.client("pricing", region_name=_REGION, config=_SOON)
    return client


def find_price(prices: PriceList, instance_type: str, region: str) -> Price | None:
    """The on-demand price of a hosting instance; None if there isn't exactly one, or no answer.

    Source of the attributes: the Price List of AmazonSageMaker has `instanceName` with its `ml.`,
    `component` Hosting for real-time endpoints, and `regionCode`.
    """
    wanted = {"instanceName": instance_type, "component": "Hosting", "regionCode": region}
    try:
        answer = prices.get_products(
            ServiceCode="AmazonSageMaker",
            Filters=[
                {"Type": "TERM_MATCH", "Field": field, "Value": value}
                for field, value in wanted.items()
            ],
            MaxResults=100,
        )
    except (BotoCoreError, ClientError):
        return None
    found = {
        price
        for product in answer["PriceList"]
        for price in _hourly_prices(json.loads(product))
        if price > 0
    }
    if len(found) != 1:
        return None
    return Price(usd_per_hour=found.pop(), source="AWS Price List, on demand")


def _hourly_prices(product: dict[str, Any]) -> list[float]:
    return [
        float(dimension["pricePerUnit"]["USD"])
        for term in product.get("terms", {}).get("OnDemand", {}).values()
        for dimension in term["priceDimensions"].values()
        if "USD" in dimension["pricePerUnit"]
    ]
