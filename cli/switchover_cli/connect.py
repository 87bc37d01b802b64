"""Connects to a deployed Switchover: by its stack, in the named account or on the local cloud."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from switchover_cli.errors import CommandFailed, Misused
from switchover_cli.sdk import load_sdk

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3

    from switchover_cli.deployment import Deployment
    from switchover_local.stack import LocalCloud

# Suffixes of the variables that name an account, or another service endpoint, for boto3.
_NAMING = ("ACCESS_KEY_ID", "PROFILE", "ENDPOINT_URL", "TOKEN_FILE", "CREDENTIALS_FULL_URI")
_OUTPUTS = ("TableName", "BucketName", "StateMachineArn")


def connect(stack: str, *, local: bool) -> Deployment:
    """The deployment that a command works on.

    Raises:
        Misused: the stack doesn't exist or isn't Switchover's; or no local cloud runs.
    """
    return find_deployment(stack, open_session(local=local))


def find_deployment(stack: str, session: boto3.Session) -> Deployment:
    """Find the stack's table, bucket and state machine.

    Raises:
        Misused: the stack doesn't exist, or isn't Switchover's.
    """
    from switchover.settings import split_names
    from switchover_cli.deployment import Deployment

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
        chat_topic_arn=outputs.get("ChatTopicArn", ""),
        dashboard=outputs.get("DashboardUrl", "").rpartition("name=")[2],
        schedule_group=outputs.get("ScheduleGroupName", ""),
        dead_letters_url=outputs.get("DeadLettersUrl", ""),
        releases_may=split_names(parameters.get("ReleasesMay", "")),
        protects_models=parameters.get("ProtectModels", "on") == "on",
        bucket_key=parameters.get("ModelBucketKeyArn", ""),
        decide_url=outputs.get("DecideUrl", ""),
        vouch_url=outputs.get("VouchUrl", ""),
    )


def open_session(*, local: bool) -> boto3.Session:
    """A session by boto3's usual rules, or one with the running local cloud.

    If no AWS account is configured and a local cloud runs here, the session is with the local cloud. A
    line on stderr says so.
    """
    load_sdk()
    if local:
        return _running_cloud().session()
    if _names_an_account(os.environ):
        return _own_session()
    try:
        cloud = _running_cloud()
    except (CommandFailed, ImportError):
        return _own_session()
    typer.echo("(using the local cloud, because no AWS account is configured here)", err=True)
    return cloud.session()


def _own_session() -> boto3.Session:
    import boto3
    import botocore.session

    from switchover.aws.clients import teach_newer_models

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
    from botocore.exceptions import ClientError

    from switchover_cli.deployment import calm

    cloudformation = session.client("cloudformation", config=calm())
    try:
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        raise Misused(
            f"The stack {stack!r} doesn't exist in {session.region_name}.",
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
