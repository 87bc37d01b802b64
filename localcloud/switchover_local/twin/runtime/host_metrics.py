"""The metrics that instances themselves report each minute: `/aws/sagemaker/Endpoints` (rules §4)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

    from switchover_local.twin.cloudwatch.metrics import MetricStore
    from switchover_local.twin.sagemaker.endpoint import Endpoint
    from switchover_local.twin.sagemaker.fleet import Fleet
    from switchover_local.twin.sagemaker.world import World

_NAMESPACE = "/aws/sagemaker/Endpoints"
_SIZE = re.compile(r"^ml\.(?P<family>[a-z0-9-]+)\.(?P<times>\d*)(?P<size>[a-z]+)$")
# GPUs per instance of the families that serve models; source: EC2's accelerated computing types.
_GPUS = {
    "g4dn": {"12xlarge": 4},
    "g5": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g6": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "g6e": {"12xlarge": 4, "24xlarge": 4, "48xlarge": 8},
    "p4d": {"24xlarge": 8},
    "p4de": {"24xlarge": 8},
    "p5": {"48xlarge": 8},
    "p5e": {"48xlarge": 8},
    "p5en": {"48xlarge": 8},
}
_CPU_PERCENT, _MEMORY_PERCENT, _DISK_PERCENT = 30.0, 40.0, 35.0
_WOBBLE = 0.05


def gpu_count(instance_type: str) -> int:
    """GPUs in an instance; a GPU family's sizes that aren't listed have one."""
    match = _SIZE.match(instance_type)
    if match is None or match["family"] not in _GPUS:
        return 0
    return _GPUS[match["family"]].get(f"{match['times']}{match['size']}", 1)


def cpu_count(instance_type: str) -> int:
    """Virtual CPUs in an instance: an xlarge has 4, an N-xlarge 4 N."""
    match = _SIZE.match(instance_type)
    if match is None or match["size"] != "xlarge":
        return 2
    return 4 * int(match["times"] or 1)


def record_host_metrics(
    world: World, store: MetricStore, random: Random, endpoint: Endpoint, at: datetime
) -> None:
    """Record the minute's utilisation of every serving instance of an endpoint."""
    for fleet in endpoint.every_fleet():
        if not fleet.serving or fleet.spec.is_serverless:
            continue
        base = {"EndpointName": endpoint.name, "VariantName": fleet.spec.variant_name}
        sets = [base]
        if world.scenario.switches.gpu_metrics_by_config:
            sets.append({**base, "EndpointConfigName": fleet.config.name})
        wobble = 1 + random.uniform(-_WOBBLE, _WOBBLE)
        for name, percent in _utilisation(world, fleet).items():
            for dimensions in sets:
                store.record(_NAMESPACE, name, dimensions, percent * wobble, at, unit="Percent")


def _utilisation(world: World, fleet: Fleet) -> dict[str, float]:
    behaviour = world.behaviour_of(fleet)
    gpus, cpus = gpu_count(fleet.spec.hardware), cpu_count(fleet.spec.hardware)
    percent = {
        "CPUUtilization": _CPU_PERCENT * cpus,
        "MemoryUtilization": _MEMORY_PERCENT,
        "DiskUtilization": _DISK_PERCENT,
    }
    if gpus:
        percent["GPUUtilization"] = behaviour.gpu_utilization_percent * gpus
        percent["GPUMemoryUtilization"] = behaviour.gpu_memory_percent * gpus
    return percent
