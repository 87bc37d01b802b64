"""What must hold before anything is touched; every fault is said at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from switchover.domain.cloning import model_uri_of
from switchover.domain.fleet import (
    Absent,
    AlarmReading,
    AlarmState,
    EndpointReading,
    EndpointStatus,
    LiveRelease,
)
from switchover.domain.policy import Policy, Strategy
from switchover.domain.reasons import Reason
from switchover.domain.served import Served

if TYPE_CHECKING:
    from collections.abc import Iterator


class Surroundings(BaseModel):
    """All that was read before planning.

    `policy` is None if it is faulty; `faults` are those of the policy and the files that it names;
    `quota_instances` is None if Service Quotas doesn't list the type; `served` is newest first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: EndpointReading | Absent
    policy: Policy | None = None
    live: LiveRelease | None = None
    alarms: tuple[AlarmReading, ...] = ()
    quota_instances: int | None = None
    faults: tuple[Reason, ...] = ()
    served: tuple[Served, ...] = ()


def check_endpoint(endpoint: EndpointReading | Absent) -> Iterator[Reason]:
    """Whether there is an endpoint, and one that takes an update now."""
    subject = f"endpoint {endpoint.name}"
    if isinstance(endpoint, Absent):
        yield Reason(
            code="endpoint.unknown",
            subject=subject,
            message="SageMaker knows no endpoint of that name in this account and region.",
            remedy="Correct `endpoint` in the release, or create the endpoint first.",
        )
    elif endpoint.status is not EndpointStatus.IN_SERVICE:
        yield Reason(
            code="endpoint.not-in-service",
            subject=subject,
            message=f"is {endpoint.status.value}, not InService.",
            remedy="Wait until it is InService, or repair it, then start the release again.",
        )


def check_way_back(
    endpoint: EndpointReading | Absent, live: LiveRelease | None
) -> Iterator[Reason]:
    """Whether the previous config and model still exist: without them there is no rollback."""
    if isinstance(endpoint, EndpointReading) and live is None:
        yield Reason(
            code="endpoint.no-way-back",
            subject=f"endpoint {endpoint.name}",
            message=f"its config {endpoint.config_name} or the config's model is gone.",
            remedy="Without it nothing can be cloned or rolled back: recreate it under that name.",
        )


def check_shape(live: LiveRelease) -> Iterator[Reason]:
    """Whether the live config is of a kind that guarded updates work for (rules §3)."""
    config = live.config
    subject = f"config {config['EndpointConfigName']}"
    variants: list[dict[str, Any]] = config["ProductionVariants"]
    if len(variants) != 1:
        yield _unsupported(subject, f"has {len(variants)} production variants, not one")
        return
    if config.get("ShadowProductionVariants"):
        yield _unsupported(subject, "has shadow variants")
    variant = variants[0]
    if "ModelName" not in variant:
        yield _unsupported(subject, "serves inference components; update those instead")
    if "ServerlessConfig" in variant:
        yield _unsupported(subject, "is serverless, which deployment guardrails don't cover")
    if variant.get("InstanceType", "").startswith("ml.inf1."):
        yield _unsupported(subject, "runs on Inf1, where SageMaker drops the bake silently")
    elif "InstancePools" in variant:
        yield _unsupported(subject, "takes its instances from pools")
    containers = [live.model.get("PrimaryContainer", {}), *live.model.get("Containers", ())]
    if any("ModelPackageName" in container for container in containers):
        yield _unsupported(subject, "serves a Marketplace package, where SageMaker drops the bake")
    if any(container.get("Mode") == "MultiModel" for container in containers):
        yield _unsupported(subject, "is a multi-model endpoint")


def check_variant(policy: Policy, live: LiveRelease) -> Iterator[Reason]:
    """Whether the policy was written for the variant that is live."""
    name = live.config["ProductionVariants"][0]["VariantName"]
    if policy.variant is not None and policy.variant != name:
        yield Reason(
            code="endpoint.variant-differs",
            subject="policy: variant",
            message=f"{policy.variant!r} is not the live variant {name!r}.",
            remedy="SageMaker updates only variants of the same name: correct the policy.",
        )


def check_release_is_new(live: LiveRelease, model_uri: str) -> Iterator[Reason]:
    """Whether the release would change anything."""
    if model_uri_of(live.model) == model_uri:
        yield Reason(
            code="release.already-serving",
            subject=f"config {live.config['EndpointConfigName']}",
            message=f"already serves {model_uri}.",
            remedy="Nothing to do; offer another version.",
        )


def check_strategy(policy: Policy) -> Iterator[Reason]:
    """Whether the strategy may be used at all."""
    if policy.strategy is Strategy.REDEPLOY and not policy.allow_downtime:
        yield Reason(
            code="strategy.downtime-not-allowed",
            subject="policy: strategy",
            message="redeploy takes the endpoint away until the new fleet is up.",
            remedy="Set `allow_downtime: true`, or choose another strategy.",
        )
    during = policy.capacity.during
    if during is not None and policy.strategy is Strategy.REDEPLOY:
        yield Reason(
            code="capacity.pointless",
            subject="policy: capacity.during",
            message="redeploy has no fleet to scale up.",
            remedy="Remove it, or choose another strategy.",
        )


def check_alarms(alarms: tuple[AlarmReading, ...], listed: tuple[str, ...]) -> Iterator[Reason]:
    """Whether the alarms exist and are quiet: a red one would turn the update back, or worse, not."""
    for alarm in alarms:
        if alarm.state is AlarmState.ALARM:
            yield Reason(
                code="alarm.already-red",
                subject=f"alarm {alarm.name}",
                message=f"is in ALARM already: {alarm.reason or 'no reason given'}",
                remedy="Bring it back to OK first; an update would be turned back at its first bake.",
            )
        if alarm.state is AlarmState.MISSING and alarm.name in listed:
            yield Reason(
                code="alarm.missing",
                subject=f"alarm {alarm.name}",
                message="is listed in the policy and does not exist.",
                remedy="Create it, or take it out of `alarms.also`.",
            )


def check_quota(
    instance_type: str, peak_instances: int, quota_instances: int | None
) -> Iterator[Reason]:
    """Whether the account may run as many instances as the update needs at its peak."""
    if quota_instances is not None and peak_instances > quota_instances:
        yield Reason(
            code="quota.too-low",
            subject=f"quota {instance_type} for endpoint usage",
            message=f"allows {quota_instances} instances, and the update needs {peak_instances}.",
            remedy="Ask AWS to raise it, or choose rolling with small batches.",
        )


def _unsupported(subject: str, what: str) -> Reason:
    return Reason(
        code="endpoint.unsupported",
        subject=subject,
        message=f"{what}.",
        remedy="Switchover updates real-time endpoints with one model variant.",
    )


def claim_held(endpoint: str, holder: str) -> Reason:
    """Another update runs on the endpoint."""
    return Reason(
        code="claim.held",
        subject=f"endpoint {endpoint}",
        message=f"is being updated by {holder}.",
        remedy="Wait for its outcome, then start this release again.",
    )


def execution_stopped(execution_arn: str) -> Reason:
    """Somebody stopped the execution from outside, or it could not go on."""
    return Reason(
        code="execution.stopped",
        subject=f"execution {execution_arn}",
        message="ended before the update had an outcome.",
        remedy="Start the release again if it is still wanted.",
    )


def call_refused(subject: str, words: str) -> Reason:
    """AWS refused a call for good, in its own words."""
    return Reason(
        code="aws.refused",
        subject=subject,
        message=f"AWS refused: {words.rstrip('.')}.",
        remedy="Mend what it names, then start the release again.",
    )
