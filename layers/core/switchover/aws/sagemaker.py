"""SageMaker endpoints: reads them, creates models and configs, requests updates."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from switchover.aws.unknown_fields import UNKNOWN_FIELDS, find_unknown, tell_unknown_fields
from switchover.domain.errors import (
    CallRefused,
    EndpointBusy,
    EndpointNotFound,
    NameTaken,
    Unavailable,
)
from switchover.domain.fleet import (
    Absent,
    EndpointReading,
    EndpointStatus,
    LiveRelease,
    Stage,
    VariantReading,
)
from switchover.domain.plans.cloning import find_differences

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointConfigOutputTypeDef

# Nearly every refusal is a ValidationException; only the words tell them apart (rules §2.1).
_NOT_FOUND = "could not find"
_IN_PROGRESS = "in-progress"
_EXISTING = "already existing"
# What was just created may not be seen at once (rules §1.7): worth asking again.
_NOT_YET_VISIBLE = ("could not find endpoint configuration", "could not find model")
# What a description adds of its own: a copy gets its own ones.
_DESCRIBED_ONLY = frozenset(
    {"EndpointConfigArn", "ModelArn", "CreationTime", "DeploymentRecommendation"}
)
_NO_POLICY = frozenset({"ValidationException", "ResourceNotFound", "UnknownOperationException"})
_FINAL = frozenset({"ValidationException", "ResourceLimitExceeded", "ResourceInUse"})
_DENIED = frozenset({"AccessDenied", "AccessDeniedException"})


class SageMaker:
    """One account's SageMaker endpoints, configs and models."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker
        tell_unknown_fields(sagemaker, "DescribeEndpointConfig", "DescribeModel")

    def read(self, endpoint: str) -> EndpointReading | Absent:
        """Take one reading of an endpoint. Its time is SageMaker's own, from the answer's Date."""
        try:
            described = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        except ClientError as error:
            if not _says(error, _NOT_FOUND):
                raise
            return Absent(name=endpoint, read_at=_answered_at(error.response))
        # SageMaker may look names up whatever their case; IAM, claims and policies tell cases apart.
        # Source: CreateEndpoint, EndpointName ("case-insensitive in CreateEndpoint").
        if described["EndpointName"] != endpoint:
            return Absent(name=endpoint, read_at=_answered_at(described))
        pending = described.get("PendingDeploymentSummary")
        return EndpointReading(
            name=endpoint,
            arn=described["EndpointArn"],
            status=EndpointStatus(described["EndpointStatus"]),
            config_name=described.get("EndpointConfigName", ""),
            pending_config_name=pending["EndpointConfigName"] if pending else None,
            variants=_variants(described.get("ProductionVariants", ())),
            pending_variants=_variants(pending.get("ProductionVariants", ()) if pending else ()),
            failure_reason=described.get("FailureReason", ""),
            last_modified=described["LastModifiedTime"],
            read_at=_answered_at(described),
        )

    def live_release(self, config_name: str, endpoint_arn: str | None = None) -> LiveRelease | None:
        """Everything that a config runs on, whole, or None if the config or its model is gone."""
        try:
            config = self._sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
            model_name = config["ProductionVariants"][0].get("ModelName")
            model = self._sagemaker.describe_model(ModelName=model_name) if model_name else None
        except ClientError as error:
            if not _says(error, _NOT_FOUND):
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
        """The model of a config's one variant; None if the config is gone or isn't of one model."""
        config = self._find_config(config_name)
        names = (
            [variant.get("ModelName") for variant in config["ProductionVariants"]] if config else []
        )
        return names[0] if len(names) == 1 else None

    def has_config(self, config_name: str) -> bool:
        """Whether there is a config of that name."""
        return self._find_config(config_name) is not None

    def find_tags(self, config_name: str) -> dict[str, str] | None:
        """The tags of a config; None if there is none of that name."""
        config = self._find_config(config_name)
        if config is None:
            return None
        tags = self._tags(config["EndpointConfigArn"])
        return {tag["Key"]: tag["Value"] for tag in tags}

    def _find_config(self, config_name: str) -> DescribeEndpointConfigOutputTypeDef | None:
        try:
            return self._sagemaker.describe_endpoint_config(EndpointConfigName=config_name)
        except ClientError as error:
            if not _says(error, _NOT_FOUND):
                raise
            return None

    def create(self, model: dict[str, Any], config: dict[str, Any]) -> None:
        """Create the target model and config; an existing one must equal the one to create.

        An uploader can predict both names, and may have created other resources under them.

        Raises:
            CallRefused: SageMaker refuses one of them; the message is SageMaker's.
            NameTaken: another resource has the name; the message names the difference.
            Unavailable: SageMaker doesn't show yet what exists already.
        """
        client = self._sagemaker
        _make(client.create_model, client.describe_model, "ModelName", model)
        _make(
            client.create_endpoint_config,
            client.describe_endpoint_config,
            "EndpointConfigName",
            config,
        )

    def create_config(self, config: dict[str, Any]) -> None:
        """Create a config; one that exists already is taken as made by us before.

        Raises:
            CallRefused: SageMaker refuses it, in its own words.
        """
        try:
            self._sagemaker.create_endpoint_config(**config)
        except ClientError as error:
            if not _says(error, _EXISTING):
                raise _refusal(error) from error

    def discard(self, config_name: str, model_name: str) -> None:
        """Delete a config and model that never served; already deleted is success."""
        for delete in (
            partial(self._sagemaker.delete_endpoint_config, EndpointConfigName=config_name),
            partial(self._sagemaker.delete_model, ModelName=model_name),
        ):
            try:
                delete()
            except ClientError as error:
                if not _says(error, _NOT_FOUND):
                    raise

    def update_endpoint(
        self,
        endpoint: str,
        config_name: str,
        deployment_config: dict[str, Any] | None,
        *,
        retain_capacity: bool,
    ) -> None:
        """Ask SageMaker to move the endpoint to a config. Read first: this is never blindly repeated.

        Raises:
            EndpointBusy: it is being changed by someone else.
            Unavailable: SageMaker doesn't see the config yet.
            CallRefused: SageMaker refuses, in its own words.
        """
        request: dict[str, Any] = {
            "EndpointName": endpoint,
            "EndpointConfigName": config_name,
            "RetainAllVariantProperties": retain_capacity,
        }
        if deployment_config is not None:
            request["DeploymentConfig"] = deployment_config
        try:
            self._sagemaker.update_endpoint(**request)
        except ClientError as error:
            raise _refusal(error) from error

    def endpoint_policy(self, endpoint: str) -> str | None:
        """The resource policy of an endpoint, a JSON document; None if it has none.

        Raises:
            ClientError: it can't be read.
        Source: API Reference, GetEndpointPolicy: "If the endpoint doesn't have a policy, you get a
        ValidationException"; a Region without the operation has no such policies.
        """
        try:
            # Newer than the stubs.
            found = self._sagemaker.get_endpoint_policy(EndpointName=endpoint)  # type: ignore[attr-defined]
        except ClientError as error:
            if error.response["Error"].get("Code") in _NO_POLICY:
                return None
            raise
        return str(found["ResourcePolicy"])

    def put_endpoint_policy(self, endpoint: str, policy: str) -> None:
        """Attach a resource policy to an endpoint, which replaces the one that it has.

        Raises:
            CallRefused: SageMaker or IAM refuses, in their own words.
        """
        try:
            self._sagemaker.put_endpoint_policy(  # type: ignore[attr-defined]
                EndpointName=endpoint, ResourcePolicy=policy
            )
        except ClientError as error:
            if error.response["Error"].get("Code") in _DENIED:
                # The endpoint serves without it: what else is to be put back doesn't wait for it.
                raise CallRefused(error.response["Error"].get("Message", str(error))) from error
            raise _refusal(error) from error

    def delete_endpoint(self, endpoint: str) -> None:
        """Ask for the endpoint's deletion; its configs and models stay.

        Raises:
            EndpointBusy: it is being changed, so that SageMaker won't delete it now.
            CallRefused: SageMaker refuses, in its own words.
        """
        try:
            self._sagemaker.delete_endpoint(EndpointName=endpoint)
        except ClientError as error:
            if _says(error, _NOT_FOUND):
                return
            raise _refusal(error) from error

    def create_endpoint(
        self, endpoint: str, config_name: str, tags: tuple[dict[str, str], ...]
    ) -> None:
        """Create the endpoint on a config; one that exists already is left to be observed.

        Raises:
            CallRefused: SageMaker refuses, in its own words.
        """
        own = [tag for tag in tags if not tag["Key"].startswith("aws:")]
        try:
            self._sagemaker.create_endpoint(
                EndpointName=endpoint,
                EndpointConfigName=config_name,
                **({"Tags": own} if own else {}),  # type: ignore[arg-type]
            )
        except ClientError as error:
            if _says(error, _EXISTING):
                return
            raise _refusal(error) from error

    def set_instances(self, endpoint: str, variant: str, instances: int) -> None:
        """Ask for a fleet of `instances`.

        Raises:
            EndpointBusy: it is being changed by someone else.
            CallRefused: SageMaker refuses, in its own words.
        """
        try:
            self._sagemaker.update_endpoint_weights_and_capacities(
                EndpointName=endpoint,
                DesiredWeightsAndCapacities=[
                    {"VariantName": variant, "DesiredInstanceCount": instances}
                ],
            )
        except ClientError as error:
            raise _refusal(error) from error

    def _tags(self, arn: str) -> tuple[dict[str, str], ...]:
        pages = self._sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
        return tuple(
            {"Key": tag["Key"], "Value": tag["Value"]} for page in pages for tag in page["Tags"]
        )

    def _beyond_creation(self, described: Any, operation: str) -> tuple[str, ...]:
        """What AWS sent and the create call can't take: botocore doesn't know it, or only to describe."""
        shape = self._sagemaker.meta.service_model.operation_model(operation).input_shape
        sent = {key: value for key, value in _bare(described).items() if key not in _DESCRIBED_ONLY}
        path = operation.removeprefix("Create")
        return (*described.get(UNKNOWN_FIELDS, ()), *find_unknown(sent, shape, path))

    def _creatable(self, operation: str) -> frozenset[str]:
        # Asked of the installed model at run time, so that a field that AWS adds survives (rules §1.5).
        shape = self._sagemaker.meta.service_model.operation_model(operation).input_shape
        return frozenset(shape.members) if shape is not None else frozenset()


def _make(
    create: Callable[..., Any], describe: Callable[..., Any], name: str, request: dict[str, Any]
) -> None:
    try:
        create(**request)
    except ClientError as error:
        if not _says(error, _EXISTING):
            raise _refusal(error) from error
    else:
        return
    try:
        found = describe(**{name: request[name]})
    except ClientError as error:
        raise _refusal(error) from error
    differing = find_differences(request, found)
    if differing:
        raise NameTaken(f"{', '.join(differing)} of {request[name]}")


def _variants(described: Any) -> tuple[VariantReading, ...]:
    return tuple(
        VariantReading(
            name=variant["VariantName"],
            current_instances=variant.get("CurrentInstanceCount", 0),
            desired_instances=variant.get("DesiredInstanceCount", 0),
            stages=tuple(
                Stage(
                    status=stage["Status"],
                    message=stage.get("StatusMessage", ""),
                    since=stage.get("StartTime"),
                )
                for stage in variant.get("VariantStatus", ())
            ),
            images=tuple(
                image["ResolvedImage"]
                for image in variant.get("DeployedImages", ())
                if "ResolvedImage" in image
            ),
        )
        for variant in described
    )


def _bare(answer: Any) -> dict[str, Any]:
    return {k: v for k, v in answer.items() if k not in {"ResponseMetadata", UNKNOWN_FIELDS}}


def _answered_at(answer: Any) -> datetime:
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])


def _says(error: ClientError, words: str) -> bool:
    return words in error.response["Error"].get("Message", "").lower()


def _refusal(error: ClientError) -> Exception:
    message = error.response["Error"].get("Message", str(error))
    if _says(error, _IN_PROGRESS):
        return EndpointBusy(message)
    if any(_says(error, words) for words in _NOT_YET_VISIBLE):
        return Unavailable(message)
    if _says(error, _NOT_FOUND):
        return EndpointNotFound(message)
    if error.response["Error"].get("Code") in _FINAL:
        return CallRefused(message)
    return error
