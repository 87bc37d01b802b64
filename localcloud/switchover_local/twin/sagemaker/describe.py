"""Endpoints in DescribeEndpoint and in events: the same facts in two spellings."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_sagemaker.type_defs import (
        DataCaptureConfigSummaryTypeDef,
        DataCaptureConfigTypeDef,
        DeployedImageTypeDef,
        PendingDeploymentSummaryTypeDef,
        PendingProductionVariantSummaryTypeDef,
        ProductionVariantSummaryTypeDef,
    )

    from .endpoint import Endpoint, Pending, Variant
    from .fleet import Fleet
    from .specs import EndpointConfig, Model


def describe_endpoint(endpoint: Endpoint) -> dict[str, object]:
    """The answer of DescribeEndpoint: the old config on top until the new one has won."""
    answer = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config.name,
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        "FailureReason": endpoint.failure_reason,
        "LastDeploymentConfig": endpoint.last_deployment_config,
        "ProductionVariants": _with_images(
            _describe_variants(endpoint.variants, endpoint.fleets), endpoint.config
        ),
        "PendingDeploymentSummary": _describe_pending(endpoint.pending, has_images=True),
    }
    for member in ("AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig"):
        answer[member] = endpoint.config.request.get(member)
    capture = endpoint.config.request.get("DataCaptureConfig")
    if capture is not None:
        answer["DataCaptureConfig"] = _summarise_capture(cast("DataCaptureConfigTypeDef", capture))
    return {name: value for name, value in answer.items() if value is not None}


def event_detail(endpoint: Endpoint, tags: Mapping[str, str]) -> dict[str, object]:
    """The detail of an endpoint state change event (rules §5)."""
    return {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config.name,
        "ProductionVariants": [_without_status(v) for v in _variants(endpoint)],
        "EndpointStatus": upper_snake(endpoint.status),
        "CreationTime": _epoch_ms(endpoint.created),
        "LastModifiedTime": _epoch_ms(endpoint.modified),
        "Tags": dict(tags),
    }


def deployment_event_detail(endpoint: Endpoint, tags: Mapping[str, str]) -> dict[str, object]:
    """The detail of an endpoint deployment state change event: the same, with the progress."""
    detail = event_detail(endpoint, tags)
    detail["ProductionVariants"] = [_in_epoch_ms(variant) for variant in _variants(endpoint)]
    pending = _describe_pending(endpoint.pending, has_images=False)
    if pending is not None:
        detail["PendingDeploymentSummary"] = _in_epoch_ms(pending)
    return detail


def upper_snake(status: str) -> str:
    """An endpoint status as events spell it: InService is IN_SERVICE."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()


def _variants(endpoint: Endpoint) -> list[ProductionVariantSummaryTypeDef]:
    return _describe_variants(endpoint.variants, endpoint.fleets)


def _describe_pending(
    pending: Pending | None, *, has_images: bool
) -> PendingDeploymentSummaryTypeDef | None:
    if pending is None:
        return None
    summaries = _describe_variants(pending.variants, pending.fleets)
    if has_images:
        summaries = _with_images(summaries, pending.config)
    return {
        "EndpointConfigName": pending.config.name,
        "StartTime": pending.started,
        "ProductionVariants": [_with_hardware(each, pending.variants) for each in summaries],
    }


def _with_hardware(
    summary: ProductionVariantSummaryTypeDef, variants: Mapping[str, Variant]
) -> PendingProductionVariantSummaryTypeDef:
    hardware = variants[summary["VariantName"]].spec.hardware
    return cast("PendingProductionVariantSummaryTypeDef", {**summary, "InstanceType": hardware})


def _with_images(
    summaries: list[ProductionVariantSummaryTypeDef], config: EndpointConfig
) -> list[ProductionVariantSummaryTypeDef]:
    """Add DeployedImages; the documented events come without them."""
    return [
        summary | {"DeployedImages": [_image_of(model)]}
        if (model := config.models.get(summary["VariantName"]))
        else summary
        for summary in summaries
    ]


def _image_of(model: Model) -> DeployedImageTypeDef:
    # A tag is resolved to a digest when the model is created (API Reference, DeployedImage).
    digest = hashlib.sha256(model.image.encode()).hexdigest()
    repository = model.image.partition("@")[0].rpartition(":")[0] or model.image
    return {
        "SpecifiedImage": model.image,
        "ResolvedImage": f"{repository}@sha256:{digest}",
        "ResolutionTime": model.created,
    }


def _describe_variants(
    variants: Mapping[str, Variant], fleets: Iterable[Fleet]
) -> list[ProductionVariantSummaryTypeDef]:
    serving: dict[str, int] = {}
    for fleet in fleets:
        name = fleet.spec.variant_name
        serving[name] = serving.get(name, 0) + fleet.serving
    return [_describe_variant(name, v, serving.get(name, 0)) for name, v in variants.items()]


def _describe_variant(name: str, variant: Variant, serving: int) -> ProductionVariantSummaryTypeDef:
    summary: ProductionVariantSummaryTypeDef = {
        "VariantName": name,
        "CurrentWeight": variant.weight,
        "DesiredWeight": variant.weight
        if variant.desired_weight is None
        else variant.desired_weight,
    }
    if not variant.spec.is_serverless:
        summary["CurrentInstanceCount"] = serving
        summary["DesiredInstanceCount"] = variant.desired_count
    if variant.stage is not None:
        summary["VariantStatus"] = [variant.stage.describe()]
    return summary


def _summarise_capture(capture: DataCaptureConfigTypeDef) -> DataCaptureConfigSummaryTypeDef:
    return {
        "EnableCapture": capture.get("EnableCapture", False),
        "CaptureStatus": "Started" if capture.get("EnableCapture") else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }


def _without_status(variant: ProductionVariantSummaryTypeDef) -> dict[str, object]:
    return {name: value for name, value in variant.items() if name != "VariantStatus"}


def _in_epoch_ms(value: object) -> object:
    if isinstance(value, datetime):
        return _epoch_ms(value)
    if isinstance(value, dict):
        return {name: _in_epoch_ms(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_in_epoch_ms(item) for item in value]
    return value


def _epoch_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
