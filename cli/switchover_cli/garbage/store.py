"""The configs and models in SageMaker: lists all of them, removes them one by one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from switchover.domain.counts import Count, count_nothing
from switchover_cli.garbage.rules import Inventory, Sort

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from mypy_boto3_sagemaker import SageMakerClient

    from switchover.domain.counts import OnCount
    from switchover_cli.garbage.rules import Made

# "Not found" is a ValidationException, like other refusals; only the message differs (rules §2.1).
_NOT_FOUND = "could not find"


class Leftovers:
    """The configs and models of an account and region."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def look(self, on_count: OnCount = count_nothing) -> Inventory:
        """Every config and endpoint of the account and region, as any of them may need a model or config.

        Costs one call for each config and endpoint.
        """
        configs = self._names("list_endpoint_configs", "EndpointConfigs", "EndpointConfigName")
        named = _each(configs, self._models_of, "configs", on_count)
        listed = self._names("list_models", "Models", "ModelName")
        models = _counted(listed, "Listing models", on_count)
        endpoints = self._names("list_endpoints", "Endpoints", "EndpointName")
        serving = _each(endpoints, self._configs_of, "endpoints", on_count)
        return Inventory(configs=named, models=frozenset(models), endpoints=serving)

    def remove(self, made: Made) -> None:
        """Delete a config or a model; success too if it is already deleted."""
        delete = (
            partial(self._sagemaker.delete_endpoint_config, EndpointConfigName=made.name)
            if made.sort is Sort.CONFIG
            else partial(self._sagemaker.delete_model, ModelName=made.name)
        )
        try:
            delete()
        except ClientError as error:
            if _NOT_FOUND not in error.response["Error"].get("Message", "").lower():
                raise

    def _names(self, operation: Any, listed: str, field: str) -> Iterator[str]:
        for page in self._sagemaker.get_paginator(operation).paginate():
            yield from (each[field] for each in page[listed])

    def _models_of(self, config: str) -> Iterator[str]:
        return named_models(self._sagemaker.describe_endpoint_config(EndpointConfigName=config))

    def _configs_of(self, endpoint: str) -> Iterator[str]:
        described = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        yield described.get("EndpointConfigName", "")
        pending = described.get("PendingDeploymentSummary")
        if pending:
            yield pending["EndpointConfigName"]


def _each(
    listed: Iterator[str], read: Callable[[str], Iterator[str]], what: str, on_count: OnCount
) -> dict[str, frozenset[str]]:
    """List all names, then read each of them."""
    names = _counted(listed, f"Listing {what}", on_count)
    found: dict[str, frozenset[str]] = {}
    for done, name in enumerate(names, start=1):
        found[name] = frozenset(read(name))
        on_count(Count(f"Reading {what}", done, len(names)))
    return found


def _counted(listed: Iterator[str], what: str, on_count: OnCount) -> list[str]:
    names: list[str] = []
    for name in listed:
        names.append(name)
        on_count(Count(what, len(names), 0))
    return names


def named_models(config: Mapping[str, Any]) -> Iterator[str]:
    """Every model that a config names, in pools and shadows too."""
    for variant in (*config["ProductionVariants"], *config.get("ShadowProductionVariants", ())):
        if "ModelName" in variant:
            yield variant["ModelName"]
        for pool in variant.get("InstancePools", ()):
            if "ModelNameOverride" in pool:
                yield pool["ModelNameOverride"]
