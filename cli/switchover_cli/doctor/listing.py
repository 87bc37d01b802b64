"""Lists what the account has under Switchover's names; each list is bounded, and nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from switchover.domain.bounded import Unreadable, read_json
from switchover.domain.naming import ALARM_PREFIX, CONFIG_PREFIX
from switchover.domain.update.request import INPUT_LIMITS
from switchover_cli.doctor.seen import Thing
from switchover_cli.garbage.store import named_models

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_scheduler import EventBridgeSchedulerClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

# The bound of each list: more than a stack has, unless a defect creates items endlessly.
MOST = 2000
_MOST_EXECUTIONS = 200


class Endpoints:
    """SageMaker's endpoints, and the configs and models with a name of ours."""

    def __init__(self, sagemaker: SageMakerClient) -> None:
        self._sagemaker = sagemaker

    def names(self) -> Iterator[str]:
        """Every endpoint."""
        pages = self._sagemaker.get_paginator("list_endpoints").paginate(
            PaginationConfig={"MaxItems": MOST}
        )
        for page in pages:
            yield from (each["EndpointName"] for each in page["Endpoints"])

    def serving(self, endpoint: str) -> Iterator[str]:
        """The configs that an endpoint serves or moves to."""
        described = self._sagemaker.describe_endpoint(EndpointName=endpoint)
        yield described.get("EndpointConfigName", "")
        if "PendingDeploymentSummary" in described:
            yield described["PendingDeploymentSummary"]["EndpointConfigName"]

    def models_of(self, config: str) -> frozenset[str]:
        """The models that a config names; empty if the config was deleted while it serves."""
        try:
            described = self._sagemaker.describe_endpoint_config(EndpointConfigName=config)
        except ClientError as error:
            if "could not find" not in str(error).lower():  # rules §2.1
                raise
            return frozenset()
        return frozenset(named_models(described))

    def configs(self) -> Iterator[Thing]:
        """Endpoint configs with a name of ours."""
        pages = self._sagemaker.get_paginator("list_endpoint_configs").paginate(
            NameContains=CONFIG_PREFIX, PaginationConfig={"MaxItems": MOST}
        )
        for page in pages:
            for each in page["EndpointConfigs"]:
                if each["EndpointConfigName"].startswith(CONFIG_PREFIX):
                    yield Thing(each["EndpointConfigName"], each["CreationTime"])

    def models(self) -> Iterator[Thing]:
        """Models with a name of ours."""
        pages = self._sagemaker.get_paginator("list_models").paginate(
            NameContains=CONFIG_PREFIX, PaginationConfig={"MaxItems": MOST}
        )
        for page in pages:
            for each in page["Models"]:
                if each["ModelName"].startswith(CONFIG_PREFIX):
                    yield Thing(each["ModelName"], each["CreationTime"])


class Alarms:
    """CloudWatch's alarms with a name of ours."""

    def __init__(self, cloudwatch: CloudWatchClient) -> None:
        self._cloudwatch = cloudwatch

    def named(self) -> Iterator[Thing]:
        """Each alarm, with the time when it was made or last changed."""
        pages = self._cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix=ALARM_PREFIX,
            AlarmTypes=["MetricAlarm"],
            PaginationConfig={"MaxItems": MOST},
        )
        for page in pages:
            for each in page["MetricAlarms"]:
                yield Thing(each["AlarmName"], each.get("AlarmConfigurationUpdatedTimestamp"))


class ScheduleList:
    """The schedules of a stack's group."""

    def __init__(self, scheduler: EventBridgeSchedulerClient) -> None:
        self._scheduler = scheduler

    def named(self, group: str) -> Iterator[Thing]:
        """Each schedule, with the time when it was made."""
        pages = self._scheduler.get_paginator("list_schedules").paginate(
            GroupName=group, PaginationConfig={"MaxItems": MOST}
        )
        for page in pages:
            for each in page["Schedules"]:
                yield Thing(each["Name"], each.get("CreationDate"))


class Suspensions:
    """Scalable targets of endpoints whose scaling is suspended."""

    def __init__(self, scaling: ApplicationAutoScalingClient) -> None:
        self._scaling = scaling

    def variants(self) -> Iterator[tuple[str, str]]:
        """Endpoint and variant of each."""
        pages = self._scaling.get_paginator("describe_scalable_targets").paginate(
            ServiceNamespace="sagemaker", PaginationConfig={"MaxItems": MOST}
        )
        for page in pages:
            for target in page["ScalableTargets"]:
                match target["ResourceId"].split("/"):
                    case ["endpoint", endpoint, "variant", variant] if any(
                        target.get("SuspendedState", {}).values()
                    ):
                        yield endpoint, variant


class Runs:
    """Executions of the update machine that failed, timed out or were stopped."""

    def __init__(self, stepfunctions: SFNClient) -> None:
        self._stepfunctions = stepfunctions

    def ended(self, machine_arn: str, status: str) -> Iterator[tuple[str, datetime]]:
        """The newest executions with a status: each ARN, and when it ended."""
        pages = self._stepfunctions.get_paginator("list_executions").paginate(
            stateMachineArn=machine_arn,
            statusFilter=status,  # type: ignore[arg-type]
            PaginationConfig={"MaxItems": _MOST_EXECUTIONS},
        )
        for page in pages:
            for each in page["executions"]:
                yield each["executionArn"], each["stopDate"]

    def asked(self, execution_arn: str) -> str:
        """An execution's input."""
        return self._stepfunctions.describe_execution(executionArn=execution_arn).get("input", "")


class DeadLetters:
    """The queue of events that no function could handle."""

    def __init__(self, sqs: SQSClient) -> None:
        self._sqs = sqs

    def count(self, url: str) -> int:
        """The approximate number of events in the queue."""
        told = self._sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        return int(told["ApproximateNumberOfMessages"])


def parse_input(text: str) -> dict[str, Any]:
    """An execution's input; empty if the input isn't a request."""
    try:
        asked = read_json(text, INPUT_LIMITS)
    except Unreadable:
        return {}
    return asked if isinstance(asked, dict) else {}
