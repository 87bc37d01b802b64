"""A whole deployed Switchover in one process, on virtual time, with an endpoint to update."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.support import clients
from tests.support.definition import GUARD_FILE, read_definition
from tests.support.lambdas import Crash, Lambdas
from tests.support.offering import (
    checkpoint,
    describe_release,
    object_created,
    release_text,
    upload,
)
from tests.support.outlets import Outlets
from tests.support.roles import RoleSimulator
from tests.support.scene import ENDPOINT, create_endpoint, create_scaling, create_storage
from tests.support.scheduler import Scheduler
from tests.support.stepfunctions import StepFunctions
from tests.support.template import read_template
from tests.support.walker import Execution, Status

from switchover.aws.ledger import Ledger
from switchover.aws.queue import Queue
from switchover.aws.watched_alarms import WatchedAlarms
from switchover.aws.wishes import Wishes
from switchover_local.twin.clock import SteppedClock
from switchover_local.twin.quotas.operations import instance_types
from switchover_local.twin.runtime.traffic import ConstantRate, Load
from switchover_local.twin.sagemaker.describe import describe_endpoint
from switchover_local.twin.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from switchover.domain.update.update import Update
    from switchover_local.twin.scenario import Scenario

_START = datetime(2026, 3, 2, 9, tzinfo=UTC)
_LONGEST_SECONDS = 48 * 3600
_SETTLE_SECONDS = 900


class World:
    """Everything around one endpoint `vlm`, which serves version v1 when it begins.

    `dynamodb` stands in for the client of DynamoDB, `outlets` for what takes events and messages.
    """

    def __init__(
        self, scenario: Scenario, dynamodb: Any = None, outlets: type[Outlets] = Outlets
    ) -> None:
        template = read_template()
        self.clock = SteppedClock(_START)
        self.lambdas = Lambdas(template, self.clock)
        self.outlets = outlets(self.lambdas)
        self.scheduler = Scheduler(self.lambdas, self.clock)
        self.roles = RoleSimulator()
        self.stand_ins: dict[str, Any] = {}
        self.twin = Twin(self.clock, scenario, self.outlets.emit)
        self.twin.quotas.listed_types = _listed_types()
        clients.use_twin(self.twin)
        self.settings = template.environment("ReceiveReleaseFunction")
        self.bucket = self.settings["SWITCHOVER_BUCKET"]
        self.stepfunctions = StepFunctions(
            self.settings["SWITCHOVER_STATE_MACHINE_ARN"],
            read_definition(),
            self.clock,
            self.lambdas.invoke,
            self.outlets.emit,
        )
        self.guard_arn = template.environment("ObserveUpdateFunction")[
            "SWITCHOVER_GUARD_MACHINE_ARN"
        ]
        self.stepfunctions.others[self.guard_arn] = read_definition(GUARD_FILE)
        self.sagemaker = clients.client("sagemaker")
        self.cloudwatch = clients.client("cloudwatch")
        self.scaling = clients.client("application-autoscaling")
        self.s3 = clients.client("s3")
        self.dynamodb = dynamodb or clients.client("dynamodb")
        table = self.settings["SWITCHOVER_TABLE"]
        self.queue = Queue(self.dynamodb, table)
        self.ledger = Ledger(self.dynamodb, table)
        self.wishes = Wishes(self.dynamodb, table)
        self.watched_alarms = WatchedAlarms(self.dynamodb, table)

    def begin(self, instances: int, requests_per_second: float) -> None:
        """Bring the endpoint up and let requests flow."""
        create_storage(self.bucket, self.settings["SWITCHOVER_TABLE"])
        create_endpoint(self.bucket, self.clock, instances)
        create_scaling(instances)
        self.load = Load(
            self.clock,
            self.twin.invoke,
            ENDPOINT,
            ConstantRate(requests_per_second),
            batch_seconds=10,
        )
        self.load.start()
        self.clock.advance(180)
        self.outlets.tick(self.clock)
        self.capacity_before = self.capacity()
        self.traces_before = self.traces()

    def client(self, service: str) -> Any:
        """The product's client of a service, instead of one of the real AWS."""
        if service in self.stand_ins:
            return self.stand_ins[service]
        match service:
            case "stepfunctions":
                return self.stepfunctions
            case "events" | "sns":
                return self.outlets
            case "scheduler":
                return self.scheduler
            case "iam":
                return self.roles
            case "dynamodb":
                return self.dynamodb
            case _:
                return clients.client(service)

    # What people do

    def put_policy(self, text: str, endpoint: str = ENDPOINT) -> None:
        """Write an endpoint's policy."""
        self.s3.put_object(Bucket=self.bucket, Key=f"policies/{endpoint}.yaml", Body=text.encode())

    def offer(
        self,
        version: str = "v2",
        *,
        endpoint: str = ENDPOINT,
        files: Mapping[str, bytes] | None = None,
        raw: bytes | None = None,
        is_told: bool = True,
        **changes: Any,
    ) -> dict[str, Any]:
        """Upload a release; returns the event that S3 sends (and loses, if not `is_told`).

        `files` differ from what the release says of them.
        """
        told = checkpoint()
        release = describe_release(version, told, endpoint, **changes)
        upload(
            self.s3, self.bucket, f"models/{endpoint}/{version}/", told if files is None else files
        )
        key = f"releases/{endpoint}/{version}/release.json"
        put = self.s3.put_object(Bucket=self.bucket, Key=key, Body=raw or release_text(release))
        event = object_created(self.bucket, key, put, self.clock.now().isoformat())
        if is_told:
            self.outlets.emit(event)
        return event

    def start(self, name: str, **request: Any) -> Execution:
        """Start by hand."""
        started = self.stepfunctions.start_execution(
            stateMachineArn=self.stepfunctions.machine_arn, name=name, input=json.dumps(request)
        )
        return self.stepfunctions.executions[started["executionArn"]]

    def crash(self, state: str, *, times: int, after: bool = False) -> None:
        """Make a handler fail the next times that it runs."""
        self.lambdas.crashes[state].append(Crash(times, after))

    # What happens

    def run(self) -> Execution:
        """Let time pass until nothing runs any more; returns the last execution that ran."""
        self.clock.advance(_SETTLE_SECONDS)
        while not self._is_quiet():
            is_over = self.clock.run_until(self._is_quiet, _LONGEST_SECONDS)
            assert is_over, [(e.name, e.status, e.path[-5:]) for e in self.executions]
            self.clock.advance(_SETTLE_SECONDS)
        return self.executions[-1]

    def run_to(self, state: str, execution: int = 0) -> Execution:
        """Let time pass until an execution enters a state, but no longer."""
        found = self.clock.run_until(
            lambda: len(self.executions) > execution and self.executions[execution].state == state,
            _LONGEST_SECONDS,
        )
        assert found, [e.path for e in self.executions]
        return self.executions[execution]

    def _is_quiet(self) -> bool:
        return bool(self.executions) and all(
            execution.status is not Status.RUNNING for execution in self.executions
        )

    # What there is to see

    @property
    def executions(self) -> list[Execution]:
        """The updates', in the order of their start."""
        return self.stepfunctions.of(self.stepfunctions.machine_arn)

    @property
    def guards(self) -> list[Execution]:
        """The executions that guard bakes, in the order of their start."""
        return self.stepfunctions.of(self.guard_arn)

    def update(self, execution: Execution | None = None) -> Update:
        """What the ledger holds of an execution's update; of the first one's, if not said."""
        found = execution or self.executions[0]
        asked = found.request if isinstance(found.request, dict) else {}
        taken_up = asked.get("resume") or asked.get("recover") or asked.get("cancel")
        return self.ledger.update(str(taken_up or found.name))

    def describe(self) -> dict[str, Any]:
        """DescribeEndpoint."""
        described: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=ENDPOINT)
        return described

    def look(self) -> dict[str, Any]:
        """What DescribeEndpoint would answer now, for waits that ask after every timer."""
        self.clock.run_due()
        return describe_endpoint(self.twin.endpoints.get(ENDPOINT))

    @property
    def serving(self) -> str:
        """The config that serves."""
        return str(self.describe()["EndpointConfigName"])

    def serving_model(self) -> str:
        """The model of the config that serves."""
        config = self.sagemaker.describe_endpoint_config(EndpointConfigName=self.serving)
        return str(config["ProductionVariants"][0]["ModelName"])

    def alarm_names(self) -> set[str]:
        """Every alarm that exists."""
        return {alarm.name for alarm in self.twin.alarms.alarms()}

    def config_names(self) -> set[str]:
        """Every endpoint config that exists."""
        pages = self.sagemaker.get_paginator("list_endpoint_configs").paginate()
        return {c["EndpointConfigName"] for page in pages for c in page["EndpointConfigs"]}

    def model_names(self) -> set[str]:
        """Every model that exists."""
        pages = self.sagemaker.get_paginator("list_models").paginate()
        return {model["ModelName"] for page in pages for model in page["Models"]}

    def traces(self) -> dict[str, Any]:
        """Whatever a run that touched nothing leaves as it was."""
        try:
            described = self.describe()
            endpoint = {
                key: described[key]
                for key in ("EndpointConfigName", "EndpointStatus", "LastModifiedTime")
            }
        except self.sagemaker.exceptions.ClientError:
            endpoint = {}
        return {
            "endpoint": endpoint,
            "configs": self.config_names(),
            "models": self.model_names(),
            "alarms": self.alarm_names(),
        }

    def capacity(self) -> dict[str, Any]:
        """Scalable target, what hangs on it, and the fleet's size."""
        where = {"ServiceNamespace": "sagemaker"}
        targets = self.scaling.describe_scalable_targets(**where)["ScalableTargets"]
        policies = self.scaling.describe_scaling_policies(**where)["ScalingPolicies"]
        actions = self.scaling.describe_scheduled_actions(**where)["ScheduledActions"]
        return {
            "targets": [
                _without(target, "CreationTime", "ScalableTargetARN") for target in targets
            ],
            "policies": [_without(p, "CreationTime", "PolicyARN", "Alarms") for p in policies],
            "actions": [_without(a, "CreationTime", "ScheduledActionARN") for a in actions],
            "instances": self.desired_instances(),
        }

    def desired_instances(self) -> int:
        """The size that the fleet should have."""
        return int(self.describe()["ProductionVariants"][0]["DesiredInstanceCount"])

    def messages(self) -> list[str]:
        """The subject of each message to people."""
        return [message["Subject"] for message in self.outlets.messages]


@cache
def _listed_types() -> frozenset[str]:
    """Three pages of quotas instead of nine. The quota that plans look for is on the second page."""
    return frozenset(
        each for each in instance_types() if each.startswith(("ml.c5", "ml.g", "ml.p"))
    )


def _without(described: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in described.items() if key not in keys}
