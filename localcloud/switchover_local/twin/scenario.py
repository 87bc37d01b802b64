"""The scenario of a run: timings, model behaviours, capacity, faults, open questions.

A `Scenario` is a value; `Scenario.from_yaml` reads one from a YAML file of the same shape.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from pathlib import Path

Rate = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]


class _Settled(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Timings(_Settled):
    """The durations of AWS's own work."""

    provision_seconds: Seconds = 180
    """From ordering an instance to its being there; capacity permitting."""
    activate_seconds: Seconds = 10
    """From deciding to shift traffic to its flowing, and from wishing for a weight to its counting."""
    terminate_seconds: Seconds = 30
    delete_endpoint_seconds: Seconds = 20
    capacity_wait_seconds: Seconds = 300
    """How long SageMaker looks for missing capacity, if the variant sets no timeout of its own."""
    health_check_timeout_seconds: Seconds = 240
    """How long a container may fail `/ping`, if the variant doesn't say (≈ 4 min: rules §1.4)."""
    download_timeout_seconds: Seconds = 3600
    """How long the model data may take, if the variant doesn't say."""
    config_visible_after_seconds: Seconds = 0
    """Reads of a config just created may not find it yet (eventual consistency: rules §1.7)."""
    metric_ingestion_seconds: Seconds = 60
    """From a period's end to the moment that alarms count its data as complete (rules §4: 60–120)."""
    reply_hold_cap_seconds: Seconds = 2
    """Over HTTP an answer is held back by the model's latency, but never longer than this."""


class Behaviour(_Settled):
    """The behaviour of a model's container, from its download to its answers."""

    download_seconds: Seconds = 240
    health_check_seconds: Seconds = 60
    unhealthy_from_instance: Annotated[int, Field(ge=1)] | None = None
    """From the k-th instance of a fleet on, `/ping` never succeeds; 1 = none is ever healthy."""
    latency_us: Annotated[float, Field(gt=0)] = 800_000
    latency_spread: Annotated[float, Field(ge=0)] = 0.15
    """Sigma of the log-normal spread around `latency_us`, which is the median."""
    overhead_us: Annotated[float, Field(ge=0)] = 20_000
    server_error_rate: Rate = 0
    """Share of requests that the container answers with 500."""
    client_error_rate: Rate = 0
    """Share of requests that the container answers with 400."""
    reply: str | None = None
    """The model's reply; None = a fixed sentence that names the model."""
    gpu_utilization_percent: Annotated[float, Field(ge=0, le=100)] = 55
    gpu_memory_percent: Annotated[float, Field(ge=0, le=100)] = 70


class ModelBehaviour(_Settled):
    """Gives every model whose S3 URI (or image, if it has none) matches `model` a behaviour."""

    model: str
    """A glob, as in `s3://models/*/v2/`."""
    behaviour: Behaviour


class Throttling(_Settled):
    """The next `times` calls of an operation are answered `ThrottlingException`."""

    kind: Literal["throttling"] = "throttling"
    operation: str
    times: Annotated[int, Field(ge=1)] = 1


class ServerError(_Settled):
    """The next `times` calls of an operation are answered with a 500 and do nothing."""

    kind: Literal["server_error"] = "server_error"
    operation: str
    times: Annotated[int, Field(ge=1)] = 1


class LostResponse(_Settled):
    """The next `times` calls of an operation do their work, but the caller gets no answer."""

    kind: Literal["lost_response"] = "lost_response"
    operation: str
    times: Annotated[int, Field(ge=1)] = 1


class RollbackFailure(_Settled):
    """The next `times` rolling rollbacks of matching endpoints get no instances back."""

    kind: Literal["rollback_failure"] = "rollback_failure"
    endpoint: str = "*"
    times: Annotated[int, Field(ge=1)] = 1


class SystemUpdate(_Settled):
    """AWS maintains the endpoint; it starts as soon as the endpoint is InService after `after`."""

    kind: Literal["system_update"] = "system_update"
    endpoint: str
    after_seconds: Seconds = 0
    """Counted from the moment that the fault is injected (the start of the scenario)."""
    lasts_seconds: Annotated[float, Field(gt=0)] = 600


class EventFault(_Settled):
    """What happens to the next `times` events whose detail-type matches."""

    kind: Literal["event"] = "event"
    effect: Literal["lost", "doubled", "delayed", "reordered"]
    detail_type: str = "*"
    times: Annotated[int, Field(ge=1)] = 1
    delay_seconds: Seconds = 60
    """For `delayed`. A `reordered` event is held until the next one has gone out."""


Fault = Annotated[
    Throttling | ServerError | LostResponse | RollbackFailure | SystemUpdate | EventFault,
    Field(discriminator="kind"),
]


class Switches(_Settled):
    """One choice for each fact about AWS that is unknown (rules §9)."""

    failure_reason_after_rollback: Literal["told", "empty"] = "told"
    """Both were seen on real endpoints (rules §2.2)."""
    alarm_failure_reason: str = (
        "The deployment was rolled back: alarm {alarm} went into ALARM during a baking period."
    )
    """FailureReason after an alarm's rollback; the real text is unknown."""
    red_alarm_at_start: Literal["trips_first_bake", "waits_for_transition", "refused"] = (
        "trips_first_bake"
    )
    """The effect of a listed alarm that is already in ALARM when UpdateEndpoint is called."""
    missing_alarm: Literal["ignored", "refused"] = "ignored"
    """The effect of a listed alarm that doesn't exist."""
    composite_alarms: Literal["ignored", "watched", "refused"] = "ignored"
    """Whether an alarm that DescribeAlarms shows only with AlarmTypes can guard a deployment."""
    alarm_extra_periods: Annotated[int, Field(ge=0)] = 2
    """How far beyond EvaluationPeriods an alarm looks for data when some is missing; CloudWatch's
    examples have 3 evaluation periods and a range of 5, and no rule."""
    good_data_holds_alarm_back: bool = True
    """Whether an alarm that lacks data goes red early only if all it knows is bad, as CloudWatch's table
    has it ("0 - X - -" is OK), or also if only all since the oldest breach is, as its prose has it."""
    young_breach_state: Literal["kept", "OK"] = "kept"
    """The state of an alarm that has seen breaches only, the oldest too young to turn the alarm red."""
    set_alarm_state_trips: bool = True
    """Whether SetAlarmState(ALARM) on a listed alarm during a bake forces a rollback."""
    single_instance_guardrail: Literal["refused", "accepted"] = "refused"
    """Whether canary, linear and rolling are refused on a variant of one instance."""
    percent_rounding: Literal["down", "up"] = "down"
    """33 % of 3 = 1 is annotated by AWS; nothing else is. The result is at least 1 either way."""
    deadline_outcome: Literal["rolled_back", "mixed", "failed"] = "rolled_back"
    """The state an update ends in that outlasts its MaximumExecutionTimeoutInSeconds."""
    default_deadline_seconds: Annotated[float, Field(gt=0)] = 28_800
    """MaximumExecutionTimeoutInSeconds where the caller sets none."""
    invoke_body_limit_bytes: Annotated[int, Field(ge=1)] = 26_214_400
    """The longest body that InvokeEndpoint takes. The Model Hosting FAQs say 25 MB; the service model
    still says 6,291,456 bytes, which was the limit before."""
    names_match_case: bool = False
    """Whether the control plane finds what exists only by its name in the same case. Two names that
    differ in case only can't both be created either way, and InvokeEndpoint always matches."""
    failed_mix_repair: Literal["mixed", "failed"] = "mixed"
    """The end of an update that should have mended a mix of configs and was rolled back."""
    linear_last_step_waits: bool = False
    """Whether the last linear step waits WaitIntervalInSeconds before the final bake."""
    canary_frees_old_instances: bool = False
    """Whether old instances stop serving while the canary bakes (50 % of 2+1) or not (33 %)."""
    rollback_status: Literal["Updating", "RollingBack"] = "Updating"
    """The status shown while a guardrail rolls back."""
    statuses_without_event: frozenset[str] = frozenset()
    """Endpoint statuses (UPPER_SNAKE) for which no event is sent; AWS's list is unknown."""
    scalable_target_error: str = (
        "The variant(s) {variants} must be deregistered as scalable targets "
        "before their instance type is changed or they are removed."
    )
    """The text that refuses an instance-type change under a registered scalable target."""
    gpu_metrics_by_config: bool = False
    """Whether `/aws/sagemaker/Endpoints` metrics also exist per EndpointConfigName."""


class CallRate(_Settled):
    """The rate limit of one operation: more than `burst` calls at once, or than `per_second` on average,
    get ThrottlingException. Seconds are virtual."""

    per_second: Annotated[float, Field(gt=0)]
    burst: Annotated[int, Field(ge=1)] = 1


class Scenario(_Settled):
    """Everything that determines a run of the twin; equal scenarios give equal runs."""

    seed: int = 0
    region: str = "us-east-1"
    account: Literal["000000000000", "111122223333"] = "000000000000"
    timings: Timings = Timings()
    models: tuple[ModelBehaviour, ...] = ()
    """The first match wins; a model that matches none behaves as `Behaviour()`."""
    marketplace_models: frozenset[str] = frozenset()
    """Names of models from AWS Marketplace, which guardrails silently don't cover (rules §3)."""
    capacity: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """Instances that really exist per type, beside the quota; absent = no limit."""
    quotas: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    """`ml.<type> for endpoint usage` per instance type; absent = the default of the quota list."""
    call_rates: dict[str, CallRate] = Field(default_factory=dict)
    """By operation, as `DescribeEndpoint`; absent = never throttled, as AWS's rates are unknown."""
    faults: tuple[Fault, ...] = ()
    """Of one operation they come in this order, each as often as it says."""
    switches: Switches = Switches()

    @classmethod
    def from_yaml(cls, path: Path) -> Scenario:
        """Read a scenario file; unknown keys are errors."""
        return cls.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})

    def behaviour_of(self, model_source: str) -> Behaviour:
        """How the model behaves whose S3 URI (or image) this is."""
        for entry in self.models:
            if fnmatchcase(model_source, entry.model):
                return entry.behaviour
        return Behaviour()
