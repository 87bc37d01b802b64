"""The policy of one endpoint: tiers, strategies, alarms, tests.

This module is the only source of each key's meaning and bounds: schemas, docs, `policy show` and
`policy init` read them from here.
"""

from __future__ import annotations

import difflib
from typing import Annotated

from pydantic import (
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from switchover.domain.policies.choices import (
    OWNERS_ALONE,
    Strategy,
    Tier,
    Weights,
    WhenBusy,
    Wish,
)
from switchover.domain.policies.parts import Part, key_names
from switchover.domain.policies.sections import (
    Alarms,
    Approval,
    Canary,
    Capacity,
    Guard,
    Linear,
    Model,
    Rolling,
    Tests,
    WaitSeconds,
)
from switchover.domain.units import Duration
from switchover.domain.windows.freezes import Freezes
from switchover.domain.windows.times import Windows


class Policy(Part):
    """The settings for the updates of one endpoint, with a value for every key."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Switchover policy")

    json_schema: Annotated[
        str | None,
        Field(
            alias="$schema",
            exclude=True,
            description="The schema, for editors; Switchover ignores it.",
        ),
    ] = None
    tier: Annotated[
        Tier,
        Field(
            description="Selects the strategy: production → rolling, critical → canary,"
            " development → redeploy with downtime allowed."
        ),
    ] = Tier.PRODUCTION
    strategy: Annotated[
        Strategy, Field(description="How the new fleet replaces the old one; overrides the tier.")
    ] = Strategy.ROLLING
    variant: Annotated[
        Annotated[str, Field(min_length=1, max_length=63)] | None,
        Field(
            description="The variant that the policy was written for; an endpoint with another variant"
            " is refused."
        ),
    ] = None
    container: Annotated[
        Annotated[str, Field(min_length=1, max_length=63)] | None,
        Field(
            description="The ContainerHostname of the container that gets the release. Needed if several"
            " containers have weights; default: the only container with weights."
        ),
    ] = None
    weights: Annotated[
        Weights,
        Field(
            description="If the container's environment names other weights (HF_MODEL_ID, SM_VLLM_MODEL):"
            " as-configured refuses the release; release points the variable at the release's files."
        ),
    ] = Weights.AS_CONFIGURED
    rolling: Rolling = Rolling()
    canary: Canary = Canary()
    linear: Linear = Linear()
    # All-at-once is observed during TerminationWait; WaitInterval has no step to act on (rules §8.15).
    termination_wait_seconds: Annotated[
        WaitSeconds,
        Field(
            description="For canary, linear and all-at-once: how long the old fleet is kept at the end."
            " For all-at-once this time is the bake."
        ),
    ] = 300
    deadline_seconds: Annotated[
        Annotated[int, Duration(600, 28800)] | None,
        Field(description="SageMaker rolls back an update that takes longer; default: computed."),
    ] = None
    allow_downtime: Annotated[
        bool,
        Field(description="Needed for redeploy, and for the rollback of a Failed endpoint."),
    ] = False
    retain_capacity: Annotated[
        bool,
        Field(
            description="Keeps the current instance count instead of the config's initial count."
        ),
    ] = True
    ready_seconds: Annotated[
        Annotated[int, Duration(30, 7200)] | None,
        Field(
            description="Time from the launch of an instance until it serves; default: estimated."
        ),
    ] = None
    watch_seconds: Annotated[
        Annotated[int, Duration(0, 86400)],
        Field(description="Time after success in which a red alarm still rolls the update back."),
    ] = 0
    window: Annotated[
        Windows,
        Field(
            description="When updates may run: {days, from, to, timezone}, a list of these,"
            " or `auto` for the quietest hours."
        ),
    ] = ()
    freezes: Annotated[
        Freezes,
        Field(
            description="Times in which only hotfixes may run: {from, to, reason}, or the key of an"
            " iCal file in the model bucket."
        ),
    ] = ()
    locked: Annotated[
        tuple[str, ...],
        Field(
            max_length=100,
            description="Keys and sections that neither a release nor an operator may change.",
        ),
    ] = ()
    releases_may: Annotated[
        tuple[str, ...] | None,
        Field(
            max_length=100,
            description="Keys and sections that releases may set to any value. Also `hotfix`, and"
            " `start-time`: the start time of a release may then lie outside the window. Default:"
            " the stack's ReleasesMay.",
        ),
    ] = None
    when_busy: Annotated[
        WhenBusy,
        Field(
            description="While another update runs: supersede keeps only the newest waiting release,"
            " queue runs the releases one after another, reject rejects the release."
        ),
    ] = WhenBusy.SUPERSEDE
    alarms: Alarms = Alarms()
    guard: Guard = Guard()
    tests: Tests = Tests()
    approval: Approval = Approval()
    capacity: Capacity = Capacity()
    model: Model = Model()

    @field_validator("locked", "releases_may")
    @classmethod
    def _known(cls, names: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        """Refuse an unknown name: otherwise the key that was meant would silently stay unlocked."""
        known = set(key_names(cls))
        if info.field_name == "releases_may":
            known = known.union(wish.value for wish in Wish) - OWNERS_ALONE
        for name in names or ():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                remedy = f"Did you mean {near[0]!r}?" if near else "Name keys or sections."
                raise PydanticCustomError(
                    "unknown_key",
                    "{name} is not a key of a policy",
                    {"name": repr(name), "remedy": remedy},
                )
        return names
