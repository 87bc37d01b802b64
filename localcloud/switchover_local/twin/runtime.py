"""SageMaker Runtime: who answers a request, how long that takes, and what is measured of it."""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from math import exp
from typing import TYPE_CHECKING, Any

from .metrics import MetricId
from .naming import next_id
from .refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from random import Random

    from .endpoint import Endpoint
    from .endpoints import Endpoints
    from .fleet import Fleet
    from .metrics import MetricStore, Series
    from .scenario import Behaviour
    from .world import World

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
# In the same order, by what an asynchronous endpoint publishes of a request; nothing stands for the rest
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
_CHUNKS_PER_STREAM = 4


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one request."""

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
    """A fleet that traffic reaches, with everything a request to it needs at hand."""

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
    version: tuple[int, int]
    routes: tuple[_Route, ...]
    bounds: tuple[float, ...]
    """Cumulative share of the traffic at which each route ends; the last one is 1."""


class Router:
    """Sends requests to the instances that serve, each as likely as its share of them."""

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
        """Have the endpoint answer one request, and measure it.

        A container's error is a reply too; the protocol layer makes a ModelError of it.

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

    def is_async(self, endpoint_name: str) -> bool:
        """Whether there is such an endpoint, and it takes InvokeEndpointAsync only."""
        endpoint = self._endpoints.find(endpoint_name)
        return endpoint is not None and endpoint.config.is_async

    def asks_one_container(self, endpoint_name: str) -> bool:
        """Whether requests must name a container: its model runs them one by one."""
        endpoint = self._endpoints.find(endpoint_name)
        models = endpoint.config.models.values() if endpoint is not None else ()
        modes = (model.request.get("InferenceExecutionConfig") for model in models)
        return any(isinstance(mode, dict) and mode.get("Mode") == "Direct" for mode in modes)

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
        for series in route.series:
            for place, metric in series:
                metric.record(values[place], at)

    def _table(self, endpoint_name: str, target_variant: str | None) -> _RoutingTable:
        endpoint = self._endpoints.find(endpoint_name)
        if endpoint is None or endpoint.status not in _REACHABLE:
            raise Refusal(
                "ValidationError",
                f"Endpoint {endpoint_name} of account {self._world.scenario.account} not found.",
            )
        version = (endpoint.version, self._scenario_version())
        table = self._tables.get((endpoint_name, target_variant))
        if table is None or table.version != version:
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
        if not total:
            raise Refusal("ServiceUnavailable", "The service is currently unavailable.", status=503)
        bounds = [bound / total for bound in accumulate(shares)]
        bounds[-1] = 1.0
        routes = tuple(self._route(endpoint, fleet, fleets) for fleet in fleets)
        return _RoutingTable(version, routes, tuple(bounds))

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
    variants = dict(endpoint.variants)
    if endpoint.pending is not None:
        variants = endpoint.pending.variants | variants
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


class SageMakerRuntime:
    """The data plane as a service object."""

    def __init__(self, router: Router, clock_now: Callable[[], datetime], random: Random) -> None:
        self._router = router
        self._now = clock_now
        self._random = random

    def invoke_endpoint(self, params: dict[str, Any]) -> dict[str, Any]:
        """InvokeEndpoint: an OpenAI-style chat completion, whatever the question was."""
        reply = self._invoke(params)
        return {
            "Body": json.dumps(self._completion(reply)).encode(),
            "ContentType": "application/json",
            "InvokedProductionVariant": reply.variant_name,
            "CustomAttributes": params.get("CustomAttributes"),
            "HoldSeconds": reply.latency_us / 1e6,
        }

    def invoke_endpoint_with_response_stream(self, params: dict[str, Any]) -> dict[str, Any]:
        """InvokeEndpointWithResponseStream: the same reply as server-sent events."""
        reply = self._invoke(params)
        pieces = _cut(reply.text, _CHUNKS_PER_STREAM)
        chunks = [json.dumps(self._chunk(reply, piece)) for piece in pieces]
        return {
            "Body": [f"data: {chunk}\n\n".encode() for chunk in (*chunks, "[DONE]")],
            "ContentType": "text/event-stream",
            "InvokedProductionVariant": reply.variant_name,
            "CustomAttributes": params.get("CustomAttributes"),
            "HoldSeconds": reply.latency_us / 1e6,
        }

    def _invoke(self, params: dict[str, Any]) -> Reply:
        if self._router.is_async(params["EndpointName"]):
            # A ValidationError was reported (strands-agents/harness-sdk #1969), its words were not.
            raise Refusal(
                "ValidationError",
                f"Endpoint {params['EndpointName']} is asynchronous: use InvokeEndpointAsync.",
            )
        is_named = "TargetContainerHostname" in params
        if self._router.asks_one_container(params["EndpointName"]) and not is_named:
            # That it is required is documented ("Invoke a multi-container endpoint with direct
            # invocation"); the words are not.
            raise Refusal("ValidationError", "TargetContainerHostname must be specified.")
        reply = self._router.invoke(
            params["EndpointName"], target_variant=params.get("TargetVariant")
        )
        if reply.is_error:
            raise model_error(reply)
        return reply

    def _completion(self, reply: Reply) -> dict[str, Any]:
        words = len(reply.text.split())
        return self._envelope(reply, "chat.completion") | {
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": reply.text},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 0, "completion_tokens": words, "total_tokens": words},
        }

    def _chunk(self, reply: Reply, piece: str) -> dict[str, Any]:
        choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
        return self._envelope(reply, "chat.completion.chunk") | {"choices": [choice]}

    def _envelope(self, reply: Reply, kind: str) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{next_id(self._random)}",
            "object": kind,
            "created": int(self._now().timestamp()),
            "model": reply.model,
        }


def model_error(reply: Reply) -> Refusal:
    """What InvokeEndpoint answers when the container fails: 424, with the container's own words."""
    original = json.dumps({"error": f"{reply.model} failed"})
    fault = "server" if reply.status >= 500 else "client"
    log = f"/aws/sagemaker/Endpoints/{reply.endpoint_name}"
    return Refusal(
        "ModelError",
        f'Received {fault} error ({reply.status}) from primary with message "{original}". '
        f"See the log group {log} for more information.",
        status=424,
        members={
            "OriginalStatusCode": reply.status,
            "OriginalMessage": original,
            "LogStreamArn": log,
        },
    )


def _cut(text: str, pieces: int) -> list[str]:
    size = max(1, -(-len(text) // pieces))
    return [text[start : start + size] for start in range(0, len(text), size)] or [""]
