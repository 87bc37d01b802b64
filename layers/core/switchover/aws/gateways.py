"""The gateways of this process, each made on first use with a cached client."""

from __future__ import annotations

from switchover.aws import clients
from switchover.aws.artifacts import Artifacts
from switchover.aws.cloudwatch import CloudWatch
from switchover.aws.container_logs import ContainerLogs
from switchover.aws.copying import Copying
from switchover.aws.failure_evidence import FailureEvidence
from switchover.aws.files import Files
from switchover.aws.guards import Guards
from switchover.aws.ledger import Ledger
from switchover.aws.manifests import Manifests
from switchover.aws.metrics import FleetMetrics
from switchover.aws.model_files import ModelFiles
from switchover.aws.notifications import Announcements, Topic
from switchover.aws.queue import Queue
from switchover.aws.release_files import ReleaseFiles
from switchover.aws.roles import Roles
from switchover.aws.runtime import Runtime
from switchover.aws.sagemaker import SageMaker
from switchover.aws.scaling import Quotas, Scaling
from switchover.aws.schedules import Ring, Schedules
from switchover.aws.usage import Fleets
from switchover.aws.watched_alarms import WatchedAlarms
from switchover.aws.wishes import Wishes
from switchover.aws.witness import Witness
from switchover.aws.workflow import Workflow
from switchover.settings import settings


def sagemaker() -> SageMaker:
    """Endpoints, configs and models."""
    return SageMaker(clients.client("sagemaker"))


def cloudwatch() -> CloudWatch:
    """Alarms."""
    return CloudWatch(clients.client("cloudwatch"))


def failure_evidence() -> FailureEvidence:
    """The evidence of failed updates."""
    return FailureEvidence(clients.client("cloudwatch"), ContainerLogs(clients.client("logs")))


def guards() -> Guards:
    """Calls the guard of a bake."""
    return Guards(clients.client("lambda"), settings().guard_function)


def fleet_metrics() -> FleetMetrics:
    """A fleet's requests and latency."""
    return FleetMetrics(clients.client("cloudwatch"))


def scaling() -> Scaling:
    """Scalable targets."""
    return Scaling(clients.client("application-autoscaling"))


def quotas() -> Quotas:
    """The account's quotas."""
    return Quotas(clients.client("service-quotas"))


def fleets() -> Fleets:
    """The instances that the account's endpoints use."""
    return Fleets(clients.client("sagemaker"))


def roles() -> Roles:
    """What roles may do."""
    return Roles(clients.client("iam"))


def runtime() -> Runtime:
    """The model behind an endpoint."""
    return Runtime(clients.client("sagemaker-runtime"))


def release_files() -> ReleaseFiles:
    """Releases and their files."""
    return ReleaseFiles(clients.client("s3"))


def model_files() -> ModelFiles:
    """The versions of a release's files."""
    return ModelFiles(clients.client("s3"))


def copying() -> Copying:
    """Releases that lie elsewhere."""
    return Copying(clients.client("s3"))


def files() -> Files:
    """Small files beside the models: policies and golden requests."""
    return Files(clients.client("s3"), settings().releases_may)


def artifacts() -> Artifacts:
    """What models are launched from."""
    return Artifacts(clients.client("s3"), clients.client("ecr"))


def ledger() -> Ledger:
    """What Switchover remembers."""
    return Ledger(clients.client("dynamodb"), settings().table)


def manifests() -> Manifests:
    """The manifests of files that updates were made of."""
    return Manifests(clients.client("dynamodb"), settings().table)


def workflow() -> Workflow:
    """Executions."""
    return Workflow(clients.client("stepfunctions"))


def queue() -> Queue:
    """The queue of each endpoint."""
    return Queue(clients.client("dynamodb"), settings().table)


def wishes() -> Wishes:
    """The wishes of people."""
    return Wishes(clients.client("dynamodb"), settings().table)


def watched_alarms() -> WatchedAlarms:
    """The updates that users' own alarms belong to."""
    return WatchedAlarms(clients.client("dynamodb"), settings().table)


def schedules() -> Schedules:
    """The schedules that start waiting updates.

    Raises:
        ValueError: this function's environment names no target.
    """
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
    return Witness(clients.client("dynamodb"), settings().table)


def announcements() -> Announcements:
    """Publishes outcomes.

    Raises:
        ValueError: this function was given no topic.
    """
    told = settings()
    if told.topic_arn is None:
        raise ValueError("SWITCHOVER_TOPIC_ARN is not set for this function")
    return Announcements(
        clients.client("sns"), clients.client("events"), told.topic_arn, told.event_bus
    )


def topic() -> Topic:
    """The outcome topic and its subscribers."""
    return Topic(clients.client("sns"), settings().topic_arn)
