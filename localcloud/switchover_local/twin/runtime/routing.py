"""Routes a request to an instance: its route, latency, outcome and metrics."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from math import exp
from typing import TYPE_CHECKING, NamedTuple

from switchover_local.twin.cloudwatch.metrics import MetricId
from switchover_local.twin.wire.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from random import Random

    from switchover_local.twin.cloudwatch.metrics import MetricStore, Series
    from switchover_local.twin.sagemaker.endpoint import Endpoint, Variant
    from switchover_local.twin.sagemaker.endpoints import Endpoints
    from switchover_local.twin.sagemaker.fleet import Fleet
    from switchover_local.twin.sagemaker.world import World
    from switchover_local.twin.scenario import Behaviour

_NAMESPACE = "AWS/SageMaker"
_METRICS = (
    ("Invocations", "None"),
    ("ModelLatency", "Microseconds"),
    ("OverheadLatency", "Microseconds"),
    ("Invocation4XXErrors", "None"),
    ("Invocation5XXErrors", "None"),
    ("InvocationModelErrors", "None"),
    ("InvocationsPerInstance", "None"),
)
# The metrics of an asynchronous endpoint, in the same order; None where it publishes no such metric
# (Developer Guide, "Alarms and logs for tracking metrics from asynchronous endpoints").
_ASYNC_METRICS = (
    ("InvocationsProcessed", "None"),
    ("ModelLatency", "Microseconds"),
    None,
    ("Invocation4XXErrors", "None"),
    ("Invocation5XXErrors", "None"),
    ("InvocationFailures", "None"),
    None,
)
_REACHABLE = {"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"}


class Reply(NamedTuple):
    """The outcome of one request."""

    endpoint_name: str
    variant_name: str
    config_name: str
    model: str
    status: int
    latency_us: float
    text: str

    @property
    def is_error(self) -> bool:
        """Whether the container answered anything but 200."""
        return self.status != 200


@dataclass(frozen=True, slots=True)
class _Route:
    """A fleet that gets traffic, and the facts that a request to it needs."""

    endpoint_name: str
    variant_name: str
    config_name: str
    model: str
    behaviour: Behaviour
    share_of_one_instance: float
    series: tuple[tuple[tuple[int, Series], ...], ...]
    """One tuple per set of dimensions: each metric with its place in `_METRICS`."""


@dataclass(frozen=True, slots=True)
class _RoutingTable:
    endpoint: Endpoint
    version: tuple[int, int]
    routes: tuple[_Route, ...]
    bounds: tuple[float, ...]
    """Cumulative share of the traffic at which each route ends; the last one is 1."""


class Router:
    """Sends requests to the serving instances; the chance of each is its share of the traffic."""

    def __init__(
        self,
        world: World,
        endpoints: Endpoints,
        store: MetricStore,
        random: Random,
        scenario_version: Callable[[], int],
    ) -> None:
        self._world = world
        self._endpoints = endpoints
        self._store = store
        self._random = random
        self._scenario_version = scenario_version
        self._tables: dict[tuple[str, str | None], _RoutingTable] = {}

    def invoke(
        self, endpoint_name: str, at: datetime | None = None, target_variant: str | None = None
    ) -> Reply:
        """Send one request to the endpoint, and record its metrics.

        A container's error is a reply too; the protocol layer turns it into a ModelError.

        Raises:
            Refusal: no such endpoint or variant, or nothing serves.
        """
        table = self._table(endpoint_name, target_variant)
        draw = self._random.random
        route = table.routes[bisect_right(table.bounds, draw())]
        behaviour = route.behaviour
        latency_us = behaviour.latency_us * exp(self._random.gauss(0.0, behaviour.latency_spread))
        luck = draw()
        if luck < behaviour.server_error_rate:
            status = 500
        elif luck < behaviour.server_error_rate + behaviour.client_error_rate:
            status = 400
        else:
            status = 200
        self._measure(route, at or self._world.clock.now(), status, latency_us)
        text = behaviour.reply
        if text is None:
            text = f"This is {route.model}."
        return Reply(
            endpoint_name, route.variant_name, route.config_name, route.model, status,
            latency_us, text,
        )  # fmt: skip

    def shares(self, endpoint_name: str) -> dict[str, float]:
        """How much of the traffic each config gets; adds up to 1."""
        table = self._table(endpoint_name, None)
        shares: dict[str, float] = {}
        start = 0.0
        for route, end in zip(table.routes, table.bounds, strict=True):
            shares[route.config_name] = shares.get(route.config_name, 0.0) + end - start
            start = end
        return shares

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name, if it can be invoked; the case of the name must match.

        Source: CreateEndpoint, EndpointName: "the case is preserved and must be matched in
        InvokeEndpoint".
        """
        endpoint = self._endpoints.find(name)
        if endpoint is None or endpoint.status not in _REACHABLE:
            account = self._world.scenario.account
            raise Refusal("ValidationError", f"Endpoint {name} of account {account} not found.")
        return endpoint

    def _measure(self, route: _Route, at: datetime, status: int, latency_us: float) -> None:
        values = (
            1.0,
            latency_us,
            route.behaviour.overhead_us,
            1.0 if status == 400 else 0.0,
            1.0 if status == 500 else 0.0,
            0.0 if status == 200 else 1.0,
            route.share_of_one_instance,
        )
        second = int(at.timestamp())
        for series in route.series:
            for place, metric in series:
                metric.record_in_second(second, values[place])

    def _table(self, endpoint_name: str, target_variant: str | None) -> _RoutingTable:
        endpoint = self.endpoint(endpoint_name)
        version = (endpoint.version, self._scenario_version())
        table = self._tables.get((endpoint_name, target_variant))
        # The version counter of an endpoint that was deleted and made again starts at the beginning.
        if table is None or table.endpoint is not endpoint or table.version != version:
            table = self._draw_table(endpoint, target_variant, version)
            self._tables[endpoint_name, target_variant] = table
        return table

    def _draw_table(
        self, endpoint: Endpoint, target_variant: str | None, version: tuple[int, int]
    ) -> _RoutingTable:
        fleets = [
            fleet
            for fleet in endpoint.every_fleet()
            if fleet.serving and target_variant in {None, fleet.spec.variant_name}
        ]
        shares = _traffic_shares(endpoint, fleets)
        total = sum(shares)
        if not total and target_variant not in {None, *_variants_of(endpoint)}:
            # That it must exist follows from "the production variant to send the inference request
            # to"; AWS's words for it aren't known.
            message = f"Variant {target_variant} of endpoint {endpoint.name} not found."
            raise Refusal("ValidationError", message)
        if not total:
            raise Refusal("ServiceUnavailable", "The service is currently unavailable.", status=503)
        bounds = [bound / total for bound in accumulate(shares)]
        bounds[-1] = 1.0
        routes = tuple(self._route(endpoint, fleet, fleets) for fleet in fleets)
        return _RoutingTable(endpoint, version, routes, tuple(bounds))

    def _route(self, endpoint: Endpoint, fleet: Fleet, fleets: Sequence[Fleet]) -> _Route:
        variant = fleet.spec.variant_name
        model = fleet.config.models.get(variant)
        serving = sum(other.serving for other in fleets if other.spec.variant_name == variant)
        base = {"EndpointName": endpoint.name, "VariantName": variant}
        return _Route(
            endpoint.name,
            variant,
            fleet.config.name,
            model.label if model is not None else variant,
            self._world.behaviour_of(fleet),
            1.0 / serving,
            # Whether asynchronous endpoints publish by config too isn't documented.
            (self._series(base, _ASYNC_METRICS),)
            if endpoint.config.is_async
            else (
                self._series(base, _METRICS),
                self._series({**base, "EndpointConfigName": fleet.config.name}, _METRICS),
            ),
        )

    def _series(
        self, dimensions: dict[str, str], metrics: Sequence[tuple[str, str] | None]
    ) -> tuple[tuple[int, Series], ...]:
        return tuple(
            (
                place,
                self._store.series(MetricId.of(_NAMESPACE, metric[0], dimensions), unit=metric[1]),
            )
            for place, metric in enumerate(metrics)
            if metric is not None
        )


def _traffic_shares(endpoint: Endpoint, fleets: Sequence[Fleet]) -> list[float]:
    """Each variant gets its weight's share, each fleet its instances' share of that."""
    variants = _variants_of(endpoint)
    serving: dict[str, int] = {}
    for fleet in fleets:
        name = fleet.spec.variant_name
        serving[name] = serving.get(name, 0) + fleet.serving
    if len(serving) == 1:  # a weight of 0 only matters beside other variants
        return [float(fleet.serving) for fleet in fleets]
    return [
        variants[fleet.spec.variant_name].weight * fleet.serving / serving[fleet.spec.variant_name]
        for fleet in fleets
    ]


def _variants_of(endpoint: Endpoint) -> dict[str, Variant]:
    pending = {} if endpoint.pending is None else endpoint.pending.variants
    return pending | endpoint.variants
