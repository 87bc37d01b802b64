"""How many instances of each type the account's endpoints may use."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Limits:
    """The account's limits.

    Args:
        own: the limits that differ from the default, by instance type; read at each call.
        default: the limit of every other type.
    """

    def __init__(self, own: Callable[[], Mapping[str, int]], *, default: int = 20) -> None:
        self._own = own
        self.default = default
        self.listed_types: frozenset[str] | None = None
        """The instance types whose quotas are listed; None for all that SageMaker's model names."""

    def limit(self, instance_type: str) -> int:
        """How many instances of this type endpoints may use, all together."""
        return self._own().get(instance_type, self.default)

    def own_types(self) -> set[str]:
        """The instance types whose limit differs from the default."""
        return set(self._own())
