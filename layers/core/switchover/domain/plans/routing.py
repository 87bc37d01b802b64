"""How a variant routes requests to instances, and the effect on requests sent by the guard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# API Reference, ProductionVariantRoutingConfig: by the first bytes of the request's body.
BY_PREFIX = "PREFIX_AWARE"
# The same: by the start of the prompt that an instance holds in its cache.
_BY_CACHE = "KV_AWARE"


def routing_of(variant: Mapping[str, Any]) -> str:
    """The routing strategy of a described variant; empty for SageMaker's default."""
    return str(variant.get("RoutingConfig", {}).get("RoutingStrategy", ""))


def keeps_to_instances(routing: str) -> bool:
    """Whether similar requests go to the same instance, so that they may never reach the new fleet."""
    return routing in {BY_PREFIX, _BY_CACHE}


def note_routing(routing: str) -> Iterator[str]:
    """Note a routing strategy that makes a bake less reliable."""
    if routing == BY_PREFIX:
        yield (
            f"Routing is {routing}: similar requests go to one instance. Golden chats that are"
            " sent as traffic begin differently each time; bodies of your own can't. The new"
            " fleet's share of the traffic isn't its share of the instances."
        )
    elif routing == _BY_CACHE:
        yield (
            f"Routing is {routing}: a prompt goes to the instance that answered it before, and so"
            " rather to the old fleet. Few requests may reach the new fleet during its bake; only"
            " these are counted."
        )
