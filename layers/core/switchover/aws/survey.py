"""Everything that a plan needs to know, read once and changing nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from switchover.domain.alarms import standing_alarms
from switchover.domain.checks.case import Surroundings
from switchover.domain.containers.properties import FILE_NAME as SERVING_PROPERTIES
from switchover.domain.fleet import Absent
from switchover.domain.naming import alarm_name
from switchover.domain.planning import choose_goal, name_target
from switchover.domain.plans.plan import Kind
from switchover.domain.policies.policy import Strategy
from switchover.domain.readings import Unmeasured
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from switchover.aws.artifacts import Artifacts
    from switchover.aws.cloudwatch import CloudWatch
    from switchover.aws.files import Files
    from switchover.aws.fleet_metrics import FleetMetrics
    from switchover.aws.ledger import Ledger
    from switchover.aws.roles import Roles
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.scaling import Quotas, Scaling
    from switchover.aws.topic import Topic
    from switchover.aws.usage import Fleets
    from switchover.domain.manifest import Manifest
    from switchover.domain.policies.policy import Policy
    from switchover.domain.update import Update

T = TypeVar("T")
# As ValidateModel reads of it.
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
) -> Surroundings:
    """Read policy, endpoint, live config and model, alarms, scaling, quota and what served before.

    A reading that no plan stands on may fail, and is then kept as unmeasured with AWS's words.

    Raises:
        ClientError: endpoint, config, model, alarms, policy or ledger can't be read.
    """
    endpoint = sagemaker.read(update.endpoint)
    effective = files.effective_policy(update)
    faults = effective if isinstance(effective, tuple) else ()
    sound = None if isinstance(effective, tuple) else effective
    golden, golden_files = _find_golden(files, update, sound.policy) if sound else (None, None)
    around = Surroundings(
        endpoint=endpoint,
        effective=sound,
        faults=faults,
        golden=golden,
        golden_files=golden_files,
        subscribers=_measure(lambda: topic.subscribers()),
        dashboard=dashboard,
        serving_properties=_read_properties(files, update),
    )
    if isinstance(endpoint, Absent):
        return around
    live = sagemaker.live_release(endpoint.config_name, endpoint.arn)
    served = ledger.served(update.endpoint)
    goal = choose_goal(update, endpoint, served)
    if goal is None and update.kind is Kind.ROLLBACK:
        # The way back may lead further back than most do.
        served = ledger.served(update.endpoint, newest=None)
        goal = choose_goal(update, endpoint, served)
    goal_live = sagemaker.live_release(goal.config_name) if goal else None
    images = endpoint.variants[0].images if endpoint.variants else ()
    around = replace(
        around,
        live=live,
        served=served,
        past=ledger.past(update.endpoint),
        goal=goal_live,
        endpoint_policy=_read_policy(sagemaker, update.endpoint, sound.policy if sound else None),
        live_artifacts=artifacts.read(live, images) if live else (),
        goal_artifacts=artifacts.read(goal_live) if goal_live else (),
    )
    if sound is None or live is None or not endpoint.variants:
        return around
    variant, policy = endpoint.variants[0].name, sound.policy
    standing = standing_alarms(policy.alarms, update.endpoint, variant)
    instance_type = live.config["ProductionVariants"][0].get("InstanceType")
    role = live.model.get("ExecutionRoleArn")
    latency = policy.alarms.latency
    guards = (
        alarm_name(update.endpoint, name_target(update, goal), "abort"),
        *policy.alarms.also,
    )
    where = endpoint.arn.replace(":sagemaker:", ":cloudwatch:").partition(":endpoint/")[0]
    arns = [f"{where}:alarm:{name}" for name in guards]
    return replace(
        around,
        alarms=cloudwatch.read((*(spec.name for spec in standing), *policy.alarms.also)),
        scaling=_measure(lambda: scaling.read(update.endpoint, variant)),
        quota_instances=(
            _measure(lambda: quotas.instances(instance_type)) if instance_type else None
        ),
        usage=(
            _measure(lambda: fleets.usage(instance_type, update.endpoint))
            if instance_type
            else None
        ),
        old_latency_us=(
            _measure(
                lambda: fleet_metrics.latency_us(endpoint, latency.statistic, endpoint.read_at)
            )
            if latency.versus_old is not None
            else None
        ),
        permission=_measure(lambda: roles.may_describe_alarms(role, arns)) if role else None,
    )


def _read_policy(
    sagemaker: SageMaker, endpoint: str, policy: Policy | None
) -> str | Unmeasured | None:
    """The endpoint's resource policy, where the endpoint is deleted and made anew."""
    if policy is None or policy.strategy is not Strategy.REDEPLOY:
        return None
    return _measure(lambda: sagemaker.endpoint_policy(endpoint))


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
    except (BotoCoreError, ClientError) as error:
        return Unmeasured(f"couldn't be read: {error}")
