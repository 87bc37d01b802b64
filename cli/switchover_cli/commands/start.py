"""`switchover start`: start an update to a release in S3."""

from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.exits import ExitCode
from switchover_cli.options import (
    DEFAULT_STACK,
    DryRun,
    EndpointOption,
    Hotfix,
    Json,
    Local,
    Now,
    PolicyOverride,
    Stack,
    VersionOption,
    Watch,
    Why,
)
from switchover_cli.output import open_console, print_json

if TYPE_CHECKING:
    from switchover_cli.plan.forecast import Forecast


def start(
    release: Annotated[
        str | None, typer.Argument(metavar="S3URI", help="s3://bucket/…/release.json")
    ] = None,
    *,
    endpoint: EndpointOption = None,
    version: VersionOption = None,
    policy_override: PolicyOverride = None,
    hotfix: Hotfix = False,
    now: Now = False,
    reason: Why = "",
    dry_run: DryRun = False,
    watch: Watch = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Start an update to a release that is already in S3."""
    from switchover_cli.plan.foreseen import foresee_start
    from switchover_cli.start.starting import (
        parse_overrides,
        release_request,
        release_uri,
        start_update,
    )
    from switchover_cli.watching.ending import report_started

    overrides = parse_overrides(policy_override or ())
    deployment = connect(stack, local=local)
    if release is None:
        if endpoint is None or version is None:
            raise Misused("Which release?", "Give its S3URI, or --endpoint and --version.")
        release = release_uri(deployment.bucket, endpoint, version)
    request = release_request(release, overrides, reason, is_hotfix=hotfix, skips_window=now)
    if dry_run:
        _report_foreseen(foresee_start(deployment, request), is_json=json)
        return
    update_id = start_update(deployment, request, uuid4().hex)
    report_started(deployment, update_id, release, is_watched=watch, is_json=json)


def _report_foreseen(forecast: "Forecast", *, is_json: bool) -> None:
    """Print what a start would lead to.

    Raises:
        Exit: the update would start neither now nor later; with the exit code of that outcome.
    """
    from switchover_cli.plan.foreseen import record_foreseen
    from switchover_cli.screens.foreseen import draw_foreseen

    if is_json:
        print_json(record_foreseen(forecast))
    else:
        open_console().print(draw_foreseen(forecast))
    if forecast.is_refusal:
        raise typer.Exit(ExitCode.REJECTED)
