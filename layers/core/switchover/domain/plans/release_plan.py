"""The plan of a release: every number of the update from the serving config to the release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.containers.choosing import direct_container
from switchover.domain.naming import config_name
from switchover.domain.plans.alarms import bound_latency, standing_alarms, update_alarms
from switchover.domain.plans.cloning import clone_config, clone_model, tag_origin
from switchover.domain.plans.deployment import deployment_config
from switchover.domain.plans.detection import publish_seconds, see_metrics
from switchover.domain.plans.estimate import estimate_capacity, estimate_times
from switchover.domain.plans.experience import PastUpdate, resolve_ready
from switchover.domain.plans.fitting import Conditions, Fitted, fit
from switchover.domain.plans.groups import (
    ApprovalNeeds,
    Deployment,
    Destination,
    GoldenTests,
    Previous,
    Target,
    choose_alarms,
)
from switchover.domain.plans.plan import Kind, Plan
from switchover.domain.plans.routing import note_routing, routing_of
from switchover.domain.policies.choices import Strategy, Weights
from switchover.domain.policies.sections import Guard

if TYPE_CHECKING:
    from datetime import datetime

    from switchover.domain.fleet import LiveRelease, VariantReading
    from switchover.domain.policies.policy import Policy
    from switchover.domain.policies.sections import Tests
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
    """Fix every number of an update to `release`, or return the reasons why it can't work, with remedies.

    The model's container at index `container` gets the release. `endpoint_policy` is the endpoint's
    resource policy, which is deleted with the endpoint. `chosen` are the dotted policy keys that
    people set; the others may be adapted. `past` are the measurements of the endpoint's earlier
    updates. `old_latency_us` is the latency to which `alarms.latency.versus_old` refers.
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
    pace = fitted.pace
    times = estimate_times(pace, ready, fitted.deadline_seconds, policy.watch_seconds)
    name = config_name(release.endpoint, release.model.version, update_id, started_at)
    latency, latency_notes = bound_latency(
        fitted.alarms.latency, chosen, old_latency_us, previous_version
    )
    alarms = choose_alarms(
        standing_alarms(
            see_metrics(policy.alarms, conditions.published_every), release.endpoint, variant.name
        ),
        update_alarms(
            fitted.alarms.model_copy(update={"latency": latency}),
            release.endpoint,
            variant.name,
            name,
        ),
        also=policy.alarms.also,
        excluded=excluded_alarms,
    )
    uri, is_archive = model_location(release, bucket)
    previous = Previous(
        version=previous_version,
        config=live.config["EndpointConfigName"],
        model=live.model["ModelName"],
    )
    model_request = clone_model(
        live,
        name,
        uri,
        is_archive=is_archive,
        container=container,
        sets_weights=policy.weights is Weights.RELEASE,
    )
    config_request = clone_config(live, name, name, instances=pace.instances if redeploys else None)
    routing = routing_of(described)
    return Plan(
        kind=Kind.RELEASE,
        endpoint=release.endpoint,
        target=Target(
            version=release.model.version,
            config=name,
            model=name,
            instance_type=described["InstanceType"],
            model_request=tag_origin(model_request, update_id, previous.config),
            config_request=tag_origin(config_request, update_id, previous.config),
        ),
        previous=previous,
        destination=Destination(
            variant=variant.name,
            container=direct_container(live.model, container),
            routing=routing,
            tags=live.endpoint_tags,
            resource_policy=endpoint_policy if redeploys else None,
        ),
        deployment=Deployment(
            pace=pace,
            first_share=pace.first_share,
            request=deployment_config(pace, times.deadline_seconds, alarms.listed),
            retain_capacity=policy.retain_capacity,
            allows_downtime=redeploys and policy.allow_downtime,
        ),
        times=times,
        capacity=estimate_capacity(
            pace,
            times.phases,
            variant.desired_instances,
            during=(during.min, during.max) if during else None,
        ),
        alarms=alarms,
        # Without a bake nothing is proven anyway.
        guard=policy.guard if pace.guarded_seconds else Guard(min_requests=0),
        tests=_tests_of(policy.tests, release),
        approval=ApprovalNeeds(
            required=policy.approval.required,
            promotion=policy.approval.promotion,
            four_eyes=policy.approval.four_eyes,
        ),
        notes=(*fitted.notes, *latency_notes, *note_routing(routing)),
    )


def _tests_of(asked: Tests, release: Release) -> GoldenTests:
    return GoldenTests(
        golden=asked.golden,
        latency_seconds=asked.latency_seconds,
        warm_up=asked.warm_up,
        at_once=asked.at_once,
        identity=asked.identity.of_release(release) if asked.identity else None,
    )


def model_location(release: Release, bucket: str) -> tuple[str, bool]:
    """The S3 URI of the model's data, and whether it is one archive."""
    if len(release.files) == 1 and release.files[0].path.endswith(_ARCHIVE):
        return f"s3://{bucket}/{release.prefix}{release.files[0].path}", True
    return f"s3://{bucket}/{release.prefix}", False
