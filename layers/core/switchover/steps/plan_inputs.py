"""Reads everything that a plan needs, once. Changes nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from switchover import budget
from switchover.aws.failures import AWS_FAILED, is_unanswered
from switchover.domain.checks.case import PlanInputs
from switchover.domain.containers.properties import FILE_NAME as SERVING_PROPERTIES
from switchover.domain.fleet import Absent
from switchover.domain.naming import alarm_name
from switchover.domain.planning import choose_goal, find_peak, name_target
from switchover.domain.plans.alarms import standing_alarms
from switchover.domain.plans.plan import Kind
from switchover.domain.policies.choices import Strategy
from switchover.domain.readings import Unmeasured
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover.aws.artifacts import Artifacts
    from switchover.aws.cloudwatch import CloudWatch
    from switchover.aws.files import Files
    from switchover.aws.ledger import Ledger
    from switchover.aws.metrics import FleetMetrics
    from switchover.aws.notifications import Topic
    from switchover.aws.roles import Roles
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.scaling import Quotas, Scaling
    from switchover.aws.usage import Fleets
    from switchover.domain.fleet import EndpointReading, LiveRelease
    from switchover.domain.manifest import Manifest
    from switchover.domain.policies.policy import Policy
    from switchover.domain.readings import Artifact
    from switchover.domain.update.update import Update

T = TypeVar("T")
# The time limit for readings that no plan depends on. Time to record the plan is left.
_OPTIONAL_SECONDS = 15
_RECORDING_SECONDS = 8
# The same limit as in ValidateModel.
_PROPERTIES_LIMIT_BYTES = 1024**2


def survey(
    update: Update,
    *,
    sagemaker: SageMaker,
    cloudwatch: CloudWatch,
    fleet_metrics: FleetMetrics,
    scaling: Scaling,
    quotas: Quotas,
    fleets: Fleets,
    roles: Roles,
    topic: Topic,
    files: Files,
    ledger: Ledger,
    artifacts: Artifacts,
    dashboard: str = "",
) -> PlanInputs:
    """Read policy, endpoint, live config and model, alarms, scaling, quota and the earlier configs.

    Some readings aren't needed for a plan. They come last, and leave time to record the plan. If such a
    reading fails or has no time left, it is recorded as not measured, with AWS's words.

    Raises:
        ClientError: endpoint, config, model, alarms, policy or ledger can't be read.
        NoAnswer: there was no time to read them.
    """
    endpoint = sagemaker.read(update.endpoint)
    effective = files.effective_policy(update)
    faults = effective if isinstance(effective, tuple) else ()
    sound = None if isinstance(effective, tuple) else effective
    golden, golden_files = _find_golden(files, update, sound.policy) if sound else (None, None)
    around = PlanInputs(
        endpoint=endpoint,
        effective=sound,
        faults=faults,
        golden=golden,
        golden_files=golden_files,
        dashboard=dashboard,
        serving_properties=_read_properties(files, update),
    )
    if isinstance(endpoint, Absent):
        return replace(around, subscribers=_measure(topic.subscribers))
    live = sagemaker.live_release(endpoint.config_name, endpoint.arn)
    served = ledger.served(update.endpoint)
    goal = choose_goal(update, endpoint, served)
    if goal is None and update.kind is Kind.ROLLBACK:
        # A rollback may return to a version before the previous one.
        served = ledger.served(update.endpoint, newest=None)
        goal = choose_goal(update, endpoint, served)
    goal_live = sagemaker.live_release(goal.config_name) if goal else None
    around = replace(
        around,
        live=live,
        served=served,
        past=ledger.past(update.endpoint),
        goal=goal_live,
    )
    policy = sound.policy if sound else None
    around = replace(around, endpoint_policy=_read_policy(sagemaker, update.endpoint, policy))
    if policy is not None and live is not None and endpoint.variants:
        standing = standing_alarms(policy.alarms, update.endpoint, endpoint.variants[0].name)
        names = (*(spec.name for spec in standing), *policy.alarms.also)
        around = replace(around, alarms=cloudwatch.read(names))
    with budget.within(min(_OPTIONAL_SECONDS, budget.seconds_left() - _RECORDING_SECONDS)):
        around = replace(
            around,
            subscribers=_measure(topic.subscribers),
            live_artifacts=_find_artifacts(artifacts, live, endpoint),
            goal_artifacts=artifacts.read(goal_live) if goal_live else (),
        )
        if policy is None or live is None or not endpoint.variants:
            return around
        variant, latency = endpoint.variants[0].name, policy.alarms.latency
        role = live.model.get("ExecutionRoleArn")
        guards = _arns_of_guards(endpoint, policy, name_target(update, goal))
        around = replace(
            around,
            scaling=_measure(lambda: scaling.read(update.endpoint, variant)),
            old_latency_us=(
                _measure(
                    lambda: fleet_metrics.latency_us(endpoint, latency.statistic, endpoint.read_at)
                )
                if latency.versus_old is not None
                else None
            ),
            permission=_measure(lambda: roles.may_describe_alarms(role, guards)) if role else None,
        )
        return _find_room(update, around, quotas, fleets)


def _find_room(update: Update, around: PlanInputs, quotas: Quotas, fleets: Fleets) -> PlanInputs:
    """Read the quota for an update that needs more instances, and its use by other endpoints.

    The use needs one call for each endpoint, so it is read only if the answer depends on it.
    """
    live, peak = around.live, find_peak(update, around)
    instance_type = live.config["ProductionVariants"][0].get("InstanceType") if live else None
    if not instance_type or not peak:
        return around
    quota = _measure(lambda: quotas.instances(instance_type))
    is_open = isinstance(quota, int) and quota >= peak
    usage = _measure(lambda: fleets.usage(instance_type, update.endpoint)) if is_open else None
    return replace(around, quota_instances=quota, usage=usage)


def _find_artifacts(
    artifacts: Artifacts, live: LiveRelease | None, endpoint: EndpointReading
) -> tuple[Artifact, ...]:
    """The model data and the image from which instances of the live config are launched."""
    images = endpoint.variants[0].images if endpoint.variants else ()
    return artifacts.read(live, images) if live else ()


def _arns_of_guards(endpoint: EndpointReading, policy: Policy, target: str) -> list[str]:
    """The alarms that SageMaker must be able to read during the update."""
    where = endpoint.arn.replace(":sagemaker:", ":cloudwatch:").partition(":endpoint/")[0]
    names = (alarm_name(endpoint.name, target, "abort"), *policy.alarms.also)
    return [f"{where}:alarm:{name}" for name in names]


def _read_policy(
    sagemaker: SageMaker, endpoint: str, policy: Policy | None
) -> str | Unmeasured | None:
    """The endpoint's resource policy, if the update deletes and creates the endpoint."""
    if policy is None or policy.strategy is not Strategy.REDEPLOY:
        return None
    try:
        return sagemaker.endpoint_policy(endpoint)
    except AWS_FAILED as error:
        if is_unanswered(error):
            raise  # a policy that can't be read refuses the update
        return _unmeasured(error)


def _read_properties(files: Files, update: Update) -> str:
    """The release's `serving.properties`, if it lists one and its files are uploaded."""
    release = update.release
    if release is None or all(file.path != SERVING_PROPERTIES for file in release.files):
        return ""
    key = f"{release.prefix}{SERVING_PROPERTIES}"
    raw = files.read(update.bucket, key, _PROPERTIES_LIMIT_BYTES)
    return (raw or b"").decode("utf-8", errors="replace")


def _find_golden(
    files: Files, update: Update, policy: Policy
) -> tuple[int | tuple[Reason, ...] | None, Manifest | None]:
    if policy.tests.golden is None:
        return None, None
    golden, read = files.find_golden(update.bucket, policy.tests.golden)
    faults = tuple(entry for entry in golden if isinstance(entry, Reason))
    return faults or len(golden), read


def _measure(read: Callable[[], T]) -> T | Unmeasured:
    try:
        return read()
    except AWS_FAILED as error:
        return _unmeasured(error)


def _unmeasured(error: Exception) -> Unmeasured:
    return Unmeasured(f"couldn't be read: {error}")
