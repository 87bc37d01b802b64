"""The configs and models in SageMaker: lists all of them, removes them one by one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from switchover_cli.garbage.rules import Inventory, Sort

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mypy_boto3_sagemaker import SageMakerClient

    from switchover_cli.garbage.rules import Made

# "Not found" is a ValidationException, like other refusals; only the message differs (rules §2.1).
_NOT_FOUND = "could not find"


class Leftovers:
    """The configs and models of an account and region."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def look(self) -> Inventory:
        """Every config and endpoint of the account and region, as any of them may need a model or config.

        Costs one call for each config and endpoint.
        """
        described = (
            self._sagemaker.describe_endpoint_config(EndpointConfigName=name)
            for name in self._names(
                "list_endpoint_configs", "EndpointConfigs", "EndpointConfigName"
            )
        )
        return Inventory(
            configs={
                each["EndpointConfigName"]: frozenset(named_models(each)) for each in described
            },
            models=frozenset(self._names("list_models", "Models", "ModelName")),
            endpoints={
                name: frozenset(self._configs_of(name))
                for name in self._names("list_endpoints", "Endpoints", "EndpointName")
            },
        )

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

    def _configs_of(self, endpoint: str) -> Iterator[str]:
        described = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        yield described.get("EndpointConfigName", "")
        pending = described.get("PendingDeploymentSummary")
        if pending:
            yield pending["EndpointConfigName"]


def named_models(config: Mapping[str, Any]) -> Iterator[str]:
    """Every model that a config names, in pools and shadows too."""
    for variant in (*config["ProductionVariants"], *config.get("ShadowProductionVariants", ())):
        if "ModelName" in variant:
            yield variant["ModelName"]
        for pool in variant.get("InstancePools", ()):
            if "ModelNameOverride" in pool:
                yield pool["ModelNameOverride"]
