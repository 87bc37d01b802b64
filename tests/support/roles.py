"""IAM as far as the product asks it: whether a role may do something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(slots=True)
class RoleSimulator:
    """Simulates every role's policies alike: they allow everything, or nothing."""

    allows: bool = True

    def get_role(self, *, RoleName: str) -> dict[str, Any]:  # noqa: N803 - AWS's name
        """Every role exists."""
        return {"Role": {"RoleName": RoleName}}

    def get_paginator(self, _operation: str) -> RoleSimulator:
        """There is one page, and one operation that the product asks for."""
        return self

    def paginate(self, *, ResourceArns: list[str], **_asked: Any) -> Iterator[dict[str, Any]]:  # noqa: N803 - AWS's name
        """One decision for each resource."""
        decision = "allowed" if self.allows else "implicitDeny"
        yield {
            "EvaluationResults": [
                {"EvalResourceName": arn, "EvalDecision": decision} for arn in ResourceArns
            ]
        }
