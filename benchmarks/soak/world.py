"""Many endpoints in one deployed Switchover, each with traffic only while something happens to it.

The cost of a month of 200 endpoints comes from regular events: requests, utilisation, evaluations of
alarms. These matter only around an update, so an endpoint is idle until an update is near.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support import clients
from tests.support.ledger_table import table_in_memory
from tests.support.outlets import Outlets
from tests.support.scene import INSTANCE_TYPE, VARIANT, create_storage
from tests.support.template import ACCOUNT
from tests.support.walker import Status
from tests.support.world import World

from switchover.aws.ledger import Ledger
from switchover.aws.queue import Queue
from switchover.aws.watched_alarms import WatchedAlarms
from switchover.aws.wishes import Wishes
from switchover.domain.naming import endpoint_of_alarm
from switchover_local.twin.runtime.traffic import ConstantRate, Load
from switchover_local.twin.scenario import Behaviour, ModelBehaviour, Scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tests.support.walker import Execution

REQUESTS_PER_SECOND = 0.2
# The time of traffic before a release, so that alarms and plans find traffic.
LEAD_SECONDS = 900
_DOZE_SECONDS = 1800
_COMING_UP_SECONDS = 1800
# The behaviour of versions, by the end of their names.
BEHAVIOURS = {
    "slow": Behaviour(latency_us=20_000_000),
    "failing": Behaviour(server_error_rate=0.7),
    "sick": Behaviour(unhealthy_from_instance=1),
}
_NAME_LENGTH = len("ep-000")


def endpoint_named(number: int) -> str:
    """The name of an endpoint; an execution's name begins with it."""
    return f"ep-{number:03}"


@dataclass(slots=True)
class Post(Outlets):
    """EventBridge and SNS, with a listener for the soak's checks; some events get lost."""

    listeners: list[Callable[[str, Mapping[str, Any]], None]] = field(default_factory=list)
    loses: Callable[[Mapping[str, Any]], bool] = lambda _event: False

    def publish(self, **message: Any) -> dict[str, Any]:
        """Accept a message to people."""
        answer = Outlets.publish(self, **message)
        told = {key: value["StringValue"] for key, value in message["MessageAttributes"].items()}
        self._tell("people", told)
        return answer

    def emit(self, event: dict[str, Any]) -> None:
        """Give an event to every function whose rule matches, unless it gets lost on the way."""
        self._tell("events", event)
        if not self.loses(event):
            Outlets.emit(self, event)

    def _tell(self, how: str, what: Mapping[str, Any]) -> None:
        for listener in self.listeners:
            listener(how, what)


class SoakWorld(World):
    """Endpoints `ep-000` and on; each serves version v1 when it begins."""

    outlets: Post

    def __init__(self, seed: int, endpoints: int) -> None:
        models = tuple(
            ModelBehaviour(model=f"*-{word}/", behaviour=behaviour)
            for word, behaviour in BEHAVIOURS.items()
        )
        super().__init__(
            Scenario(seed=seed, models=models, quotas={INSTANCE_TYPE: 100 * endpoints}),
            outlets=Post,
        )
        self.names = tuple(map(endpoint_named, range(endpoints)))
        self.loads: dict[str, Load] = {}
        self.sizes: dict[str, int] = {}
        self.capacities: dict[str, Any] = {}
        self._stirred_at: dict[str, datetime] = {}
        self._remember_in_memory()
        self.twin.passes_over = lambda name: not self.is_awake(name)
        self.twin.alarms.passes_over = self._is_of_a_sleeper
        self.outlets.listeners.append(self._note_execution)

    def begin_all(self, sizes: Mapping[str, int]) -> None:
        """Create every endpoint, with autoscaling if its number is even."""
        create_storage(self.bucket, self.settings["SWITCHOVER_TABLE"])
        self.sizes = dict(sizes)
        for name in self.names:
            self._create(name, sizes[name])
        self.clock.advance(_COMING_UP_SECONDS)
        for number, name in enumerate(self.names):
            if number % 2 == 0:
                self._scale(name, sizes[name])
        self.clock.advance(_COMING_UP_SECONDS)
        self.outlets.tick(self.clock)
        self.capacities = {name: self.capacity_of(name) for name in self.names}

    def is_awake(self, endpoint: str) -> bool:
        """Whether requests flow to an endpoint."""
        return endpoint in self.loads and self.loads[endpoint].is_running

    def wake(self, endpoint: str) -> None:
        """Send requests until nothing has happened for a while."""
        self._stirred_at[endpoint] = self.clock.now()
        if endpoint not in self.loads:
            rate = ConstantRate(REQUESTS_PER_SECOND)
            self.loads[endpoint] = Load(
                self.clock, self.twin.invoke, endpoint, rate, batch_seconds=20
            )
        if not self.loads[endpoint].is_running:
            self.loads[endpoint].start()
            self.clock.call_later(_DOZE_SECONDS, lambda: self._doze(endpoint))

    def of(self, endpoint: str) -> list[Execution]:
        """The executions of an endpoint."""
        return [each for each in self.executions if endpoint_of(each.name) == endpoint]

    def running(self, endpoint: str) -> list[Execution]:
        """The running executions."""
        return [each for each in self._running.values() if endpoint_of(each.name) == endpoint]

    @property
    def is_at_rest(self) -> bool:
        """Whether no execution runs, and none is to be started later."""
        return not self._running and not self.scheduler.schedules

    @property
    def crashes_left(self) -> int:
        """Planned crashes whose function hasn't run since."""
        return sum(crash.times for planned in self.lambdas.crashes.values() for crash in planned)

    def describe_endpoint(self, endpoint: str) -> dict[str, Any]:
        """DescribeEndpoint; empty if there is none."""
        try:
            described: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=endpoint)
        except self.sagemaker.exceptions.ClientError:
            return {}
        return described

    def capacity_of(self, endpoint: str) -> Any:
        """An endpoint's scalable target and size."""
        targets = self.scaling.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[f"endpoint/{endpoint}/variant/{VARIANT}"]
        )["ScalableTargets"]
        described = self.describe_endpoint(endpoint)
        return {
            "targets": [
                {key: target[key] for key in ("MinCapacity", "MaxCapacity", "SuspendedState")}
                for target in targets
            ],
            "instances": described["ProductionVariants"][0]["DesiredInstanceCount"]
            if described
            else None,
        }

    def _remember_in_memory(self) -> None:
        self.table = table_in_memory()
        self.stand_ins["dynamodb"] = self.table
        at: Any = self.table
        name = self.settings["SWITCHOVER_TABLE"]
        self.ledger, self.queue = Ledger(at, name), Queue(at, name)
        self.wishes, self.watched_alarms = Wishes(at, name), WatchedAlarms(at, name)
        self._running: dict[str, Execution] = {}

    def _create(self, name: str, instances: int) -> None:
        config = f"{name}-v1"
        self.s3.put_object(Bucket=self.bucket, Key=f"models/{name}/v1/model.safetensors", Body=b"1")
        self.sagemaker.create_model(
            ModelName=config,
            ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT}:role/SageMakerModel",
            PrimaryContainer={
                "Image": "vllm:1",
                "ModelDataSource": {
                    "S3DataSource": {
                        "S3Uri": f"s3://{self.bucket}/models/{name}/v1/",
                        "S3DataType": "S3Prefix",
                        "CompressionType": "None",
                    }
                },
            },
        )
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=config,
            ProductionVariants=[
                {
                    "VariantName": VARIANT,
                    "ModelName": config,
                    "InstanceType": INSTANCE_TYPE,
                    "InitialInstanceCount": instances,
                }
            ],
        )
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)

    def _scale(self, name: str, instances: int) -> None:
        self.scaling.register_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=f"endpoint/{name}/variant/{VARIANT}",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount",
            MinCapacity=1,
            MaxCapacity=instances + 4,
        )

    def _is_of_a_sleeper(self, alarm: str) -> bool:
        endpoint = endpoint_of_alarm(alarm)
        return endpoint is not None and not self.is_awake(endpoint)

    def _note_execution(self, how: str, event: Mapping[str, Any]) -> None:
        if how != "events" or event["source"] != "aws.states":
            return
        arn, name = event["detail"]["executionArn"], event["detail"]["name"]
        self.wake(endpoint_of(name))
        if event["detail"]["status"] == Status.RUNNING:
            # The event comes during the start, and the execution is listed right after.
            self.clock.call_later(0, lambda: self._list(arn))
        else:
            self._running.pop(arn, None)

    def _list(self, arn: str) -> None:
        execution = self.stepfunctions.executions[arn]
        if execution.status is Status.RUNNING:
            self._running[arn] = execution

    def _doze(self, endpoint: str) -> None:
        quiet = (self.clock.now() - self._stirred_at[endpoint]).total_seconds()
        if self.running(endpoint) or quiet < _DOZE_SECONDS:
            self.clock.call_later(_DOZE_SECONDS, lambda: self._doze(endpoint))
        else:
            self.loads[endpoint].stop()


def endpoint_of(name: str) -> str:
    """The endpoint of an execution, or of an update, by its name."""
    return name[:_NAME_LENGTH]


def use(world: SoakWorld) -> None:
    """Make the shared clients call this world's twin."""
    clients.use_twin(world.twin)
