"""What a plan fixes, in groups: each answers one question."""

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
    """What is released: a version, by its config and model."""

    version: str
    config: str
    model: str
    instance_type: str
    # What the create calls are sent; None for a rollback, whose config and model exist.
    model_request: dict[str, Any] | None = None
    config_request: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Previous:
    """What the way back returns to."""

    version: str
    config: str
    model: str
    # A clone of a rollback's previous config, should that have to be made again; a release brings one
    # that is like it.
    config_request: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Destination:
    """What the target is released to: a variant of the endpoint."""

    variant: str
    # The container that requests name, where a model's containers are asked one by one.
    container: str | None = None
    # How the variant chooses an instance for a request.
    routing: str = ""
    # What the endpoint has beside its config; both are lost when the endpoint is deleted.
    tags: tuple[dict[str, str], ...] = ()
    resource_policy: str | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Deployment:
    """How traffic moves."""

    pace: Pace
    # The least and the most of the traffic (0–1) that the first shift gives the new fleet.
    first_share: tuple[float, float]
    # The DeploymentConfig that UpdateEndpoint is sent; None for redeploy.
    request: dict[str, Any] | None = None
    retain_capacity: bool = True
    allows_downtime: bool = False


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Times:
    """How long it takes, and by when. Seconds count from the request on."""

    # What should happen; `expected_seconds` is how long the phases take together.
    phases: tuple[Phase, ...]
    # How long an instance takes from launch to serving, and how that is known.
    ready_seconds: int
    ready_source: str
    expected_seconds: int
    # The longest until there is an outcome.
    worst_seconds: int
    deadline_seconds: int
    # How long alarms are watched after success.
    watch_seconds: int = 0
    # Begun later, the update might not end before its window closes or a freeze begins; None if neither
    # does.
    begin_by: AwareDatetime | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class CapacityNeeds:
    """How many instances it takes."""

    # At once and above the usual fleet, if all goes well.
    peak_instances: int
    extra_instance_seconds: int
    # At once, if SageMaker turns back at the worst moment.
    rollback_peak_instances: int
    # The scaling's bounds while the update runs; None if they stay.
    during: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class GuardingAlarms:
    """Which alarms are made, and which turn the update back."""

    # The alarms that are made.
    specs: tuple[AlarmSpec, ...]
    # The alarms that SageMaker is given, which takes ten.
    listed: tuple[str, ...]
    # The alarms beyond those, which turn the update back as well, by our own looks.
    watched: tuple[str, ...] = ()
    # Those that turn nothing back.
    excluded: tuple[str, ...] = ()
    # The alarm that is set by hand to stop the update.
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
    """Which alarms turn the update back: its own, the abort alarm among them, and people's (`also`).

    Standing alarms are made, and turn nothing back while SageMaker moves traffic.
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
    """What the model is asked, and how it must answer."""

    # The key of the file of golden requests; None if the model isn't asked.
    golden: str | None = None
    latency_seconds: float = 60
    warm_up: int = 1
    at_once: int = 4
    # What answers must say of their model.
    identity: IdentityCheck | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class ApprovalNeeds:
    """Where people have to agree."""

    required: bool = False
    promotion: bool = False
    four_eyes: bool = False


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Material:
    """What the plan was made of."""

    # Digests of the golden files and of the manifest of the model's files.
    golden_pin: str = ""
    files_digest: str = ""
    policy_version: str = ""
