"""Quota and real capacity: two separate limits (rules §6)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Protocol

from switchover_local.twin.wire.refusals import resource_limit_exceeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .fleet import Fleet

CAPACITY_REASON = (
    "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
    "Please retry using a different ML instance type or after some time."
)


class QuotaBook(Protocol):
    """Knows the account's limit per instance type."""

    def limit(self, instance_type: str) -> int:
        """`ml.<type> for endpoint usage`."""


class Capacity:
    """Counts the instances in use against the account's quota and the capacity that exists."""

    def __init__(
        self,
        quotas: QuotaBook,
        real: Callable[[], Mapping[str, int]],
        fleets: Callable[[], Iterable[Fleet]],
    ) -> None:
        self._quotas = quotas
        self._real = real
        self._fleets = fleets

    def in_use(self) -> Counter[str]:
        """Instances that exist, by type."""
        used: Counter[str] = Counter()
        for fleet in self._fleets():
            used[fleet.spec.hardware] += fleet.total
        return used

    def check_quota(self, wanted: Mapping[str, int]) -> None:
        """Refuse more instances than the account's quota allows.

        Source of the text: "ResourceLimitExceeded" in the Developer Guide's troubleshooting of
        CreateEndpoint, and the same words in many public issues since 2023.
        """
        used = self.in_use()
        for hardware, delta in wanted.items():
            limit = self._quotas.limit(hardware)
            if delta > 0 and used[hardware] + delta > limit:
                raise resource_limit_exceeded(
                    f"The account-level service limit '{hardware} for endpoint usage' is {limit} "
                    f"Instances, with current utilization of {used[hardware]} Instances and a "
                    f"request delta of {delta} Instances. Please use AWS Service Quotas to "
                    "request an increase for this quota. If AWS Service Quotas is not available, "
                    "contact AWS support to request an increase for this quota."
                )

    def available(self, hardware: str) -> int | None:
        """How many more instances of a type exist right now; None = no limit."""
        real = self._real().get(hardware)
        return None if real is None else max(0, real - self.in_use()[hardware])
