"""Everything that a plan needs to know, read once and changing nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.alarms import standing_alarms
from switchover.domain.fleet import Absent, EndpointReading
from switchover.domain.preflight import Surroundings
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from switchover.aws.cloudwatch import CloudWatch
    from switchover.aws.files import Files
    from switchover.aws.ledger import Ledger
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.scaling import Quotas
    from switchover.domain.policy import Policy
    from switchover.domain.update import Update


def survey(
    update: Update,
    *,
    sagemaker: SageMaker,
    cloudwatch: CloudWatch,
    quotas: Quotas,
    files: Files,
    ledger: Ledger,
) -> Surroundings:
    """Read policy, endpoint, live config and model, alarms, quota and what served before."""
    endpoint = sagemaker.read(update.endpoint)
    live = (
        sagemaker.live_release(endpoint.config_name, endpoint.arn)
        if isinstance(endpoint, EndpointReading)
        else None
    )
    effective = files.effective_policy(update)
    if isinstance(effective, tuple):
        return Surroundings(endpoint=endpoint, live=live, faults=effective)
    policy = effective.policy
    faults = _golden_faults(files, update, policy)
    if isinstance(endpoint, Absent):
        return Surroundings(endpoint=endpoint, policy=policy, faults=faults)
    variant = endpoint.variants[0].name if endpoint.variants else ""
    standing = standing_alarms(policy.alarms, update.endpoint, variant)
    names = (*(spec.name for spec in standing), *policy.alarms.also)
    instance_type = live.config["ProductionVariants"][0].get("InstanceType") if live else None
    return Surroundings(
        endpoint=endpoint,
        policy=policy,
        live=live,
        alarms=cloudwatch.read(names),
        quota_instances=quotas.instances(instance_type) if instance_type else None,
        faults=faults,
        served=ledger.served(update.endpoint),
    )


def _golden_faults(files: Files, update: Update, policy: Policy) -> tuple[Reason, ...]:
    if policy.tests.golden is None:
        return ()
    golden = files.golden_requests(update.bucket, policy.tests.golden)
    return tuple(entry for entry in golden if isinstance(entry, Reason))
