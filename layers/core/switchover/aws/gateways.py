"""The gateways of this process, each made on first use over its cached client."""

from __future__ import annotations

from switchover.aws import clients
from switchover.aws.acts import Acts
from switchover.aws.announcements import Announcements
from switchover.aws.cloudwatch import CloudWatch
from switchover.aws.copying import Copying
from switchover.aws.files import Files
from switchover.aws.ledger import Ledger
from switchover.aws.models import Models
from switchover.aws.runtime import Runtime
from switchover.aws.sagemaker import SageMaker
from switchover.aws.scaling import Quotas, Scaling
from switchover.aws.workflow import Workflow
from switchover.settings import settings


def sagemaker() -> SageMaker:
    """Endpoints, configs and models."""
    return SageMaker(clients.client("sagemaker"))


def cloudwatch() -> CloudWatch:
    """Alarms."""
    return CloudWatch(clients.client("cloudwatch"))


def scaling() -> Scaling:
    """Scalable targets."""
    return Scaling(clients.client("application-autoscaling"))


def quotas() -> Quotas:
    """What the account may run."""
    return Quotas(clients.client("service-quotas"))


def runtime() -> Runtime:
    """The model behind an endpoint."""
    return Runtime(clients.client("sagemaker-runtime"))


def models() -> Models:
    """Releases and their files."""
    return Models(clients.client("s3"))


def copying() -> Copying:
    """Releases that lie elsewhere."""
    return Copying(clients.client("s3"))


def files() -> Files:
    """Small files beside the models: policies and golden requests."""
    return Files(clients.client("s3"))


def ledger() -> Ledger:
    """What Switchover remembers."""
    return Ledger(clients.client("dynamodb"), settings().table)


def workflow() -> Workflow:
    """Executions."""
    return Workflow(clients.client("stepfunctions"))


def announcements() -> Announcements:
    """Where outcomes are told.

    Raises:
        ValueError: this function was given no topic.
    """
    told = settings()
    if told.topic_arn is None:
        raise ValueError("SWITCHOVER_TOPIC_ARN is not set for this function")
    return Announcements(
        clients.client("sns"), clients.client("events"), told.topic_arn, told.event_bus
    )


def acts() -> Acts:
    """What changes endpoints."""
    return Acts(sagemaker(), cloudwatch(), ledger())
