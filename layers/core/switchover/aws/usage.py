"""What an account's endpoints use of an instance type, counted off the endpoints themselves."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from switchover.domain.readings import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_sagemaker import SageMakerClient

# Two or three calls each, at a rate that AWS doesn't publish (rules §6), within one handler's time.
_MOST_ENDPOINTS = 60


class Fleets:
    """The fleets of every endpoint of an account and region."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def usage(self, instance_type: str, besides: str) -> Usage:
        """The instances of a type that endpoints hold, all but the endpoint `besides`.

        Service Quotas knows the limit and not the use. An endpoint under way counts both fleets. What
        may not be described, or comes after the first 60, makes the count the least that is used.
        """
        pages = self._sagemaker.get_paginator("list_endpoints").paginate()
        names = (each["EndpointName"] for page in pages for each in page["Endpoints"])
        others = list(islice((name for name in names if name != besides), _MOST_ENDPOINTS + 1))
        counts = [self._count(name, instance_type) for name in others[:_MOST_ENDPOINTS]]
        held = [count for count in counts if count]
        return Usage(
            instances=sum(held),
            endpoints=len(held),
            is_complete=None not in counts and len(others) <= _MOST_ENDPOINTS,
        )

    def _count(self, endpoint: str, instance_type: str) -> int | None:
        """The instances of the type that one endpoint holds; None if that can't be seen."""
        try:
            described = self._sagemaker.describe_endpoint(EndpointName=endpoint)
            pending: Any = described.get("PendingDeploymentSummary", {})
            config = described.get("EndpointConfigName", "")
            fleets: tuple[tuple[str, Iterable[Any]], ...] = (
                (config, described.get("ProductionVariants", ())),
                (config, described.get("ShadowProductionVariants", ())),
                (pending.get("EndpointConfigName", ""), pending.get("ProductionVariants", ())),
            )
            counts = [self._of_type(name, fleet, instance_type) for name, fleet in fleets if fleet]
        except ClientError:
            return None  # gone since it was listed, or not for us to see
        return sum(counts)

    def _of_type(self, config: str, fleet: Iterable[Any], instance_type: str) -> int:
        described = self._sagemaker.describe_endpoint_config(EndpointConfigName=config)
        types: dict[str, str | None] = {
            variant["VariantName"]: variant.get("InstanceType")
            for variant in (
                *described["ProductionVariants"],
                *described.get("ShadowProductionVariants", ()),
            )
        }
        return sum(
            max(variant.get("CurrentInstanceCount", 0), variant.get("DesiredInstanceCount", 0))
            for variant in fleet
            if types[variant["VariantName"]] == instance_type
        )
