"""The twin: SageMaker endpoints and their surroundings, in one object, on virtual time."""

from __future__ import annotations

from email.utils import format_datetime
from random import Random
from threading import RLock
from typing import TYPE_CHECKING, Any

from .autoscaling.policy_operations import PolicyOperations
from .autoscaling.target_operations import TargetOperations
from .autoscaling.targets import ScalableTargets
from .cloudwatch.alarm_operations import AlarmOperations
from .cloudwatch.alarm_rules import GapRules
from .cloudwatch.alarms import AlarmBoard, Habits
from .cloudwatch.composites import CompositeBoard
from .cloudwatch.metric_operations import MetricOperations
from .cloudwatch.metrics import MetricStore
from .events import Event, NewsDesk, alarm_detail
from .faults import FaultBox
from .quotas.limits import Limits
from .quotas.operations import QuotaOperations
from .runtime.host_metrics import record_host_metrics
from .runtime.operations import RuntimeOperations, model_error
from .runtime.routing import Reply, Router
from .sagemaker.alarm_watch import AlarmWatch
from .sagemaker.capacity import Capacity
from .sagemaker.catalog import Catalog
from .sagemaker.endpoints import Endpoints
from .sagemaker.exclusions import tells_of_deployments
from .sagemaker.naming import Naming, next_id
from .sagemaker.operations import SageMakerOperations
from .sagemaker.scaled_variants import ScaledVariants
from .sagemaker.tags import TagBook
from .sagemaker.world import World
from .scenario import ModelBehaviour, Scenario
from .wire.front_end import FrontEnd
from .wire.in_process import wire_client
from .wire.service import Service
from .wire.throttling import Buckets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from botocore.config import Config

    from .clock import Clock
    from .cloudwatch.alarm import Alarm
    from .cloudwatch.composites import CompositeAlarm
    from .sagemaker.endpoint import Endpoint, Transition
    from .sagemaker.fleet import Headcount
    from .scenario import Behaviour, Fault
    from .wire.messages import Request, Response

_MINUTE_SECONDS = 60


def _discard(_event: Event) -> None:
    """Emit the event to no listener."""


class Twin:
    """Answers for SageMaker, its runtime, CloudWatch, Application Auto Scaling and quotas.

    Args:
        emit: gets every EventBridge event, as a dict in AWS's shape.
    """

    def __init__(
        self,
        clock: Clock,
        scenario: Scenario | None = None,
        emit: Callable[[Event], None] = _discard,
    ) -> None:
        scenario = scenario or Scenario()
        self.clock = clock
        self.metrics = MetricStore()
        self._lock = RLock()
        # Tells which endpoints report no utilisation: in a long run, the idle ones.
        self.passes_over: Callable[[str], bool] = lambda _endpoint: False
        self._behaviours_version = 0
        self._random = Random(scenario.seed)  # noqa: S311 - reproducible, not secret
        naming = Naming(scenario.region, scenario.account)
        self.alarms = AlarmBoard(
            self.metrics,
            clock,
            account_id=scenario.account,
            region=scenario.region,
            habits=self._alarm_habits,
        )
        # Registered before the composites, so that a metric alarm's event comes before theirs.
        self.alarms.on_transition(lambda alarm, _old, _new: self._note_alarm(alarm))
        self.composites = CompositeBoard(self.alarms, clock, self.alarms.arn_prefix)
        self.composites.on_transition(self._note_alarm)
        self._faults = FaultBox(scenario.faults)
        self._news = NewsDesk(emit, clock, naming, self._faults, self._random)
        self._tags = TagBook()
        self.quotas = Limits(lambda: self.scenario.quotas)
        self.scaling = ScalableTargets(ScaledVariants(lambda: self.endpoints))
        catalog = Catalog(naming, clock.now, lambda: self.scenario)
        self._watch = AlarmWatch(self.alarms, self.composites, lambda: self.scenario.switches)
        self._world = World(
            clock,
            scenario,
            Capacity(self.quotas, lambda: self.scenario.capacity, self._every_fleet),
            self._watch,
            self.scaling,
            self._faults,
            self._report_state,
            self._report_deployment,
        )
        self.endpoints = Endpoints(self._world, catalog, naming)
        self._router = Router(
            self._world,
            self.endpoints,
            self.metrics,
            # Separate random numbers, so that control plane calls don't change the results of requests.
            Random(f"{scenario.seed}/requests"),  # noqa: S311 - as above
            lambda: self._behaviours_version,
        )
        self.services = {service.name: service for service in self._make_services(catalog)}
        buckets = Buckets(lambda: self.scenario.call_rates, clock.now)
        self._front_end = FrontEnd(self.services, buckets, self._faults)
        self._plan_maintenance()
        clock.call_later(_MINUTE_SECONDS, self._take_host_metrics)

    def _make_services(self, catalog: Catalog) -> Iterator[Service]:
        clock, scenario = self.clock, self.scenario
        account = {"account_id": scenario.account, "region": scenario.region}
        yield Service("sagemaker", SageMakerOperations(catalog, self.endpoints, self._tags))
        yield Service(
            "sagemaker-runtime",
            RuntimeOperations(
                self._router,
                clock.now,
                self._random,
                lambda: self.scenario.switches.invoke_body_limit_bytes,
            ),
        )
        yield Service(
            "cloudwatch",
            AlarmOperations(self.alarms, self.composites, clock),
            MetricOperations(self.metrics, clock),
        )
        yield Service(
            "application-autoscaling",
            TargetOperations(self.scaling, clock, **account),
            PolicyOperations(self.scaling, clock, **account),
        )
        yield Service("service-quotas", QuotaOperations(self.quotas, **account))

    @property
    def scenario(self) -> Scenario:
        """The scenario as it is now."""
        return self._world.scenario

    def client(self, service: str, config: Config | None = None) -> Any:
        """A boto3 client of this twin in the same process. It doesn't retry unless `config` says so."""
        return wire_client(service, self.scenario.region, self.handle, config)

    def handle(self, request: Request) -> Response | None:
        """Answer an HTTP request to any of the services; None = the answer got lost.

        Timers that are due run first, so that the answer is as of now.
        """
        with self._lock:
            self.clock.run_due()
            response = self._front_end.answer(request)
            if response is None:
                return None
            headers = {
                **response.headers,
                "date": format_datetime(self.clock.now(), usegmt=True),
                "x-amzn-requestid": next_id(self._random),
            }
            longest = self.scenario.timings.reply_hold_cap_seconds
            hold_seconds = min(response.hold_seconds, longest)
            return response._replace(headers=headers, hold_seconds=hold_seconds)

    def invoke(
        self, endpoint_name: str, at: datetime | None = None, target_variant: str | None = None
    ) -> Reply:
        """Send one request without the protocol layer, as load generators do.

        Raises:
        Refusal: InvokeEndpoint's error; ModelError if the container failed.
        """
        reply = self._router.invoke(endpoint_name, at, target_variant)
        if reply.is_error:
            raise model_error(reply)
        return reply

    def set_behaviour(self, model: str, behaviour: Behaviour) -> None:
        """Set the behaviour of models whose source matches the glob `model`, from now on."""
        models = (ModelBehaviour(model=model, behaviour=behaviour), *self.scenario.models)
        self.change_scenario(models=models)

    def change_scenario(self, **changes: object) -> None:
        """Replace fields of the scenario: capacity, quotas, timings, switches, models.

        Faults are injected instead, since they are used up.
        """
        self._world.scenario = self.scenario.model_validate(
            {**dict(self.scenario), **changes}, strict=False
        )
        self._behaviours_version += 1

    def inject(self, fault: Fault) -> None:
        """Inject a fault."""
        self._faults.put(fault)
        self._plan_maintenance()

    def serving_config(self, endpoint_name: str) -> str:
        """The config that DescribeEndpoint names."""
        return self.endpoints.get(endpoint_name).config.name

    def instances(self, endpoint_name: str) -> tuple[Headcount, ...]:
        """The endpoint's number of instances after each change."""
        return tuple(self.endpoints.get(endpoint_name).headcounts)

    def peak_instances(self, endpoint_name: str) -> int:
        """The largest number of instances that the endpoint ever had."""
        return max(count.total for count in self.instances(endpoint_name))

    def transitions(self, endpoint_name: str) -> tuple[Transition, ...]:
        """Every status that the endpoint was in."""
        return tuple(self.endpoints.get(endpoint_name).transitions)

    def traffic_shares(self, endpoint_name: str) -> dict[str, float]:
        """How much of the traffic each config gets right now; adds up to 1."""
        return self._router.shares(endpoint_name)

    def _alarm_habits(self) -> Habits:
        scenario = self.scenario
        switches = scenario.switches
        return Habits(
            scenario.timings.metric_ingestion_seconds,
            switches.alarm_extra_periods,
            GapRules(
                is_held_back=switches.good_data_holds_alarm_back,
                is_young_breach_ok=switches.young_breach_state == "OK",
            ),
        )

    def _every_fleet(self) -> list[Any]:
        return [fleet for endpoint in self.endpoints.all() for fleet in endpoint.every_fleet()]

    def _report_state(self, endpoint: Endpoint) -> None:
        tags = self._tags.by_key(endpoint.arn)
        self._news.report_endpoint(endpoint, tags, self.scenario.switches)
        if endpoint.status == "InService":
            self.clock.call_later(0, lambda: self.scaling.raise_to_minimum(endpoint.name))

    def _report_deployment(self, endpoint: Endpoint) -> None:
        if tells_of_deployments(endpoint, self.scenario):
            self._news.report_deployment(endpoint, self._tags.by_key(endpoint.arn))

    def _note_alarm(self, alarm: Alarm | CompositeAlarm) -> None:
        self._watch.note_transition(alarm.name, is_by_hand=alarm.state.is_by_hand)
        self._news.report_alarm(alarm.arn, alarm_detail(alarm))
        self.endpoints.note_alarm(alarm.name)

    def _plan_maintenance(self) -> None:
        for fault in self._faults.system_updates():
            self.endpoints.plan_maintenance(fault)

    def _take_host_metrics(self) -> None:
        now = self.clock.now()
        for endpoint in self.endpoints.all():
            if self.passes_over(endpoint.name):
                continue
            record_host_metrics(self._world, self.metrics, self._random, endpoint, now)
        self.clock.call_later(_MINUTE_SECONDS, self._take_host_metrics)
