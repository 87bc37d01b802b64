"""SageMaker endpoints: reads them, creates models and configs, requests updates."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from switchover.aws.endpoint_policies import EndpointPolicies
from switchover.aws.live_configs import LiveConfigs
from switchover.aws.sagemaker_calls import EXISTING, NOT_FOUND, refusal_of, says
from switchover.domain.errors import NameTaken
from switchover.domain.fleet import (
    Absent,
    EndpointReading,
    EndpointStatus,
    Stage,
    VariantReading,
)
from switchover.domain.plans.cloning import find_differences

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


class SageMaker(LiveConfigs, EndpointPolicies):
    """One account's SageMaker endpoints, configs and models."""

    def read(self, endpoint: str) -> EndpointReading | Absent:
        """Take one reading of an endpoint. Its time is SageMaker's, from the answer's Date header."""
        try:
            described = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        except ClientError as error:
            if not says(error, NOT_FOUND):
                raise
            return Absent(name=endpoint, read_at=_answered_at(error.response))
        # SageMaker may ignore the case of names; IAM, claims and policies don't.
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

    def create(self, model: dict[str, Any], config: dict[str, Any]) -> None:
        """Create the target model and config. If one exists already, it must equal the one to create.

        An uploader can predict both names, and may have created other resources with these names.

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
        """Create a config; an existing one counts as created by an earlier try.

        Raises:
            CallRefused: SageMaker refuses it, in its own words.
        """
        try:
            self._sagemaker.create_endpoint_config(**config)
        except ClientError as error:
            if not says(error, EXISTING):
                raise refusal_of(error) from error

    def discard(self, config_name: str, model_name: str) -> None:
        """Delete a config and model that never served; an already deleted one is a success."""
        for delete in (
            partial(self._sagemaker.delete_endpoint_config, EndpointConfigName=config_name),
            partial(self._sagemaker.delete_model, ModelName=model_name),
        ):
            try:
                delete()
            except ClientError as error:
                if not says(error, NOT_FOUND):
                    raise

    def update_endpoint(
        self,
        endpoint: str,
        config_name: str,
        deployment_config: dict[str, Any] | None,
        *,
        retain_capacity: bool,
    ) -> None:
        """Ask SageMaker to move the endpoint to a config. Before a repeat, read the endpoint.

        Raises:
            EndpointBusy: another change of the endpoint is running.
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
            raise refusal_of(error) from error

    def delete_endpoint(self, endpoint: str) -> None:
        """Request the endpoint's deletion; its configs and models stay.

        Raises:
            EndpointBusy: the endpoint is being changed, so SageMaker won't delete it now.
            CallRefused: SageMaker refuses, in its own words.
        """
        try:
            self._sagemaker.delete_endpoint(EndpointName=endpoint)
        except ClientError as error:
            if says(error, NOT_FOUND):
                return
            raise refusal_of(error) from error

    def create_endpoint(
        self, endpoint: str, config_name: str, tags: tuple[dict[str, str], ...]
    ) -> None:
        """Create the endpoint with a config. An existing endpoint is left unchanged, to be observed.

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
            if says(error, EXISTING):
                return
            raise refusal_of(error) from error

    def set_instances(self, endpoint: str, variant: str, instances: int) -> None:
        """Request a fleet of `instances`.

        Raises:
            EndpointBusy: another change of the endpoint is running.
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
            raise refusal_of(error) from error


def _make(
    create: Callable[..., Any], describe: Callable[..., Any], name: str, request: dict[str, Any]
) -> None:
    try:
        create(**request)
    except ClientError as error:
        if not says(error, EXISTING):
            raise refusal_of(error) from error
    else:
        return
    try:
        found = describe(**{name: request[name]})
    except ClientError as error:
        raise refusal_of(error) from error
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


def _answered_at(answer: Any) -> datetime:
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
