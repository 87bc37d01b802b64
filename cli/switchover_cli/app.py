"""The `switchover` command: what people type, and how it ends."""

import sys
import traceback
from collections.abc import Sequence
from typing import Annotated
from uuid import uuid4

import typer
from botocore.exceptions import BotoCoreError, ClientError
from pydantic import TypeAdapter
from rich.text import Text
from typer.exceptions import TyperException

from switchover.domain.errors import SwitchoverError, UpdateUnknown
from switchover_cli.abort import abort
from switchover_cli.adopt import adopt
from switchover_cli.approving import approve, reject
from switchover_cli.console import open_console, print_document
from switchover_cli.deployment import find_deployment, open_session
from switchover_cli.doctor.command import doctor
from switchover_cli.errors import CommandFailed, Interrupted, Misused, Refused, explain
from switchover_cli.exits import MEANINGS, ExitCode
from switchover_cli.explain import explain as explain_update
from switchover_cli.following import follow_to_exit, print_json, report_started
from switchover_cli.gc import gc
from switchover_cli.history import draw_history
from switchover_cli.local import app as local_app
from switchover_cli.model_check import app as model_app
from switchover_cli.options import (
    DEFAULT_STACK,
    DryRun,
    Endpoint,
    Hotfix,
    Json,
    Local,
    Now,
    Stack,
    Watch,
    Why,
)
from switchover_cli.pinning import pin, unpin
from switchover_cli.plan.command import plan
from switchover_cli.plan.dry_run import report_foreseen
from switchover_cli.policy import app as policy_app
from switchover_cli.queue import cancel, queue
from switchover_cli.records import UpdateRecord, record_update
from switchover_cli.rehearsal.command import rehearse
from switchover_cli.release import app as release_app
from switchover_cli.rollback import rollback
from switchover_cli.screen import draw_reasons
from switchover_cli.starting import (
    parse_overrides,
    release_request,
    release_uri,
    start_update,
)
from switchover_cli.status import draw_status, read_status, record_status
from switchover_cli.testing import ask_golden
from switchover_cli.unclaim import unclaim
from switchover_cli.upload.command import upload
from switchover_cli.watching import find_update
from switchover_cli.window import window

_EXIT_CODES = "\n\n".join(f"{code.value:>4}  {meaning}" for code, meaning in MEANINGS.items())

app = typer.Typer(
    name="switchover",
    help="Replace the model behind a live SageMaker endpoint, and see how it really went.",
    epilog=(
        f"[bold]Exit codes[/]\n\n{_EXIT_CODES}\n\n"
        "--debug, anywhere in a command, shows the traceback of a failure."
    ),
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_BEFORE = "Before anything moves"
_START = "Start"
_STEER = "While it waits or runs"
_LOOK = "How it stands, how it went"
_BACK = "Back, and tidy"

app.command(rich_help_panel=_BEFORE)(plan)
app.add_typer(policy_app, name="policy", rich_help_panel=_BEFORE)
app.add_typer(model_app, name="model", rich_help_panel=_BEFORE)
app.command(rich_help_panel=_BEFORE)(window)
app.command(rich_help_panel=_BEFORE)(rehearse)
app.add_typer(local_app, name="local", rich_help_panel=_BEFORE)
app.command(rich_help_panel=_START)(upload)
app.command(rich_help_panel=_STEER)(queue)
app.command(rich_help_panel=_STEER)(cancel)
app.command(rich_help_panel=_STEER)(approve)
app.command(rich_help_panel=_STEER)(reject)
app.command(rich_help_panel=_STEER)(abort)
app.command(rich_help_panel=_STEER)(unclaim)
app.command("explain", rich_help_panel=_LOOK)(explain_update)
app.command("test", rich_help_panel=_LOOK)(ask_golden)
app.command(rich_help_panel=_LOOK)(doctor)
app.command(rich_help_panel=_BACK)(rollback)
app.command(rich_help_panel=_BACK)(adopt)
app.command(rich_help_panel=_BACK)(pin)
app.command(rich_help_panel=_BACK)(unpin)
app.add_typer(release_app, name="release", rich_help_panel=_BACK)
app.command(rich_help_panel=_BACK)(gc)


@app.command(rich_help_panel=_START)
def start(
    release: Annotated[
        str | None, typer.Argument(metavar="S3URI", help="s3://bucket/…/release.json")
    ] = None,
    *,
    endpoint: Annotated[str | None, typer.Option(help="With --version, instead of S3URI.")] = None,
    version: Annotated[str | None, typer.Option(help="The uploaded version to start.")] = None,
    policy_override: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Like canary.percent=25; repeat for more."),
    ] = None,
    hotfix: Hotfix = False,
    now: Now = False,
    reason: Why = "",
    dry_run: DryRun = False,
    watch: Watch = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Start an update to a release that lies in S3."""
    overrides = parse_overrides(policy_override or ())
    deployment = find_deployment(stack, open_session(local=local))
    if release is None:
        if endpoint is None or version is None:
            raise Misused("Which release?", "Give its S3URI, or --endpoint and --version.")
        release = release_uri(deployment.bucket, endpoint, version)
    request = release_request(release, overrides, reason, is_hotfix=hotfix, skips_window=now)
    if dry_run:
        report_foreseen(deployment, request, is_json=json)
        return
    update_id = start_update(deployment, request, uuid4().hex)
    report_started(deployment, update_id, release, is_watched=watch, is_json=json)


@app.command(rich_help_panel=_LOOK)
def status(
    endpoint: Endpoint, *, stack: Stack = DEFAULT_STACK, local: Local = False, json: Json = False
) -> None:
    """Show what serves now, what runs, and how the last update ended."""
    deployment = find_deployment(stack, open_session(local=local))
    found = read_status(deployment, endpoint)
    if json:
        print_json(record_status(found))
    else:
        open_console().print(draw_status(found))


@app.command(rich_help_panel=_LOOK)
def watch(
    endpoint: Annotated[str | None, typer.Argument(metavar="ENDPOINT")] = None,
    *,
    update: Annotated[str | None, typer.Option(metavar="ID", help="One update, by its id.")] = None,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Follow an endpoint's running update, or show how its last one ended."""
    deployment = find_deployment(stack, open_session(local=local))
    if update is not None:
        if not deployment.workflow.is_running(deployment.execution_arn(update)):
            deployment.ledger.look_up(update)
    elif endpoint is not None:
        update = find_update(deployment, endpoint)
    else:
        raise Misused("Watch what?", "Give an endpoint, or --update ID.")
    follow_to_exit(deployment, update, is_json=json)


@app.command(rich_help_panel=_LOOK)
def history(
    endpoint: Endpoint,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 20,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """List an endpoint's updates, newest first."""
    deployment = find_deployment(stack, open_session(local=local))
    updates = deployment.ledger.history(endpoint, limit)
    if json:
        records = tuple(
            record_update(update, deployment.ledger.timeline(update.update_id))
            for update in updates
        )
        adapter = TypeAdapter(tuple[UpdateRecord, ...])
        print_document(adapter.dump_json(records, indent=2).decode())
    elif updates:
        open_console().print(draw_history(updates))
    else:
        open_console().print(f"No update of {endpoint} is known here.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code. Failures are one message on stderr."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    is_debug = "--debug" in given
    try:
        ended = typer.main.get_command(app)(
            args=[argument for argument in given if argument != "--debug"],
            prog_name="switchover",
            standalone_mode=False,
        )
    except Exception as error:  # noqa: BLE001  (the last place: every failure becomes one message)
        if is_debug:
            open_console(stderr=True, soft_wrap=True).print(traceback.format_exc())
        return _tell(_understand(error))
    except KeyboardInterrupt:
        return _tell(Interrupted("Stopped."))
    return ended if isinstance(ended, int) else ExitCode.DONE


def _understand(error: Exception) -> CommandFailed:
    match error:
        case CommandFailed():
            return error
        case typer.Abort():
            return Interrupted("Stopped.")
        case TyperException():
            return Misused(error.format_message(), "See --help.")
        case UpdateUnknown():
            return Misused(f"{error}.", "List them: switchover history ENDPOINT")
        case BotoCoreError() | ClientError():
            return explain(error)
        case SwitchoverError():
            return CommandFailed(str(error))
        case _:
            return CommandFailed(
                f"{type(error).__name__}: {error}", "Run it again with --debug to see where."
            )


def _tell(failure: CommandFailed) -> int:
    console = open_console(stderr=True)
    console.print(Text.assemble(("Error: ", "bold red"), failure.message), soft_wrap=True)
    if isinstance(failure, Refused):
        for drawn in draw_reasons(failure.reasons):
            console.print(drawn)
    if failure.remedy:
        console.print(Text(failure.remedy, style="cyan"), soft_wrap=True)
    return failure.exit_code
