"""A plan of the product, carried out by the twin: planned figures beside measured ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.support.samples import BUCKET, NOW, policy, release
from tests.support.staging import HARDWARE, Staging

from switchover.aws.cloudwatch import CloudWatch
from switchover.aws.sagemaker import SageMaker
from switchover.domain.fleet import Absent, EndpointReading
from switchover.domain.plans.release_plan import plan_release
from switchover_local.twin.scenario import Scenario, Switches, Timings

if TYPE_CHECKING:
    from switchover.domain.plans.experience import PastUpdate
    from switchover.domain.plans.plan import Plan
    from switchover.domain.reasons import Reason

ENDPOINT = "demo"
# What an instance needs once it is provisioned, by the default scenario: download 240, health check 60.
_LOAD_SECONDS = 300
# How often the state machine looks whether an endpoint is gone.
_LOOKS_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Played:
    """How an update went on the twin."""

    seconds: float
    peak_instances: int
    extra_instance_seconds: float
    status: str
    config_name: str
    shares: tuple[float, ...]
    """The new fleet's share of the serving instances, each time that it changed."""


def stand(
    instances: int,
    ready_seconds: int = 480,
    *,
    desired_instances: int | None = None,
    switches: Switches | None = None,
    **timings: float,
) -> Staging:
    """An endpoint at rest, whose new instances serve after `ready_seconds`; default: the twin's own."""
    scenario = Scenario(
        timings=Timings(provision_seconds=ready_seconds - _LOAD_SECONDS, **timings),
        quotas={HARDWARE: 10_000},
        switches=switches or Switches(),
    )
    staging = Staging(scenario)
    staging.create_config("v1", instances)
    staging.sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName="config-v1")
    staging.settle()
    if desired_instances is not None and desired_instances != instances:
        SageMaker(staging.sagemaker).set_instances(ENDPOINT, "main", desired_instances)
        staging.settle()
    return staging


def plan_on(
    staging: Staging,
    *,
    chosen: frozenset[str] = frozenset(),
    past: tuple[PastUpdate, ...] = (),
    model_bytes: int = 16_000_000_000,
    **values: Any,
) -> Plan | tuple[Reason, ...]:
    """The plan for that endpoint, made from what the twin answers."""
    gateway = SageMaker(staging.sagemaker)
    endpoint = gateway.read(ENDPOINT)
    assert isinstance(endpoint, EndpointReading)
    live = gateway.live_release(endpoint.config_name, endpoint.arn)
    assert live is not None
    files = [{"path": "model.safetensors", "bytes": model_bytes, "sha256": "0" * 64}]
    return plan_release(
        update_id="demo-v2-0a1b2c3d",
        started_at=NOW,
        release=release(endpoint=ENDPOINT, files=files),
        bucket=BUCKET,
        policy=policy(**values),
        live=live,
        variant=endpoint.variants[0],
        previous_version="v1",
        chosen=chosen,
        past=past,
    )


def play(staging: Staging, plan: Plan) -> Played:
    """Carry a plan out, as the product does, until the endpoint is at rest again."""
    gateway = SageMaker(staging.sagemaker)
    assert plan.target.model_request is not None
    assert plan.target.config_request is not None
    gateway.create(plan.target.model_request, plan.target.config_request)
    CloudWatch(staging.cloudwatch).ensure(plan.alarms.specs)
    began, since = staging.seconds, len(staging.twin.instances(ENDPOINT)) - 1
    usual = staging.twin.instances(ENDPOINT)[since].total
    if plan.deployment.request is None:
        gateway.delete_endpoint(ENDPOINT)
        staging.clock.advance(_LOOKS_SECONDS)
        while not isinstance(gateway.read(ENDPOINT), Absent):
            staging.clock.advance(_LOOKS_SECONDS)
        gateway.create_endpoint(ENDPOINT, plan.target.config, ())
        staging.settle()
        counts = staging.twin.instances(ENDPOINT)
    else:
        gateway.update_endpoint(
            ENDPOINT,
            plan.target.config,
            plan.deployment.request,
            retain_capacity=plan.deployment.retain_capacity,
        )
        staging.settle()
        counts = staging.twin.instances(ENDPOINT)[since:]
    described = staging.describe()
    return Played(
        seconds=staging.seconds - began,
        peak_instances=max(count.total for count in counts),
        extra_instance_seconds=sum(
            max(0, one.total - usual) * (two.at - one.at).total_seconds()
            for one, two in pairwise(counts)
        ),
        status=described["EndpointStatus"],
        config_name=described["EndpointConfigName"],
        shares=tuple(
            dict.fromkeys(
                count.new_serving / count.serving for count in counts if count.new_serving
            )
        ),
    )
