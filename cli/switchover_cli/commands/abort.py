"""`switchover abort`: stop an update that runs, by the safest way that its state leaves."""

import getpass
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel
from rich.text import Text

from switchover.aws.wishes import ring
from switchover.domain.aborting import call_off, object_to_abort
from switchover.domain.update.records import AbortRequest
from switchover.domain.update.update import Update
from switchover_cli.connect import connect
from switchover_cli.deployment import Deployment
from switchover_cli.errors import CommandFailed, Misused
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json
from switchover_cli.watching.ending import follow_to_exit


class AbortRecord(BaseModel):
    """What `abort --json` prints where it doesn't follow the update."""

    update_id: str
    was_started: bool
    reason: str


def abort(
    endpoint: Endpoint,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why, for the record; needed.")],
    watch: Annotated[bool, typer.Option(help="Follow it to its outcome.")] = True,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Stop the update of an endpoint that runs; what served before serves again."""
    if not reason.strip():
        raise Misused("Why?", "Say it with --reason: it is recorded and announced.")
    deployment = connect(stack, local=local)
    update = _stop(deployment, endpoint, reason.strip())
    if not json:
        console = open_console(soft_wrap=True)
        console.print(Text.assemble("Asked to call off ", (update.update_id, "bold"), "."))
        console.print(say_next_step(update))
    if watch:
        follow_to_exit(deployment, update.update_id, is_json=json, is_called_off=True)
    elif json:
        print_json(
            AbortRecord(
                update_id=update.update_id, was_started=update.progress.is_started, reason=reason
            )
        )


def ask_to_stop(deployment: Deployment, update: Update, request: AbortRequest) -> None:
    """Record that an update is to be stopped, and have it looked at.

    Raises:
        Misused: it can't be stopped any more, or somebody asked for it before.
        CommandFailed: it is recorded, and found by the next look only.
    """
    objection = object_to_abort(update)
    if objection is not None:
        raise Misused(f"{update.update_id}: {objection.why}", objection.remedy)
    if not deployment.wishes.ask_abort(update.endpoint, update.update_id, request):
        raise Misused(
            f"{update.update_id}: Somebody asked to call it off already.",
            f"Follow it: switchover watch {update.endpoint}",
        )
    try:
        ring(deployment.session.client("events"), update.endpoint)
    except (BotoCoreError, ClientError) as error:
        raise CommandFailed(
            f"The request to stop {update.update_id} is recorded, but its event isn't sent: {error}",
            "The next look finds it, within PollIntervalSeconds; where people are asked, reject it."
            " For the future, allow events:PutEvents (docs/permissions.md).",
        ) from error


def _stop(deployment: Deployment, endpoint: str, reason: str) -> Update:
    """Have the running update stopped; returns it as it stood before.

    Raises:
        Misused: there is none, or it can't be stopped any more.
    """
    holder = deployment.ledger.claim(endpoint)
    if holder is None:
        raise Misused(
            f"No update of {endpoint} runs.",
            f"See what serves: switchover status {endpoint}; what waits: switchover queue {endpoint}",
        )
    update = deployment.ledger.update(holder.update_id)
    stop_for(deployment, update, reason)
    return update


def stop_for(deployment: Deployment, update: Update, reason: str) -> None:
    """Have an update stopped in the caller's name.

    Raises:
        Misused: it can't be stopped any more, or somebody asked for it before.
    """
    at = deployment.sagemaker.read(update.endpoint).read_at
    ask_to_stop(
        deployment, update, call_off(update.update_id, at, name_oneself(deployment), reason)
    )


def name_oneself(deployment: Deployment) -> str:
    """The caller's ARN; the name on this computer where STS doesn't say."""
    try:
        return deployment.session.client("sts").get_caller_identity()["Arn"]
    except (BotoCoreError, ClientError):
        return getpass.getuser()


def say_next_step(update: Update) -> str:
    """What becomes of an update that was called off as it stands."""
    if not update.progress.is_started:
        return "SageMaker was not asked for anything yet, and won't be: it ends as Rejected."
    if update.progress.settled_at is not None:
        return "The new version serves already: the endpoint is updated back, all at once."
    if update.plan is not None and update.plan.deployment_config is None:
        return "The endpoint is deleted and made again: as soon as that is over, it is taken back."
    return (
        "SageMaker has no cancel: its abort alarm is set, so that SageMaker itself rolls back, at the"
        " latest when the new instances begin to serve."
    )
