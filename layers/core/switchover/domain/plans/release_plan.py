"""The plan of a release: every number of the way from what serves to the release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.containers.choosing import direct_container
from switchover.domain.naming import config_name
from switchover.domain.plans.alarms import (
    MOST_LISTED,
    Scope,
    bound_latency,
    publish_seconds,
    see_metrics,
    standing_alarms,
    update_alarms,
)
from switchover.domain.plans.cloning import clone_config, clone_model, tag_origin
from switchover.domain.plans.deployment import deployment_config
from switchover.domain.plans.experience import PastUpdate, resolve_ready
from switchover.domain.plans.fitting import Conditions, Fitted, fit
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.plans.routing import note_routing, routing_of
from switchover.domain.plans.timeline import (
    duration_seconds,
    extra_instance_seconds,
    peak_instances,
    phases_of,
    rollback_peak_instances,
    worst_seconds,
)
from switchover.domain.policies.choices import Strategy, Weights
from switchover.domain.policies.sections import Guard

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.fleet import LiveRelease, VariantReading
    from switchover.domain.policies.policy import Policy
    from switchover.domain.readings import Unmeasured
    from switchover.domain.reasons import Reason
    from switchover.domain.release import Release

_ARCHIVE = ".tar.gz"


def plan_release(
    *,
    update_id: str,
    started_at: datetime,
    release: Release,
    bucket: str,
    policy: Policy,
    live: LiveRelease,
    variant: VariantReading,
    previous_version: str,
    chosen: frozenset[str] = frozenset(),
    past: tuple[PastUpdate, ...] = (),
    old_latency_us: float | Unmeasured | None = None,
    excluded_alarms: tuple[str, ...] = (),
    container: int = 0,
    endpoint_policy: str | None = None,
) -> Plan | tuple[Reason, ...]:
    """Fix every number of an update to `release`, or say why it can't work and what would.

    The model's container at index `container` gets the release. `endpoint_policy` is the endpoint's
    resource policy, which is deleted with it.
    `chosen` are the dotted policy keys that people set: the others may be adapted. `past` is what
    earlier updates of the endpoint taught. `old_latency_us` is what `alarms.latency.versus_old` is
    measured by.
    """
    described = live.config["ProductionVariants"][0]
    during = policy.capacity.during
    redeploys = policy.strategy is Strategy.REDEPLOY
    ready = resolve_ready(
        policy.ready_seconds, past, described["InstanceType"], release.total_bytes
    )
    conditions = Conditions(
        instances=max(variant.desired_instances, during.min if during else 0),
        configured_instances=described["InitialInstanceCount"],
        ready=ready,
        published_every=publish_seconds(live.config),
    )
    fitted = fit(policy, chosen, conditions)
    if not isinstance(fitted, Fitted):
        return fitted
    pace, deadline = fitted.pace, fitted.deadline_seconds
    phases = phases_of(pace, ready.seconds)
    target = config_name(release.endpoint, release.model.version, update_id, started_at)
    standing = standing_alarms(
        see_metrics(policy.alarms, conditions.published_every), release.endpoint, variant.name
    )
    latency, latency_notes = bound_latency(
        fitted.alarms.latency, chosen, old_latency_us, previous_version
    )
    guarding = fitted.alarms.model_copy(update={"latency": latency})
    own_alarms = update_alarms(guarding, release.endpoint, variant.name, target)
    named = dict.fromkeys((*(spec.name for spec in own_alarms), *policy.alarms.also))
    guards = tuple(name for name in named if name not in excluded_alarms)
    listed = guards[:MOST_LISTED]
    uri, is_archive = model_location(release, bucket)
    return Plan(
        kind=Kind.RELEASE,
        endpoint=release.endpoint,
        version=release.model.version,
        variant=variant.name,
        instance_type=described["InstanceType"],
        target_config=target,
        target_model=target,
        previous_config=live.config["EndpointConfigName"],
        previous_model=live.model["ModelName"],
        previous_version=previous_version,
        model_request=tag_origin(
            clone_model(
                live,
                target,
                uri,
                is_archive=is_archive,
                container=container,
                sets_weights=policy.weights is Weights.RELEASE,
            ),
            update_id,
            live.config["EndpointConfigName"],
        ),
        config_request=tag_origin(
            clone_config(live, target, target, instances=pace.instances if redeploys else None),
            update_id,
            live.config["EndpointConfigName"],
        ),
        deployment_config=deployment_config(pace, deadline, listed),
        retain_capacity=policy.retain_capacity,
        allows_downtime=redeploys and policy.allow_downtime,
        pace=pace,
        phases=phases,
        ready_seconds=ready.seconds,
        ready_source=ready.source,
        expected_seconds=duration_seconds(phases),
        worst_seconds=worst_seconds(pace, ready.seconds, deadline, policy.watch_seconds),
        deadline_seconds=deadline,
        peak_instances=peak_instances(phases),
        rollback_peak_instances=rollback_peak_instances(pace, phases),
        extra_instance_seconds=extra_instance_seconds(phases, variant.desired_instances),
        first_share=pace.first_share,
        alarms=(*standing, *own_alarms),
        listed_alarms=listed,
        watched_alarms=guards[MOST_LISTED:],
        excluded_alarms=excluded_alarms,
        notes=(*fitted.notes, *latency_notes, *note_routing(routing_of(described))),
        abort_alarm=next(spec.name for spec in own_alarms if spec.scope is Scope.ABORT),
        # Where nothing bakes, nothing is proven anyway.
        guard=policy.guard if pace.guarded_seconds else Guard(min_requests=0),
        golden=policy.tests.golden,
        golden_latency_seconds=policy.tests.latency_seconds,
        golden_warm_up=policy.tests.warm_up,
        golden_at_once=policy.tests.at_once,
        identity=policy.tests.identity.of_release(release) if policy.tests.identity else None,
        target_container=direct_container(live.model, container),
        routing=routing_of(described),
        watch_seconds=policy.watch_seconds,
        needs_approval=policy.approval.required,
        needs_promotion=policy.approval.promotion,
        four_eyes=policy.approval.four_eyes,
        capacity_during=(during.min, during.max) if during else None,
        endpoint_tags=live.endpoint_tags,
        endpoint_policy=endpoint_policy if redeploys else None,
    )


def model_location(release: Release, bucket: str) -> tuple[str, bool]:
    """The S3 URI that the model will be made from, and whether it is one archive."""
    if len(release.files) == 1 and release.files[0].path.endswith(_ARCHIVE):
        return f"s3://{bucket}/{release.prefix}{release.files[0].path}", True
    return f"s3://{bucket}/{release.prefix}", False
