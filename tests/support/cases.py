"""Situations before an update: the input of planning and its checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.samples import endpoint, live_release, update

from switchover.domain.checks.case import Case, PlanInputs
from switchover.domain.policies.layers import EffectivePolicy, Layer, merge_policy

if TYPE_CHECKING:
    from switchover.domain.plans.plan import Plan
    from switchover.domain.reasons import Reason


def found(*, wishes: dict[str, Any] | None = None, **changes: Any) -> PlanInputs:
    """The sample endpoint at rest; `wishes` are what people set in the policy."""
    effective = merge_policy([Layer("file", wishes or {})])
    assert isinstance(effective, EffectivePolicy), effective
    return PlanInputs(
        **{
            "endpoint": endpoint(),
            "effective": effective,
            "live": live_release(),
            "quota_instances": 20,
            "goal": live_release(),
            **changes,
        }
    )


def case(
    *,
    planned: Plan | tuple[Reason, ...] | None = None,
    asked: dict[str, Any] | None = None,
    **changes: Any,
) -> Case:
    """The input of a check: `asked` changes the update, `changes` changes the findings."""
    return Case(update(**(asked or {})), found(**changes), planned)
