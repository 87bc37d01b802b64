"""A twin with one endpoint on it, for the twin's own tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from switchover_local.twin.clock import SteppedClock
from switchover_local.twin.scenario import Scenario, Timings
from switchover_local.twin.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.exceptions import ClientError

START = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
HARDWARE = "ml.g6e.2xlarge"
ROLE = "arn:aws:iam::000000000000:role/endpoint"
# Provision 180 + download 240 + health check 60: what the default scenario takes to launch.
LAUNCH = 480
ACTIVATE = 10
TERMINATE = 30


class Staging:
    """A twin, a clock to step, and shorthand for what every story begins with."""

    def __init__(self, scenario: Scenario | None = None) -> None:
        self.clock = SteppedClock(START)
        self.events: list[dict[str, Any]] = []
        self.twin = Twin(self.clock, scenario or Scenario(), self.events.append)
        self.sagemaker = self.twin.client("sagemaker")
        self.cloudwatch = self.twin.client("cloudwatch")

    @property
    def seconds(self) -> float:
        """Virtual seconds since the beginning."""
        return (self.clock.now() - START).total_seconds()

    def create_config(self, version: str, instances: int = 4, **variant: object) -> str:
        """Create a model from `s3://models/<version>/` and a config of it; returns its name."""
        source = {
            "S3Uri": f"s3://models/{version}/",
            "S3DataType": "S3Prefix",
            "CompressionType": "None",
        }
        self.sagemaker.create_model(
            ModelName=f"model-{version}",
            PrimaryContainer={"Image": "vllm", "ModelDataSource": {"S3DataSource": source}},
            ExecutionRoleArn=ROLE,
        )
        return self.configure(version, f"config-{version}", instances, **variant)

    def configure(self, version: str, name: str, instances: int = 4, **variant: object) -> str:
        """Create a config of a model that exists; returns its name. None leaves a field out."""
        spec: dict[str, Any] = {
            "VariantName": "main",
            "ModelName": f"model-{version}",
            "InitialInstanceCount": instances,
            "InstanceType": HARDWARE,
        }
        given = {key: value for key, value in (spec | variant).items() if value is not None}
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[given])
        return name

    def begin(self, instances: int = 4) -> Staging:
        """Bring endpoint `demo` into service on v1, with v2 ready to move to."""
        self.create_config("v1", instances)
        self.create_config("v2", instances)
        self.sagemaker.create_endpoint(EndpointName="demo", EndpointConfigName="config-v1")
        self.clock.advance(LAUNCH)
        return self

    def update(self, deployment: Mapping[str, Any] | None = None, to: str = "config-v2") -> None:
        """Call UpdateEndpoint."""
        extra = {} if deployment is None else {"DeploymentConfig": deployment}
        self.sagemaker.update_endpoint(EndpointName="demo", EndpointConfigName=to, **extra)

    def describe(self) -> dict[str, Any]:
        """DescribeEndpoint, of `demo`."""
        answer: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName="demo")
        return answer

    def settle(self) -> float:
        """Let time pass until `demo` is at rest; returns the seconds that took."""
        began = self.seconds
        moving = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}
        endpoint = self.twin.endpoints.get("demo")
        assert self.clock.run_until(lambda: endpoint.status not in moving, 100_000)
        return self.seconds - began

    def put_alarm(self, name: str = "guard", **more: object) -> None:
        """Create an alarm that keeps the state it is put in."""
        self.cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/SageMaker",
            MetricName="Invocation5XXErrors",
            Dimensions=[{"Name": "EndpointName", "Value": "demo"}],
            Statistic="Average",
            Period=60,
            EvaluationPeriods=1,
            Threshold=0.1,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="ignore",
            **more,
        )

    def set_alarm(self, state: str, name: str = "guard") -> None:
        """Set an alarm's state by hand."""
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="by hand")

    def timeline(self, since: float = LAUNCH) -> list[tuple[float, int, int, int, int]]:
        """(seconds since, old serving, new serving, old total, new total) at each change."""
        counts = self.twin.instances("demo")
        moments = [((c.at - START).total_seconds() - since, c) for c in counts]
        rows = [
            (at, c.old_serving, c.new_serving, c.old_total, c.new_total)
            for at, c in moments
            if at >= 0
        ]
        return [row for n, row in enumerate(rows) if n == 0 or row[1:] != rows[n - 1][1:]]

    def messages(self) -> list[str]:
        """Every StatusMessage that deployment events told, in order."""
        told: list[str] = []
        for event in self.events:
            detail = event["detail"]
            pending = detail.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
            for variant in [*detail.get("ProductionVariants", []), *pending]:
                told += [status["StatusMessage"] for status in variant.get("VariantStatus", [])]
        return told


def canary(
    size: int = 1, wait: int = 600, termination_wait: int = 300, alarms: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A blue/green canary DeploymentConfig."""
    return _guarded(
        {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {
                    "Type": "CANARY",
                    "WaitIntervalInSeconds": wait,
                    "CanarySize": count(size),
                },
                "TerminationWaitInSeconds": termination_wait,
            }
        },
        alarms,
    )


def linear(
    size: int = 1, wait: int = 600, termination_wait: int = 300, alarms: tuple[str, ...] = ()
) -> dict[str, Any]:
    """A blue/green linear DeploymentConfig."""
    return _guarded(
        {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {
                    "Type": "LINEAR",
                    "WaitIntervalInSeconds": wait,
                    "LinearStepSize": count(size),
                },
                "TerminationWaitInSeconds": termination_wait,
            }
        },
        alarms,
    )


def all_at_once(termination_wait: int = 300, alarms: tuple[str, ...] = ()) -> dict[str, Any]:
    """A blue/green all-at-once DeploymentConfig."""
    return _guarded(
        {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
                "TerminationWaitInSeconds": termination_wait,
            }
        },
        alarms,
    )


def rolling(
    size: int = 1, wait: int = 300, alarms: tuple[str, ...] = (), **policy: object
) -> dict[str, Any]:
    """A rolling DeploymentConfig."""
    return _guarded(
        {
            "RollingUpdatePolicy": {
                "MaximumBatchSize": count(size),
                "WaitIntervalInSeconds": wait,
                **policy,
            }
        },
        alarms,
    )


def count(instances: int) -> dict[str, Any]:
    """A CapacitySize in instances."""
    return {"Type": "INSTANCE_COUNT", "Value": instances}


def percent(value: int) -> dict[str, Any]:
    """A CapacitySize in percent."""
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def _guarded(deployment: dict[str, Any], alarms: tuple[str, ...]) -> dict[str, Any]:
    if alarms:
        listed = [{"AlarmName": name} for name in alarms]
        deployment["AutoRollbackConfiguration"] = {"Alarms": listed}
    return deployment


def refusal_of(error: ClientError) -> tuple[str, str]:
    """The code and message that AWS's client saw."""
    return error.response["Error"]["Code"], error.response["Error"]["Message"]


QUICK = Timings(
    provision_seconds=10, activate_seconds=1, terminate_seconds=1, delete_endpoint_seconds=1
)
