"""The policy of one endpoint: tiers, strategies, alarms, tests.

Each key's meaning and bounds stand here only: schemas, docs, `policy show` and `policy init` read them.
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
    """How one endpoint wants to be updated, every value present."""

    model_config = ConfigDict(frozen=True, extra="forbid", title="Switchover policy")

    json_schema: Annotated[
        str | None,
        Field(alias="$schema", exclude=True, description="The schema, for editors; not read here."),
    ] = None
    tier: Annotated[
        Tier,
        Field(
            description="Picks the strategy: production → rolling, critical → canary,"
            " development → redeploy with downtime allowed."
        ),
    ] = Tier.PRODUCTION
    strategy: Annotated[
        Strategy, Field(description="How the new fleet takes over; overrides the tier.")
    ] = Strategy.ROLLING
    variant: Annotated[
        Annotated[str, Field(min_length=1, max_length=63)] | None,
        Field(
            description="The variant that the policy was written for; another live one is refused."
        ),
    ] = None
    container: Annotated[
        Annotated[str, Field(min_length=1, max_length=63)] | None,
        Field(
            description="The ContainerHostname that gets the release, where several containers have"
            " weights; left out, the only one that has."
        ),
    ] = None
    weights: Annotated[
        Weights,
        Field(
            description="A container whose environment names other weights (HF_MODEL_ID, SM_VLLM_MODEL):"
            " as-configured refuses the release, release points the variable at it."
        ),
    ] = Weights.AS_CONFIGURED
    rolling: Rolling = Rolling()
    canary: Canary = Canary()
    linear: Linear = Linear()
    # All-at-once is observed during TerminationWait; WaitInterval has no step to act on (rules §8.15).
    termination_wait_seconds: Annotated[
        WaitSeconds,
        Field(
            description="canary, linear, all-at-once: how long the old fleet is kept at the end;"
            " for all-at-once this is the bake."
        ),
    ] = 300
    deadline_seconds: Annotated[
        Annotated[int, Duration(600, 28800)] | None,
        Field(description="SageMaker turns back what takes longer; left out, it is computed."),
    ] = None
    allow_downtime: Annotated[
        bool, Field(description="redeploy needs it, and so does bringing back a Failed endpoint.")
    ] = False
    retain_capacity: Annotated[
        bool,
        Field(description="Keeps the present instance count, not the config's initial one."),
    ] = True
    ready_seconds: Annotated[
        Annotated[int, Duration(30, 7200)] | None,
        Field(description="Launch to serving of a new instance; left out, it is estimated."),
    ] = None
    watch_seconds: Annotated[
        Annotated[int, Duration(0, 86400)],
        Field(description="After success: a red alarm still turns the update back."),
    ] = 0
    window: Annotated[
        Windows,
        Field(
            description="When updates may run: {days, from, to, timezone}, a list of such,"
            " or `auto` for the quietest hours."
        ),
    ] = ()
    freezes: Annotated[
        Freezes,
        Field(
            description="What holds everything but hotfixes: {from, to, reason}, or the key of an"
            " iCal file in the model bucket."
        ),
    ] = ()
    locked: Annotated[
        tuple[str, ...],
        Field(
            max_length=100,
            description="Keys and sections that hold as they stand here, whoever asks: neither a"
            " release nor an operator's input changes them.",
        ),
    ] = ()
    releases_may: Annotated[
        tuple[str, ...] | None,
        Field(
            max_length=100,
            description="Keys and sections that releases may set to anything, beside `hotfix` and"
            " `start-time`, which lets a release's named time pass over the window; left out, the"
            " stack's ReleasesMay says.",
        ),
    ] = None
    when_busy: Annotated[
        WhenBusy,
        Field(
            description="While another update runs: supersede keeps only the newest waiting release,"
            " queue gives each its turn, reject turns it away."
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
        """Refuse a name that is no key: the key that it was meant to lock would stay open."""
        known = set(key_names(cls))
        if info.field_name == "releases_may":
            known = known.union(wish.value for wish in Wish) - OWNERS_ALONE
        for name in names or ():
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                remedy = f"Did you mean {near[0]!r}?" if near else "Name keys or sections."
                raise PydanticCustomError(
                    "unknown_key",
                    "{name} is no key of a policy",
                    {"name": repr(name), "remedy": remedy},
                )
        return names
