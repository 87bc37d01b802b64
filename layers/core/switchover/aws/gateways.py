"""The gateways of this process, each made on first use with a cached client.

A gateway's module is imported where the gateway is made, so that a cold start imports only the
gateways that its state uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.aws import clients
from switchover.settings import settings

if TYPE_CHECKING:
    from switchover.aws.artifacts import Artifacts
    from switchover.aws.chat import Chat
    from switchover.aws.cloudwatch import CloudWatch
    from switchover.aws.copying import Copying
    from switchover.aws.failure_evidence import FailureEvidence
    from switchover.aws.files import Files
    from switchover.aws.fleet_series import FleetSeries
    from switchover.aws.guards import Guards, Watches
    from switchover.aws.ledger import Ledger
    from switchover.aws.manifests import Manifests
    from switchover.aws.metrics import FleetMetrics
    from switchover.aws.model_files import ModelFiles
    from switchover.aws.notifications import Announcements, Topic
    from switchover.aws.queue import Queue
    from switchover.aws.release_files import ReleaseFiles
    from switchover.aws.reports import Reports
    from switchover.aws.roles import Roles
    from switchover.aws.runtime import Runtime
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.scaling import Quotas, Scaling
    from switchover.aws.schedules import Schedules
    from switchover.aws.usage import Fleets
    from switchover.aws.watched_alarms import WatchedAlarms
    from switchover.aws.wishes import Wishes
    from switchover.aws.witness import Witness
    from switchover.aws.workflow import Workflow


def sagemaker() -> SageMaker:
    """Endpoints, configs and models."""
    from switchover.aws.sagemaker import SageMaker

    return SageMaker(clients.client("sagemaker"))


def cloudwatch() -> CloudWatch:
    """Alarms."""
    from switchover.aws.cloudwatch import CloudWatch

    return CloudWatch(clients.client("cloudwatch"))


def failure_evidence() -> FailureEvidence:
    """The evidence of failed updates."""
    from switchover.aws.container_logs import ContainerLogs
    from switchover.aws.failure_evidence import FailureEvidence

    return FailureEvidence(clients.client("cloudwatch"), ContainerLogs(clients.client("logs")))


def guards() -> Guards:
    """Starts the guards of bakes."""
    from switchover.aws.guards import Guards

    return Guards(workflow(), settings().guard_machine_arn)


def watches() -> Watches:
    """The findings of guards about their bakes."""
    from switchover.aws.guards import Watches

    return Watches(clients.client("dynamodb"), settings().table)


def fleet_metrics() -> FleetMetrics:
    """A fleet's requests and latency."""
    from switchover.aws.metrics import FleetMetrics

    return FleetMetrics(clients.client("cloudwatch"))


def fleet_series() -> FleetSeries:
    """Both fleets' metrics over time."""
    from switchover.aws.fleet_series import FleetSeries

    return FleetSeries(clients.client("cloudwatch"))


def reports() -> Reports:
    """The reports of ended updates."""
    from switchover.aws.reports import Reports

    return Reports(clients.client("s3"), settings().bucket)


def scaling() -> Scaling:
    """Scalable targets."""
    from switchover.aws.scaling import Scaling

    return Scaling(clients.client("application-autoscaling"))


def quotas() -> Quotas:
    """The account's quotas."""
    from switchover.aws.scaling import Quotas

    return Quotas(clients.client("service-quotas"))


def fleets() -> Fleets:
    """The instances that the account's endpoints use."""
    from switchover.aws.usage import Fleets

    return Fleets(clients.client("sagemaker"))


def roles() -> Roles:
    """The permissions of roles."""
    from switchover.aws.roles import Roles

    return Roles(clients.client("iam"))


def runtime() -> Runtime:
    """The model behind an endpoint."""
    from switchover.aws.runtime import Runtime

    return Runtime(clients.client("sagemaker-runtime"))


def release_files() -> ReleaseFiles:
    """Releases and their files."""
    from switchover.aws.release_files import ReleaseFiles

    return ReleaseFiles(clients.client("s3"))


def model_files() -> ModelFiles:
    """The versions of a release's files."""
    from switchover.aws.model_files import ModelFiles

    return ModelFiles(clients.client("s3"))


def copying() -> Copying:
    """Copies of releases from other places."""
    from switchover.aws.copying import Copying

    return Copying(clients.client("s3"))


def files() -> Files:
    """Small files beside the models: policies and golden requests."""
    from switchover.aws.files import Files

    return Files(clients.client("s3"), settings().releases_may)


def artifacts() -> Artifacts:
    """The data and images of models."""
    from switchover.aws.artifacts import Artifacts

    return Artifacts(clients.client("s3"), clients.client("ecr"))


def ledger() -> Ledger:
    """The ledger: updates, claims and served configs."""
    from switchover.aws.ledger import Ledger

    return Ledger(clients.client("dynamodb"), settings().table)


def manifests() -> Manifests:
    """The manifests of the files that updates use."""
    from switchover.aws.manifests import Manifests

    return Manifests(clients.client("dynamodb"), settings().table)


def workflow() -> Workflow:
    """Executions."""
    from switchover.aws.workflow import Workflow

    return Workflow(clients.client("stepfunctions"))


def queue() -> Queue:
    """The queue of each endpoint."""
    from switchover.aws.queue import Queue

    return Queue(clients.client("dynamodb"), settings().table)


def wishes() -> Wishes:
    """People's requests: stops, marks, pins and adoptions."""
    from switchover.aws.wishes import Wishes

    return Wishes(clients.client("dynamodb"), settings().table)


def watched_alarms() -> WatchedAlarms:
    """The updates that people's own alarms may roll back."""
    from switchover.aws.watched_alarms import WatchedAlarms

    return WatchedAlarms(clients.client("dynamodb"), settings().table)


def schedules() -> Schedules:
    """The schedules that start waiting updates.

    Raises:
        ValueError: this function's environment doesn't name the schedules' target.
    """
    from switchover.aws.schedules import Ring, Schedules

    told = settings()
    ring = (
        told.schedule_group,
        told.schedule_target_arn,
        told.schedule_role_arn,
        told.dead_letters_arn,
    )
    if not all(ring):
        raise ValueError("SWITCHOVER_SCHEDULE_… is not set for this function")
    return Schedules(clients.client("scheduler"), Ring(*(part or "" for part in ring)))


def witness() -> Witness:
    """The recorded deciders and offerers."""
    from switchover.aws.witness import Witness

    return Witness(clients.client("dynamodb"), settings().table)


def announcements() -> Announcements:
    """Publishes outcomes.

    Raises:
        ValueError: this function's environment names no topic.
    """
    from switchover.aws.notifications import Announcements

    told = settings()
    if told.topic_arn is None:
        raise ValueError("SWITCHOVER_TOPIC_ARN is not set for this function")
    return Announcements(
        clients.client("sns"), clients.client("events"), told.topic_arn, told.event_bus
    )


def topic() -> Topic:
    """The outcome topic and its subscribers."""
    from switchover.aws.notifications import Topic

    told = settings()
    return Topic(clients.client("sns"), told.topic_arn, told.chat_topic_arn)


def chat() -> Chat:
    """Publishes messages for chat.

    Raises:
        ValueError: this function was given no chat topic.
    """
    from switchover.aws.chat import Chat

    told = settings()
    if not told.chat_topic_arn:
        raise ValueError("SWITCHOVER_CHAT_TOPIC_ARN is not set for this function")
    return Chat(clients.client("sns"), clients.client("dynamodb"), told.table, told.chat_topic_arn)
