"""Refuses the headers of InvokeEndpoint that don't fit the endpoint, in AWS's reported words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from switchover_local.twin.wire.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sagemaker_runtime.type_defs import (
        InvokeEndpointInputTypeDef,
        InvokeEndpointWithResponseStreamInputTypeDef,
    )

    from switchover_local.twin.sagemaker.endpoint import Endpoint

    Invocation = InvokeEndpointInputTypeDef | InvokeEndpointWithResponseStreamInputTypeDef

# Source: InvokeEndpoint, CustomAttributes: "visible US-ASCII characters as specified in Section 3.3.6.
# Field Value Components" of HTTP/1.1, which are separated by blanks and tabs.
_VISIBLE = re.compile(r"[\t\x20-\x7e]*")


def check_headers(endpoint: Endpoint, params: Invocation) -> None:
    """Refuse a request whose headers are for another kind of endpoint.

    Raises:
        Refusal: ValidationError.
    """
    if endpoint.config.is_async:
        # A ValidationError was reported (strands-agents/harness-sdk #1969), but without its words.
        raise _refuse(f"Endpoint {endpoint.name} is asynchronous: use InvokeEndpointAsync.")
    if not _VISIBLE.fullmatch(params.get("CustomAttributes", "")):
        raise _refuse("CustomAttributes must consist of visible US-ASCII characters.")
    _check_component(endpoint, params.get("InferenceComponentName"))
    if "TargetModel" in params:
        _check_target_model(endpoint)
    _check_container(endpoint, params.get("TargetContainerHostname"))


def _check_component(endpoint: Endpoint, component: str | None) -> None:
    """Source of both texts: BerriAI/litellm #37766, whose callers saw them."""
    hosts_components = any(spec.hosts_components for spec in endpoint.config.variants)
    if component is not None and not hosts_components:
        raise _refuse(
            "Inference Component Name header is not allowed for endpoints to which you dont plan to "
            "deploy inference components. Please remove the Inference Component Name header and try "
            "again."
        )
    if component is None and hosts_components:
        raise _refuse(
            "Inference Component Name header is required for endpoints to which you plan to deploy "
            "inference components. Please include Inference Component Name header or consider using "
            "SageMaker models."
        )
    if component is not None:  # the twin has none; AWS's words for it aren't known
        raise _refuse(f"Inference component {component} of endpoint {endpoint.name} not found.")


def _check_target_model(endpoint: Endpoint) -> None:
    """Source: aws/amazon-sagemaker-examples #1026."""
    if not any(each.get("Mode") == "MultiModel" for each in _containers(endpoint)):
        raise _refuse(
            f"Endpoint {endpoint.name} is not a multi-model endpoint and does not support target "
            "model header."
        )


def _check_container(endpoint: Endpoint, hostname: str | None) -> None:
    """Refuse a request that names no container, or an unknown one, where containers are invoked directly.

    Source: "Invoke a multi-container endpoint with direct invocation"; AWS's words for it aren't known.
    """
    modes = [r.get("InferenceExecutionConfig", {}).get("Mode") for r in _model_requests(endpoint)]
    if "Direct" not in modes:
        return
    if hostname is None:
        raise _refuse("TargetContainerHostname must be specified.")
    known = {each.get("ContainerHostname", hostname) for each in _containers(endpoint)}
    if hostname not in known:
        raise _refuse(f"Endpoint {endpoint.name} has no container {hostname}.")


def _containers(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [
        container
        for request in _model_requests(endpoint)
        for container in request.get("Containers") or [request["PrimaryContainer"]]
    ]


def _model_requests(endpoint: Endpoint) -> list[Mapping[str, Any]]:
    return [model.request for model in endpoint.config.models.values()]


def _refuse(message: str) -> Refusal:
    return Refusal("ValidationError", message)
