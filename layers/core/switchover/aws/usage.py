"""Counts how many instances of a type the account's endpoints use."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from switchover.aws.failures import is_unanswered
from switchover.domain.errors import NoAnswer
from switchover.domain.readings import Usage

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_sagemaker import SageMakerClient

# At a rate that AWS doesn't publish (rules §6), beside whoever else asks: enough for one plan.
_MOST_ENDPOINTS = 100
_AT_ONCE = 4
# The most that one ListEndpoints tells (API Reference); it tells ten unasked.
_PAGE = 100


class Fleets:
    """The fleets of every endpoint of an account and region."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def names(self) -> tuple[str, ...]:
        """The names of all endpoints.

        Raises:
            ClientError, BotoCoreError, NoAnswer: they can't be listed.
        """
        pages = self._sagemaker.get_paginator("list_endpoints").paginate(
            PaginationConfig={"PageSize": _PAGE}
        )
        return tuple(each["EndpointName"] for page in pages for each in page["Endpoints"])

    def usage(self, instance_type: str, besides: str) -> Usage:
        """The instances of a type that endpoints hold, all but the endpoint `besides`.

        Service Quotas knows the limit and not the use. An endpoint under way counts both fleets. One call
        for each endpoint and each config that serves; as soon as AWS asks to slow down, or the time for
        it is used up, what was seen so far is the least that is used.

        Raises:
            ClientError, BotoCoreError, NoAnswer: the endpoints can't be listed.
        """
        others = [name for name in self.names() if name != besides]
        count = _Count(self._sagemaker, instance_type)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            held = list(pool.map(count.look, others[:_MOST_ENDPOINTS]))
        seen = [instances for instances in held if instances is not None]
        return Usage(
            instances=sum(seen),
            endpoints=sum(1 for instances in seen if instances),
            seen=len(seen),
            listed=len(others),
        )


class _Count:
    """Counts a type's instances at several endpoints at once, until AWS asks to slow down."""

    def __init__(self, sagemaker: SageMakerClient, instance_type: str) -> None:
        self._sagemaker = sagemaker
        self._instance_type = instance_type
        self._types: dict[str, dict[str, str | None]] = {}
        self._locks: dict[str, Lock] = {}
        self._is_over = False

    def look(self, endpoint: str) -> int | None:
        """The instances of the type that one endpoint holds; None if that can't be seen."""
        if self._is_over:
            return None
        try:
            return self._held(endpoint)
        except (BotoCoreError, ClientError, NoAnswer) as error:
            # Else it is gone since it was listed, or not for us to see.
            self._is_over = self._is_over or is_unanswered(error)
            return None

    def _held(self, endpoint: str) -> int:
        described = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        pending: Any = described.get("PendingDeploymentSummary", {})
        config = described.get("EndpointConfigName", "")
        fleets: tuple[tuple[str, Iterable[Any]], ...] = (
            (config, described.get("ProductionVariants", ())),
            (config, described.get("ShadowProductionVariants", ())),
            (pending.get("EndpointConfigName", ""), pending.get("ProductionVariants", ())),
        )
        counts = [self._of_type(name, fleet) for name, fleet in fleets if fleet]
        return sum(counts)

    def _of_type(self, config: str, fleet: Iterable[Any]) -> int:
        with self._locks.setdefault(config, Lock()):
            if config not in self._types:
                self._types[config] = self._read_types(config)
        types = self._types[config]
        held: list[int] = [
            max(variant.get("CurrentInstanceCount", 0), variant.get("DesiredInstanceCount", 0))
            for variant in fleet
            if types[variant["VariantName"]] == self._instance_type
        ]
        return sum(held)

    def _read_types(self, config: str) -> dict[str, str | None]:
        described = self._sagemaker.describe_endpoint_config(EndpointConfigName=config)
        return {
            variant["VariantName"]: variant.get("InstanceType")
            for variant in (
                *described["ProductionVariants"],
                *described.get("ShadowProductionVariants", ()),
            )
        }
