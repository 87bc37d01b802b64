"""Checks that the endpoint can take a guarded update now and can be rolled back (rules §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from switchover.domain.containers.choosing import containers_of
from switchover.domain.fleet import Absent, ScalingReading
from switchover.domain.naming import account_of
from switchover.domain.policies.choices import Strategy
from switchover.domain.preflight import Check
from switchover.domain.readings import Presence, Unmeasured
from switchover.domain.reasons import Reason
from switchover.domain.refusals import check_endpoint
from switchover.domain.units import say_count

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from switchover.domain.checks.case import Case
    from switchover.domain.fleet import LiveRelease
    from switchover.domain.readings import Artifact

_LAUNCHING_ANEW = frozenset({Strategy.ROLLING, Strategy.REDEPLOY})
_NOT_READ = "not checked: there is no live config to read"


def check_status(case: Case) -> Check:
    """Check that the endpoint exists, is at rest, and isn't under maintenance."""
    endpoint = case.found.endpoint
    evidence = f"SageMaker has no endpoint {endpoint.name!r} here"
    if not isinstance(endpoint, Absent):
        evidence = (
            f"{endpoint.status.value} since {endpoint.last_modified:%Y-%m-%d %H:%M} UTC on"
            f" {endpoint.config_name}, {say_count(endpoint.instances, 'instance')};"
            " maintenance is visible only while it runs (SystemUpdating)"
        )
    return Check.judged(
        "endpoint.status",
        "The endpoint is in service and not under maintenance",
        evidence,
        check_endpoint(endpoint),
    )


def check_shape(case: Case) -> Check:
    """Check that the live config is of a kind for which guarded updates work."""
    name, title = "endpoint.shape", "It is a real-time endpoint of one variant with a model"
    live = case.found.live
    if live is None:
        return Check.unknown(name, title, _NOT_READ)
    told = ", ".join(
        f"{variant['VariantName']} on {variant.get('InstanceType', 'no instance type')}"
        for variant in case.variants
    )
    return Check.judged(name, title, f"production variants: {told}", find_shape_faults(live))


def check_variant(case: Case) -> Check:
    """Check that policy, live config and goal name the same variant: SageMaker updates no other."""
    name, title = "endpoint.variant", "The variant keeps its name"
    if len(case.variants) != 1:
        return Check.unknown(name, title, "not looked at: there is not one variant")
    live = case.variants[0]["VariantName"]
    asked = case.policy.variant if case.policy else None
    goal = _goal_variant(case.found.goal)
    faults = []
    if asked is not None and asked != live:
        faults.append(
            Reason(
                code="endpoint.variant-differs",
                subject="policy: variant",
                message=f"{asked!r} is not the live variant {live!r}.",
                remedy="SageMaker updates only variants of the same name: correct the policy.",
            )
        )
    if goal is not None and goal != live:
        faults.append(
            Reason(
                code="endpoint.variant-differs",
                subject="rollback",
                message=f"the config to return to has the variant {goal!r}, the live one {live!r}.",
                remedy="SageMaker updates only variants of the same name: choose another version.",
            )
        )
    wish = f"the policy is for {asked}" if asked else "the policy names none"
    return Check.judged(name, title, f"live: {live}; {wish}", faults)


def check_way_back(case: Case) -> Check:
    """Check that the previous config and model still exist: without them no rollback is possible."""
    name, title = "endpoint.way-back", "The config and model to return to still exist"
    endpoint, live = case.endpoint, case.found.live
    if endpoint is None:
        return Check.unknown(name, title, "not looked at: there is no endpoint")
    if live is not None:
        model = live.model.get("ModelName", "no model")
        evidence = f"config {endpoint.config_name} and model {model} are there"
        return _judge_artifacts(case, name, title, evidence)
    gone = Reason(
        code="endpoint.no-way-back",
        subject=f"endpoint {endpoint.name}",
        message=f"its config {endpoint.config_name} or the config's model no longer exists.",
        remedy="Create it again under that name: without it, nothing can be cloned or rolled back.",
    )
    return Check.judged(name, title, f"{endpoint.config_name} can't be read whole", (gone,))


def _judge_artifacts(case: Case, name: str, title: str, evidence: str) -> Check:
    """Judge the old fleet's artifacts, if a rollback would launch the old fleet anew.

    Blue/green keeps the old fleet until the end; rolling and redeploy launch it anew for a rollback.
    """
    found = case.found.live_artifacts
    gone = [each for each in found if each.presence is Presence.GONE]
    unknown = [each for each in found if each.presence is Presence.UNKNOWN]
    told = "; ".join(dict.fromkeys((evidence, *map(_tell_artifact, (*gone, *unknown)))))
    launches_anew = case.policy is not None and case.policy.strategy in _LAUNCHING_ANEW
    if gone and launches_anew and not case.goes_back:
        return Check.judged(name, title, told, (_artifact_gone(each) for each in gone))
    # Most images are AWS's own, in AWS's registry. That they aren't checked is said, but not noted.
    if gone or any(map(_is_data, unknown)):
        return Check.noted(name, title, told)
    return Check.judged(name, title, told)


def _is_data(artifact: Artifact) -> bool:
    return artifact.name.startswith("s3://")


def _tell_artifact(artifact: Artifact) -> str:
    if artifact.presence is Presence.UNKNOWN and not _is_data(artifact):
        return f"its image isn't judged: {artifact.why}"
    return f"{artifact.name}: {artifact.why}"


def _artifact_gone(artifact: Artifact) -> Reason:
    return Reason(
        code="endpoint.artifacts-gone",
        subject=f"previous model: {artifact.name}",
        message=f"{artifact.why}, so no instance of the serving version can be launched again.",
        remedy=(
            "Restore it; or choose canary, linear or all-at-once, which keep the old fleet until"
            " the new one has baked."
        ),
    )


def check_scaling(case: Case) -> Check:
    """Check that autoscaling allows the update, and say how it is treated during the update."""
    name, title = "scaling.target", "Autoscaling allows the update"
    match case.found.scaling:
        case None:
            return Check.unknown(name, title, "not looked at: there is not one variant")
        case Unmeasured(why):
            return Check.unknown(name, title, why)
        case ScalingReading(target=None):
            return Check.judged(name, title, "the variant doesn't scale by itself")
        case ScalingReading() as scaling:
            return Check.judged(
                name, title, _tell_scaling(scaling), _type_faults(case, case.found.goal)
            )


def find_shape_faults(live: LiveRelease) -> Iterator[Reason]:
    """Say why guarded updates don't work for a config. There is no silent fallback (rules §3)."""
    config = live.config
    subject = f"config {config['EndpointConfigName']}"
    variants = config["ProductionVariants"]
    if len(variants) != 1:
        yield _unsupported(subject, f"has {len(variants)} production variants, not one")
        return
    if config.get("ShadowProductionVariants"):
        yield _unsupported(subject, "has shadow variants")
    if config.get("AsyncInferenceConfig"):
        yield _is_async(subject)
    variant = variants[0]
    if "ModelName" not in variant:
        yield _unsupported(subject, "serves inference components; update those instead")
    if "ServerlessConfig" in variant:
        yield _unsupported(subject, "is serverless, which deployment guardrails don't cover")
    if variant.get("InstanceType", "").startswith("ml.inf1."):
        yield _unsupported(subject, "runs on Inf1, where SageMaker drops the bake silently")
    elif "InstancePools" in variant:
        yield _unsupported(subject, "takes its instances from pools")
    yield from _container_faults(live, subject)


def _container_faults(live: LiveRelease, subject: str) -> Iterator[Reason]:
    containers = containers_of(live.model)
    for container in containers:
        if "ModelPackageName" in container:
            yield _is_package(live, str(container["ModelPackageName"]))
        elif hub := _hub_of(container):
            yield _is_of_hub(live, hub)
    if any(container.get("Mode") == "MultiModel" for container in containers):
        yield _unsupported(subject, "is a multi-model endpoint")


def _tell_scaling(scaling: ScalingReading) -> str:
    target = scaling.target or {}
    return (
        f"scales between {target['MinCapacity']} and {target['MaxCapacity']} instances"
        f" (scaling policies: {len(scaling.policies)},"
        f" scheduled actions: {len(scaling.scheduled_actions)});"
        " suspended during the update, then put back"
    )


def _type_faults(case: Case, goal: LiveRelease | None) -> Iterator[Reason]:
    if goal is None:
        return  # a release is cloned from the live config, with its instance type
    wanted = goal.config["ProductionVariants"][0].get("InstanceType")
    if wanted != case.instance_type:
        yield Reason(
            code="scaling.instance-type-changes",
            subject=f"config {goal.config['EndpointConfigName']}",
            message=(
                f"runs on {wanted}, the live config on {case.instance_type}: SageMaker refuses to"
                " change the type of a variant that is registered for scaling."
            ),
            remedy="Choose another version; or deregister the scalable target, and register it later.",
        )


def _goal_variant(goal: LiveRelease | None) -> str | None:
    return str(goal.config["ProductionVariants"][0]["VariantName"]) if goal else None


def _is_async(subject: str) -> Reason:
    # Source: Developer Guide, "Alarms and logs for tracking metrics from asynchronous endpoints".
    return Reason(
        code="endpoint.unsupported",
        subject=f"{subject}: AsyncInferenceConfig",
        message=(
            "is asynchronous. It publishes no Invocations, so no bake can be judged. It refuses"
            " InvokeEndpoint, so no golden request can be sent."
        ),
        remedy="Update it by hand; or, if it may be real-time, move it to a config without that field.",
    )


def _is_package(live: LiveRelease, package: str) -> Reason:
    own = account_of(str(live.config.get("EndpointConfigArn", "")))
    owner = account_of(package)
    if own and (not owner or owner == own):
        kind = "a package of this account's Model Registry"
        where = "DescribeModelPackage shows image, data and environment"
    else:
        kind = f"a package of account {owner}: of Marketplace, JumpStart or another team"
        where = "ask its owner for image and data, if they may be used without the package"
    return Reason(
        code="endpoint.model-package",
        subject=f"model {live.model['ModelName']}: ModelPackageName",
        message=f"is made from {package}, {kind}: its weights come from the package, not from a release.",
        remedy=(
            "Create the model once by hand from the package's image and data, without the package, and"
            f" move the endpoint to it ({where})."
        ),
    )


def _hub_of(container: Mapping[str, Any]) -> str:
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    return str(source.get("HubAccessConfig", {}).get("HubContentArn", ""))


def _is_of_hub(live: LiveRelease, hub: str) -> Reason:
    # Source: API Reference, InferenceHubAccessConfig: a ModelReference to a JumpStart public hub model.
    return Reason(
        code="endpoint.private-hub",
        subject=f"model {live.model['ModelName']}: HubAccessConfig",
        message=(
            f"takes its data from the private hub content {hub}. That access is for the hub's own"
            " data; whether it works with a release's data is undocumented."
        ),
        remedy=(
            "Create the model once by hand from files in a bucket of yours, without HubAccessConfig, and"
            " move the endpoint to it."
        ),
    )


def _unsupported(subject: str, what: str) -> Reason:
    return Reason(
        code="endpoint.unsupported",
        subject=subject,
        message=f"{what}.",
        remedy="Switchover updates real-time endpoints with one model variant.",
    )
