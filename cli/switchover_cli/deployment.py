"""The deployed Switchover that commands talk to: one gateway per service intention."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from switchover.domain.naming import execution_arn

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config
    from mypy_boto3_s3 import S3Client

    from switchover.aws.artifacts import Artifacts
    from switchover.aws.cloudwatch import CloudWatch
    from switchover.aws.failure_evidence import FailureEvidence
    from switchover.aws.files import Files
    from switchover.aws.fleet_series import FleetSeries
    from switchover.aws.ledger import Ledger
    from switchover.aws.manifests import Manifests
    from switchover.aws.metrics import FleetMetrics
    from switchover.aws.notifications import Topic
    from switchover.aws.offers import Offers
    from switchover.aws.queue import Queue
    from switchover.aws.release_files import ReleaseFiles
    from switchover.aws.roles import Roles
    from switchover.aws.sagemaker import SageMaker
    from switchover.aws.scaling import Quotas, Scaling
    from switchover.aws.usage import Fleets
    from switchover.aws.wishes import Wishes
    from switchover.aws.workflow import Workflow
    from switchover_cli.function_urls import FunctionUrls
    from switchover_cli.garbage.store import Leftovers


@cache
def calm() -> Config:
    """How commands call AWS: with more time and retries than functions, as a person waits."""
    from botocore.config import Config

    return Config(
        connect_timeout=5,
        read_timeout=60,
        retries={"mode": "standard", "total_max_attempts": 5},
        max_pool_connections=32,  # `model check` reads a bucket in the same way as ValidateModel
    )


@dataclass(frozen=True)
class Deployment:
    """One deployed stack. Each gateway is loaded and made on first use, as this takes time."""

    session: boto3.Session
    table: str
    bucket: str
    state_machine_arn: str
    topic_arn: str | None = None
    chat_topic_arn: str = ""
    dashboard: str = ""
    releases_may: tuple[str, ...] = ()
    protects_models: bool = True
    bucket_key: str = ""
    schedule_group: str = ""
    dead_letters_url: str = ""
    decide_url: str = ""
    vouch_url: str = ""

    def client(self, service: str) -> Any:
        """A client of a service, in the stack's account and region."""
        return self.session.client(service, config=calm())  # type: ignore[call-overload]

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger of updates."""
        from switchover.aws.ledger import Ledger

        return Ledger(self.client("dynamodb"), self.table)

    @cached_property
    def queue(self) -> Queue:
        """The queues of waiting updates."""
        from switchover.aws.queue import Queue

        return Queue(self.client("dynamodb"), self.table)

    @cached_property
    def sagemaker(self) -> SageMaker:
        """The endpoints."""
        from switchover.aws.sagemaker import SageMaker

        return SageMaker(self.client("sagemaker"))

    @cached_property
    def cloudwatch(self) -> CloudWatch:
        """The alarms."""
        from switchover.aws.cloudwatch import CloudWatch

        return CloudWatch(self.client("cloudwatch"))

    @cached_property
    def fleet_metrics(self) -> FleetMetrics:
        """The metrics of an endpoint's fleets."""
        from switchover.aws.metrics import FleetMetrics

        return FleetMetrics(self.client("cloudwatch"))

    @cached_property
    def fleet_series(self) -> FleetSeries:
        """Both fleets' metrics over time."""
        from switchover.aws.fleet_series import FleetSeries

        return FleetSeries(self.client("cloudwatch"))

    @cached_property
    def manifests(self) -> Manifests:
        """Which versions of files updates were made of."""
        from switchover.aws.manifests import Manifests

        return Manifests(self.client("dynamodb"), self.table)

    @cached_property
    def wishes(self) -> Wishes:
        """The pins and marks that people set."""
        from switchover.aws.wishes import Wishes

        return Wishes(self.client("dynamodb"), self.table)

    @cached_property
    def traces(self) -> FailureEvidence:
        """The evidence for why an update failed."""
        from switchover.aws.container_logs import ContainerLogs
        from switchover.aws.failure_evidence import FailureEvidence

        return FailureEvidence(
            self.client("cloudwatch"),
            ContainerLogs(self.client("logs")),
        )

    @cached_property
    def leftovers(self) -> Leftovers:
        """The configs and models of past updates."""
        from switchover_cli.garbage.store import Leftovers

        return Leftovers(self.client("sagemaker"))

    @cached_property
    def scaling(self) -> Scaling:
        """The autoscaling of endpoints."""
        from switchover.aws.scaling import Scaling

        return Scaling(self.client("application-autoscaling"))

    @cached_property
    def quotas(self) -> Quotas:
        """The account's quotas."""
        from switchover.aws.scaling import Quotas

        return Quotas(self.client("service-quotas"))

    @cached_property
    def fleets(self) -> Fleets:
        """The instances that the account's endpoints use."""
        from switchover.aws.usage import Fleets

        return Fleets(self.client("sagemaker"))

    @cached_property
    def roles(self) -> Roles:
        """The permissions of roles."""
        from switchover.aws.roles import Roles

        return Roles(self.client("iam"))

    @cached_property
    def topic(self) -> Topic:
        """The subscribers to the outcomes."""
        from switchover.aws.notifications import Topic

        return Topic(self.client("sns"), self.topic_arn, self.chat_topic_arn)

    @cached_property
    def models(self) -> ReleaseFiles:
        """Releases and their files."""
        from switchover.aws.release_files import ReleaseFiles

        return ReleaseFiles(self.s3)

    @cached_property
    def offers(self) -> Offers:
        """The releases in the model bucket."""
        from switchover.aws.offers import Offers

        return Offers(self.s3, self.bucket)

    @cached_property
    def files(self) -> Files:
        """Policies and golden requests."""
        from switchover.aws.files import Files

        return Files(self.s3, self.releases_may)

    @cached_property
    def artifacts(self) -> Artifacts:
        """The container images of models."""
        from switchover.aws.artifacts import Artifacts

        return Artifacts(self.s3, self.client("ecr"))

    @cached_property
    def workflow(self) -> Workflow:
        """The state machine's executions."""
        from switchover.aws.workflow import Workflow

        return Workflow(self.client("stepfunctions"))

    @cached_property
    def function_urls(self) -> FunctionUrls:
        """The functions that must know their caller."""
        from switchover_cli.function_urls import FunctionUrls

        endpoint = self.client("lambda").meta.endpoint_url
        return FunctionUrls(self.session, endpoint if self.is_local else "")

    @cached_property
    def s3(self) -> S3Client:
        """The client of the model bucket."""
        s3: S3Client = self.client("s3")
        return s3

    @cached_property
    def is_local(self) -> bool:
        """Whether the stack is on this machine, where time is virtual and calls cost nothing."""
        url = self.client("stepfunctions").meta.endpoint_url
        return urlsplit(url).hostname in {"127.0.0.1", "localhost"}

    def execution_arn(self, update_id: str) -> str:
        """The execution that runs an update: both have the same name."""
        return execution_arn(self.state_machine_arn, update_id)
