"""The interface of endpoints for Application Auto Scaling."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from switchover_local.twin.wire.refusals import Refusal

from .specs import DesiredCapacity

if TYPE_CHECKING:
    from collections.abc import Callable

    from .endpoints import Endpoints


class ScaledVariants:
    """The variants of every endpoint.

    Args:
        endpoints: gives the endpoints, which are made after the scaling that resizes them.
    """

    def __init__(self, endpoints: Callable[[], Endpoints]) -> None:
        self._endpoints = endpoints

    def has_variant(self, endpoint: str, variant: str) -> bool:
        """Whether there is such a variant."""
        found = self._endpoints().find(endpoint)
        return found is not None and variant in found.variants

    def raise_instances(self, endpoint: str, variant: str, at_least: int) -> None:
        """Bring the variant up to `at_least` instances, if it is InService and has fewer."""
        found = self._endpoints().find(endpoint)
        if found is None or found.status != "InService":
            return
        if found.variants[variant].desired_count < at_least:
            wish = DesiredCapacity(variant_name=variant, desired_instance_count=at_least)
            with suppress(Refusal):  # no quota: the variant stays as it is, as on AWS
                self._endpoints().resize(endpoint, [wish])
