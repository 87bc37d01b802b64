"""The parts of a plan, in groups that answer one question each."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, ConfigDict
from pydantic.dataclasses import dataclass

from switchover.domain.golden.identity import IdentityCheck
from switchover.domain.plans.alarms import MOST_LISTED, AlarmSpec, Scope
from switchover.domain.plans.pace import Pace
from switchover.domain.plans.timeline import Phase

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Target:
    """The version to release, with its config and model."""

    version: str
    config: str
    model: str
    instance_type: str
    # The requests of the create calls; None for a rollback, whose config and model exist.
    model_request: dict[str, Any] | None = None
    config_request: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Previous:
    """The config to which a rollback returns."""

    version: str
    config: str
    model: str
    # A clone of the previous config, in case a rollback has to create it again. A release has a
    # similar clone already.
    config_request: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Destination:
    """The variant of the endpoint that gets the release."""

    variant: str
    # The container named in requests, if the model's containers are called directly.
    container: str | None = None
    # The strategy by which the variant routes requests to instances.
    routing: str = ""
    # The endpoint's own settings beside its config; a deletion of the endpoint loses both.
    tags: tuple[dict[str, str], ...] = ()
    resource_policy: str | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Deployment:
    """How traffic is shifted."""

    pace: Pace
    # The lowest and highest share of the traffic (0–1) that the first shift gives the new fleet.
    first_share: tuple[float, float]
    # The DeploymentConfig for UpdateEndpoint; None for redeploy.
    request: dict[str, Any] | None = None
    retain_capacity: bool = True
    allows_downtime: bool = False


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Times:
    """The durations and deadlines. Seconds count from the request."""

    # The expected phases; `expected_seconds` is their total duration.
    phases: tuple[Phase, ...]
    # The time from an instance's launch until it serves, and the source of this number.
    ready_seconds: int
    ready_source: str
    expected_seconds: int
    # The longest time until the outcome.
    worst_seconds: int
    deadline_seconds: int
    # The time after success in which alarms are watched.
    watch_seconds: int = 0
    # The latest start with which the update ends before its window closes or a freeze begins; None if
    # neither happens.
    begin_by: AwareDatetime | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class CapacityNeeds:
    """The number of instances."""

    # At the peak, and in addition to the usual fleet, if the update succeeds.
    peak_instances: int
    extra_instance_seconds: int
    # At the peak, if SageMaker rolls back at the worst moment.
    rollback_peak_instances: int
    # The scaling bounds while the update runs; None if they stay.
    during: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class GuardingAlarms:
    """The alarms to create, and the alarms that roll the update back."""

    # The alarms to create.
    specs: tuple[AlarmSpec, ...]
    # The alarms that are given to SageMaker, at most ten.
    listed: tuple[str, ...]
    # Further alarms that roll the update back, through Switchover's own observations.
    watched: tuple[str, ...] = ()
    # The alarms that roll nothing back.
    excluded: tuple[str, ...] = ()
    # The alarm that Switchover sets to ALARM to stop the update.
    abort: str

    @property
    def observed(self) -> tuple[str, ...]:
        """Every alarm that an observation reads."""
        own = (spec.name for spec in self.specs)
        names = dict.fromkeys((*own, *self.listed, *self.watched))
        return tuple(name for name in names if name not in self.excluded)

    @property
    def abort_spec(self) -> AlarmSpec:
        """The abort alarm."""
        return next(spec for spec in self.specs if spec.name == self.abort)


def choose_alarms(
    standing: tuple[AlarmSpec, ...],
    own: tuple[AlarmSpec, ...],
    *,
    also: tuple[str, ...] = (),
    excluded: tuple[str, ...] = (),
) -> GuardingAlarms:
    """Choose the alarms that roll the update back: its own with the abort alarm, and people's (`also`).

    Standing alarms are created, but roll nothing back while SageMaker shifts traffic.
    """
    named = dict.fromkeys((*(spec.name for spec in own), *also))
    guards = tuple(name for name in named if name not in excluded)
    return GuardingAlarms(
        specs=(*standing, *own),
        listed=guards[:MOST_LISTED],
        watched=guards[MOST_LISTED:],
        excluded=excluded,
        abort=next(spec.name for spec in own if spec.scope is Scope.ABORT),
    )


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class GoldenTests:
    """The requests to the model, and the expected answers."""

    # The key of the golden file; None if no golden requests are sent.
    golden: str | None = None
    latency_seconds: float = 60
    warm_up: int = 1
    at_once: int = 4
    # The model name that answers must contain.
    identity: IdentityCheck | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class ApprovalNeeds:
    """The approvals that people must give."""

    required: bool = False
    promotion: bool = False
    four_eyes: bool = False


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Material:
    """The files from which the plan was made."""

    # Digests of the golden files and of the manifest of the model's files.
    golden_pin: str = ""
    files_digest: str = ""
    policy_version: str = ""
