"""The parts of an endpoint that a person must restore by hand, with the AWS CLI's commands."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from switchover.domain.reasons import Reason
from switchover.domain.scaling_parts import BOUNDS, SUSPENSIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

# The AWS CLI's commands that create each part again.
_PARTS = {
    "register-scalable-target": "scalable target",
    "put-scaling-policy": "scaling policy",
    "put-scheduled-action": "scheduled action",
}


def register_target(endpoint: str, variant: str, request: Mapping[str, Any]) -> str:
    """The CLI command for RegisterScalableTarget with a request's bounds and suspensions.

    All suspensions are sent together: the effect on an omitted one is undocumented.
    """
    options = [
        f"--{option} {request[key]}"
        for key, option in zip(BOUNDS, ("min-capacity", "max-capacity"), strict=True)
        if key in request
    ]
    if "SuspendedState" in request:
        state = request["SuspendedState"]
        told = (f"{kind}={str(state.get(kind, False)).lower()}" for kind in SUSPENSIONS)
        options.append(f"--suspended-state {','.join(told)}")
    return " ".join(
        (
            "aws application-autoscaling register-scalable-target --service-namespace sagemaker",
            f"--resource-id endpoint/{endpoint}/variant/{variant}",
            "--scalable-dimension sagemaker:variant:DesiredInstanceCount",
            *options,
        )
    )


def policy_lost(endpoint: str, policy: str, why: str) -> Reason:
    """Tell a person how to restore a resource policy that was deleted with the old endpoint."""
    return Reason(
        code="endpoint.policy-lost",
        subject=f"endpoint {endpoint}: resource policy",
        message=f"it was deleted with the endpoint and could not be attached again: {why}.",
        remedy=(
            f"aws sagemaker put-endpoint-policy --endpoint-name {endpoint} --resource-policy"
            f" {shlex.quote(policy)}"
        ),
    )


def part_lost(endpoint: str, command: str, request: Mapping[str, Any], why: str) -> Reason:
    """Tell a person how to restore a part of an endpoint's scaling."""
    text = json.dumps(request, default=str)
    return Reason(
        code="capacity.not-restored",
        subject=f"endpoint {endpoint}: {_PARTS[command]}",
        message=f"could not be restored: {why.rstrip('.')}.",
        remedy=f"aws application-autoscaling {command} --cli-input-json {shlex.quote(text)}",
    )
