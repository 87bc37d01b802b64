"""The world and the updates of the season that test_stack_outcomes.py plays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchover.domain.outcome import Outcome
from switchover_local.twin.scenario import (
    Behaviour,
    ModelBehaviour,
    RollbackFailure,
    Scenario,
    Timings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_sagemaker.literals import ProductionVariantInstanceTypeType

SPEED = 100
INSTANCES = 4
ORDINARY: ProductionVariantInstanceTypeType = "ml.g6e.2xlarge"
SCARCE: ProductionVariantInstanceTypeType = "ml.g6e.4xlarge"


def behave(version: str, **behaviour: Any) -> ModelBehaviour:
    quick = Behaviour(download_seconds=30, health_check_seconds=30, **behaviour)
    return ModelBehaviour(model=f"*/{version}/", behaviour=quick)


# A version is named after what becomes of it.
WORLD = Scenario(
    # Answers are held back in real time: a model's 0.8 s are as much shorter as all the rest.
    timings=Timings(provision_seconds=60, reply_hold_cap_seconds=0.8 / SPEED),
    models=(
        behave("failing", server_error_rate=0.7),
        behave("unhealthy", unhealthy_from_instance=1),
        # By then the first batch of old instances is gone, and the way back needs new ones.
        behave("half-healthy", unhealthy_from_instance=3),
        behave("*"),
    ),
    quotas={ORDINARY: 100, SCARCE: 100},
    # Enough for a rolling update of four; a second fleet beside it has no room.
    capacity={SCARCE: INSTANCES + INSTANCES // 2},
    faults=(RollbackFailure(endpoint="stuck", times=99),),
)


@dataclass(frozen=True, slots=True)
class Case:
    """An update, and what has to come of it. `policy` is its endpoint's policy file then."""

    endpoint: str
    version: str
    expected: Outcome
    policy: Mapping[str, object]
    is_complete: bool = True
    is_called_off: bool = False
    has_downtime: bool = False
    # What serves can't be launched any more, so that no way back exists.
    is_previous_lost: bool = False

    @property
    def name(self) -> str:
        return f"{self.endpoint}-{self.version}"


ROLLING = {"strategy": "rolling", "rolling": {"batch_percent": 50, "bake_seconds": "6m"}}
CANARY = {
    "strategy": "canary",
    "canary": {"percent": 25, "bake_seconds": "6m"},
    "termination_wait_seconds": "2m",
}
LINEAR = {
    "strategy": "linear",
    "linear": {"step_percent": 50, "bake_seconds": "6m"},
    "termination_wait_seconds": "2m",
}
ALL_AT_ONCE = {"strategy": "all-at-once", "termination_wait_seconds": "8m"}
REDEPLOY = {"strategy": "redeploy", "allow_downtime": True}
QUIET = {
    **CANARY,
    "canary": {"percent": 25, "bake_seconds": "20m"},
    "tests": {"golden": "golden/quiet.jsonl"},
}
LONG = {**CANARY, "canary": {"percent": 25, "bake_seconds": "30m"}}

SHARDLESS = Case("canary", "shardless", Outcome.REJECTED, CANARY, is_complete=False)
ASKED = Case("quiet", "good", Outcome.UPDATED, QUIET)
CALLED_OFF = Case("called-off", "good", Outcome.ROLLED_BACK, LONG, is_called_off=True)
STUCK = Case("stuck", "half-healthy", Outcome.NEEDS_OPERATOR, ROLLING, is_previous_lost=True)
CASES = (
    Case("rolling", "good", Outcome.UPDATED, ROLLING),
    Case("rolling", "failing", Outcome.ROLLED_BACK, ROLLING),
    Case("canary", "failing", Outcome.ROLLED_BACK, CANARY),
    Case("canary", "good", Outcome.UPDATED, CANARY),
    SHARDLESS,
    Case("linear", "good", Outcome.UPDATED, LINEAR),
    Case("linear", "failing", Outcome.ROLLED_BACK, LINEAR),
    Case("all-at-once", "failing", Outcome.ROLLED_BACK, ALL_AT_ONCE),
    Case("all-at-once", "good", Outcome.UPDATED, ALL_AT_ONCE),
    Case("redeploy", "good", Outcome.UPDATED, REDEPLOY, has_downtime=True),
    Case("redeploy", "unhealthy", Outcome.ROLLED_BACK, REDEPLOY, has_downtime=True),
    ASKED,
    CALLED_OFF,
    STUCK,
)
LANES = tuple(dict.fromkeys(case.endpoint for case in CASES))
