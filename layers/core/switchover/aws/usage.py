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

# AWS doesn't publish the rate limit (rules §6), and other callers share it. This many is enough for
# one plan.
_MOST_ENDPOINTS = 100
_AT_ONCE = 4
# The largest page of ListEndpoints (API Reference); the default is ten.
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
        """The instances of a type that endpoints use, without the endpoint `besides`.

        Service Quotas knows the limit, but not the use. An endpoint that is updating counts both
        fleets. Each endpoint and each serving config needs one call. If AWS throttles, or the time is
        used up, the count so far is returned as a lower bound.

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
    """Counts a type's instances at several endpoints at once, until AWS throttles."""

    def __init__(self, sagemaker: SageMakerClient, instance_type: str) -> None:
        self._sagemaker = sagemaker
        self._instance_type = instance_type
        self._types: dict[str, dict[str, str | None]] = {}
        self._locks: dict[str, Lock] = {}
        self._is_over = False

    def look(self, endpoint: str) -> int | None:
        """The instances of the type that one endpoint uses; None if that can't be read."""
        if self._is_over:
            return None
        try:
            return self._held(endpoint)
        except (BotoCoreError, ClientError, NoAnswer) as error:
            # Otherwise the endpoint was deleted since the listing, or reading it isn't allowed.
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
