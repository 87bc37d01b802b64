"""ARNs and identifiers, always the same ones for the same run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, Protocol, TypeVar
from uuid import UUID

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from switchover_local.twin.scenario import Switches

Kind = Literal["endpoint", "endpoint-config", "model"]


@dataclass(frozen=True, slots=True)
class Naming:
    """Names for the resources of one account in one region."""

    region: str
    account: str

    def arn(self, kind: Kind, name: str) -> str:
        """The ARN of a SageMaker resource; SageMaker puts names in it in lower case."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:{kind}/{name.lower()}"


class Named(Protocol):
    """A resource with a name of its own among its kind."""

    @property
    def name(self) -> str:
        """The name, in the case that it was created with."""


NamedT = TypeVar("NamedT", bound=Named)


class NameBook(Generic[NamedT]):
    """Resources of one kind by name, of which no two differ in case only.

    Source: CreateEndpoint, EndpointName: "The name is case-insensitive in CreateEndpoint, but the case is
    preserved"; models and configs follow, since ARNs hold names in lower case. Whether other calls
    find a resource by its name in another case isn't said: `Switches.names_match_case`.
    """

    def __init__(self, switches: Callable[[], Switches]) -> None:
        self._switches = switches
        self._by_name: dict[str, NamedT] = {}

    def is_taken(self, name: str) -> bool:
        """Whether the name is already used."""
        return name.lower() in self._by_name

    def find(self, name: str) -> NamedT | None:
        """The resource that a control plane call finds by this name."""
        found = self._by_name.get(name.lower())
        if found is not None and self._switches().names_match_case and found.name != name:
            return None
        return found

    def add(self, named: NamedT) -> None:
        """Add a resource."""
        self._by_name[named.name.lower()] = named

    def remove(self, named: NamedT) -> NamedT:
        """Remove a resource."""
        return self._by_name.pop(named.name.lower())

    def all(self) -> list[NamedT]:
        """Each of them, in the order of creation."""
        return list(self._by_name.values())


def next_id(random: Random) -> str:
    """A request or event id drawn from the run's own randomness."""
    return str(UUID(int=random.getrandbits(128), version=4))
