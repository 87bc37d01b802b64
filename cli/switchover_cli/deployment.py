"""The deployed Switchover that commands talk to, found by its CloudFormation stack."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import botocore.session
import typer
from botocore.config import Config
from botocore.exceptions import ClientError

from switchover.aws.clients import teach_newer_models
from switchover.aws.cloudwatch import CloudWatch
from switchover.aws.container_logs import ContainerLogs
from switchover.aws.failure_evidence import FailureEvidence
from switchover.aws.files import Files
from switchover.aws.ledger import Ledger
from switchover.aws.metrics import FleetMetrics
from switchover.aws.notifications import Topic
from switchover.aws.offers import Offers
from switchover.aws.queue import Queue
from switchover.aws.roles import Roles
from switchover.aws.sagemaker import SageMaker
from switchover.aws.scaling import Quotas, Scaling
from switchover.aws.usage import Fleets
from switchover.aws.wishes import Wishes
from switchover.aws.workflow import Workflow
from switchover.domain.naming import execution_arn
from switchover.settings import split_names
from switchover_cli.errors import CommandFailed, Misused
from switchover_cli.function_urls import FunctionUrls
from switchover_cli.garbage.store import Leftovers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_s3 import S3Client

    from switchover.aws.artifacts import Artifacts
    from switchover.aws.release_files import ReleaseFiles
    from switchover_local.stack import LocalCloud

CALM = Config(
    connect_timeout=5, read_timeout=60, retries={"mode": "standard", "total_max_attempts": 5}
)
# Endings of the variables that lead boto3 to an account, or to an endpoint of one's own.
_NAMING = ("ACCESS_KEY_ID", "PROFILE", "ENDPOINT_URL", "TOKEN_FILE", "CREDENTIALS_FULL_URI")
_OUTPUTS = ("TableName", "BucketName", "StateMachineArn")


@dataclass(frozen=True)
class Deployment:
    """One deployed stack. Its gateways are made on first use: each costs a tenth of a second.

    Those that know the inside of models and containers are loaded only then, too.
    """

    session: boto3.Session
    table: str
    bucket: str
    state_machine_arn: str
    topic_arn: str | None = None
    dashboard: str = ""
    releases_may: tuple[str, ...] = ()
    schedule_group: str = ""
    dead_letters_url: str = ""
    decide_url: str = ""
    vouch_url: str = ""

    @cached_property
    def ledger(self) -> Ledger:
        """What Switchover remembers."""
        return Ledger(self.session.client("dynamodb", config=CALM), self.table)

    @cached_property
    def queue(self) -> Queue:
        """Who waits."""
        return Queue(self.session.client("dynamodb", config=CALM), self.table)

    @cached_property
    def sagemaker(self) -> SageMaker:
        """The endpoints."""
        return SageMaker(self.session.client("sagemaker", config=CALM))

    @cached_property
    def cloudwatch(self) -> CloudWatch:
        """The alarms."""
        return CloudWatch(self.session.client("cloudwatch", config=CALM))

    @cached_property
    def fleet_metrics(self) -> FleetMetrics:
        """What a fleet answered, and how fast."""
        return FleetMetrics(self.session.client("cloudwatch", config=CALM))

    @cached_property
    def wishes(self) -> Wishes:
        """What people wish."""
        return Wishes(self.session.client("dynamodb", config=CALM), self.table)

    @cached_property
    def traces(self) -> FailureEvidence:
        """What tells why a change went wrong."""
        return FailureEvidence(
            self.session.client("cloudwatch", config=CALM),
            ContainerLogs(self.session.client("logs", config=CALM)),
        )

    @cached_property
    def leftovers(self) -> Leftovers:
        """What past updates left."""
        return Leftovers(self.session.client("sagemaker", config=CALM))

    @cached_property
    def scaling(self) -> Scaling:
        """The scalable targets."""
        return Scaling(self.session.client("application-autoscaling", config=CALM))

    @cached_property
    def quotas(self) -> Quotas:
        """What the account may run."""
        return Quotas(self.session.client("service-quotas", config=CALM))

    @cached_property
    def fleets(self) -> Fleets:
        """What the account's endpoints use."""
        return Fleets(self.session.client("sagemaker", config=CALM))

    @cached_property
    def roles(self) -> Roles:
        """What roles may do."""
        return Roles(self.session.client("iam", config=CALM))

    @cached_property
    def topic(self) -> Topic:
        """Who hears the outcomes."""
        return Topic(self.session.client("sns", config=CALM), self.topic_arn)

    @cached_property
    def models(self) -> ReleaseFiles:
        """Releases and their files."""
        from switchover.aws.release_files import ReleaseFiles

        return ReleaseFiles(self.s3)

    @cached_property
    def offers(self) -> Offers:
        """The releases that lie in the model bucket."""
        return Offers(self.s3, self.bucket)

    @cached_property
    def files(self) -> Files:
        """Policies and golden requests."""
        return Files(self.s3, self.releases_may)

    @cached_property
    def artifacts(self) -> Artifacts:
        """What models are launched from."""
        from switchover.aws.artifacts import Artifacts

        return Artifacts(self.s3, self.session.client("ecr", config=CALM))

    @cached_property
    def workflow(self) -> Workflow:
        """The state machine's executions."""
        return Workflow(self.session.client("stepfunctions", config=CALM))

    @cached_property
    def function_urls(self) -> FunctionUrls:
        """The functions that must know who calls."""
        endpoint = self.session.client("lambda", config=CALM).meta.endpoint_url
        return FunctionUrls(self.session, endpoint if self.is_local else "")

    @cached_property
    def s3(self) -> S3Client:
        """The way to the model bucket."""
        return self.session.client("s3", config=CALM)

    @cached_property
    def is_local(self) -> bool:
        """Whether all this is on this machine, where time is virtual and asking is free."""
        url = self.session.client("stepfunctions", config=CALM).meta.endpoint_url
        return urlsplit(url).hostname in {"127.0.0.1", "localhost"}

    def execution_arn(self, update_id: str) -> str:
        """The execution that carries an update: they share the name."""
        return execution_arn(self.state_machine_arn, update_id)


def find_deployment(stack: str, session: boto3.Session) -> Deployment:
    """Find the stack's table, bucket and state machine.

    Raises:
        Misused: no such stack here, or it isn't Switchover's.
    """
    outputs, parameters = _read_stack(stack, session)
    missing = [name for name in _OUTPUTS if name not in outputs]
    if missing:
        raise Misused(
            f"The stack {stack!r} has no output {', '.join(missing)}: it isn't Switchover's,"
            " or not fully deployed.",
            "Name the right one with --stack or SWITCHOVER_STACK.",
        )
    return Deployment(
        session=session,
        table=outputs["TableName"],
        bucket=outputs["BucketName"],
        state_machine_arn=outputs["StateMachineArn"],
        topic_arn=outputs.get("TopicArn"),
        dashboard=outputs.get("DashboardUrl", "").rpartition("name=")[2],
        schedule_group=outputs.get("ScheduleGroupName", ""),
        dead_letters_url=outputs.get("DeadLettersUrl", ""),
        releases_may=split_names(parameters.get("ReleasesMay", "")),
        decide_url=outputs.get("DecideUrl", ""),
        vouch_url=outputs.get("VouchUrl", ""),
    )


def open_session(*, local: bool) -> boto3.Session:
    """A session by boto3's usual rules, or one into the running local cloud.

    Where nothing at all names an AWS account and a local cloud runs here, that is what is meant; it
    is said on stderr.
    """
    if local:
        return _running_cloud().session()
    if _names_an_account(os.environ):
        return _own_session()
    try:
        cloud = _running_cloud()
    except (CommandFailed, ImportError):
        return _own_session()
    typer.echo("(the local cloud: no AWS account is named here)", err=True)
    return cloud.session()


def _own_session() -> boto3.Session:
    return boto3.Session(botocore_session=teach_newer_models(botocore.session.Session()))


def _names_an_account(environment: Mapping[str, str]) -> bool:
    named = any(name.startswith("AWS_") and name.endswith(_NAMING) for name in environment)
    files = (
        environment.get("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
        environment.get("AWS_CONFIG_FILE", "~/.aws/config"),
    )
    return named or any(Path(file).expanduser().is_file() for file in files)


def _running_cloud() -> LocalCloud:
    # Only a rehearsal needs the local cloud's packages.
    from switchover_cli.cloud import attach_cloud, find_project

    return attach_cloud(find_project())


def _read_stack(stack: str, session: boto3.Session) -> tuple[dict[str, str], dict[str, str]]:
    """The outputs and the parameters of a stack."""
    cloudformation = session.client("cloudformation", config=CALM)
    try:
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise Misused(
            f"There is no stack {stack!r} in {session.region_name}.",
            "Deploy it (`sam deploy`), name it with --stack or SWITCHOVER_STACK, or add --local"
            " for the local cloud.",
        ) from error
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for output in found.get("Outputs", [])
        if "OutputKey" in output and "OutputValue" in output
    }
    parameters = {
        given["ParameterKey"]: given["ParameterValue"]
        for given in found.get("Parameters", [])
        if "ParameterKey" in given and "ParameterValue" in given
    }
    return outputs, parameters
