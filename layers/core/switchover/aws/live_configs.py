"""Reads the configs and models of endpoints, with every field that a copy of them needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from switchover.aws.sagemaker_calls import NOT_FOUND, SageMakerCalls, says
from switchover.aws.unknown_fields import UNKNOWN_FIELDS, find_unknown
from switchover.domain.fleet import LiveRelease

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointConfigOutputTypeDef

# Fields that only a description has: a copy gets its own.
_DESCRIBED_ONLY = frozenset(
    {"EndpointConfigArn", "ModelArn", "CreationTime", "DeploymentRecommendation"}
)


class LiveConfigs(SageMakerCalls):
    """One account's endpoint configs and their models."""

    def live_release(self, config_name: str, endpoint_arn: str | None = None) -> LiveRelease | None:
        """A config and its model, with every field; None if one of them is deleted."""
        try:
            config = self._sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
            model_name = config["ProductionVariants"][0].get("ModelName")
            model = self._sagemaker.describe_model(ModelName=model_name) if model_name else None
        except ClientError as error:
            if not says(error, NOT_FOUND):
                raise
            return None
        return LiveRelease(
            config=_bare(config),
            config_tags=self._tags(config["EndpointConfigArn"]),
            creatable_config_fields=self._creatable("CreateEndpointConfig"),
            model=_bare(model) if model else {},
            model_tags=self._tags(model["ModelArn"]) if model else (),
            creatable_model_fields=self._creatable("CreateModel"),
            endpoint_tags=self._tags(endpoint_arn) if endpoint_arn else (),
            unknown_fields=(
                *self._beyond_creation(config, "CreateEndpointConfig"),
                *(self._beyond_creation(model, "CreateModel") if model else ()),
            ),
        )

    def find_model_name(self, config_name: str) -> str | None:
        """The model of a config's only variant; None if the config is deleted or has no single model."""
        config = self._find_config(config_name)
        names = (
            [variant.get("ModelName") for variant in config["ProductionVariants"]] if config else []
        )
        return names[0] if len(names) == 1 else None

    def has_config(self, config_name: str) -> bool:
        """Whether a config of that name exists."""
        return self._find_config(config_name) is not None

    def find_tags(self, config_name: str) -> dict[str, str] | None:
        """The tags of a config; None if the config doesn't exist."""
        config = self._find_config(config_name)
        if config is None:
            return None
        tags = self._tags(config["EndpointConfigArn"])
        return {tag["Key"]: tag["Value"] for tag in tags}

    def _find_config(self, config_name: str) -> DescribeEndpointConfigOutputTypeDef | None:
        try:
            return self._sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
        except ClientError as error:
            if not says(error, NOT_FOUND):
                raise
            return None

    def _tags(self, arn: str) -> tuple[dict[str, str], ...]:
        pages = self._sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
        return tuple(
            {"Key": tag["Key"], "Value": tag["Value"]} for page in pages for tag in page["Tags"]
        )

    def _beyond_creation(self, described: Any, operation: str) -> tuple[str, ...]:
        """The fields of AWS's answer that botocore doesn't know, or can't send in the create call."""
        shape = self._sagemaker.meta.service_model.operation_model(operation).input_shape
        sent = {key: value for key, value in _bare(described).items() if key not in _DESCRIBED_ONLY}
        path = operation.removeprefix("Create")
        return (*described.get(UNKNOWN_FIELDS, ()), *find_unknown(sent, shape, path))

    def _creatable(self, operation: str) -> frozenset[str]:
        # Read from the installed botocore at run time, so that a field that AWS adds survives (rules
        # §1.5).
        shape = self._sagemaker.meta.service_model.operation_model(operation).input_shape
        return frozenset(shape.members) if shape is not None else frozenset()


def _bare(answer: Any) -> dict[str, Any]:
    return {k: v for k, v in answer.items() if k not in {"ResponseMetadata", UNKNOWN_FIELDS}}
