"""ARNs and identifiers, always the same ones for the same run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import UUID

if TYPE_CHECKING:
    from random import Random

Kind = Literal["endpoint", "endpoint-config", "model"]


@dataclass(frozen=True, slots=True)
class Naming:
    """Names things the way one account in one region does."""

    region: str
    account: str

    def arn(self, kind: Kind, name: str) -> str:
        """The ARN of a SageMaker resource; SageMaker puts names in it in lower case."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:{kind}/{name.lower()}"


def next_id(random: Random) -> str:
    """A request or event id drawn from the run's own randomness."""
    return str(UUID(int=random.getrandbits(128), version=4))
