"""`switchover start`: an update to a release that lies in S3."""

from typing import Annotated
from uuid import uuid4

import typer

from switchover_cli.commands.dry_run import report_foreseen
from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.options import (
    DEFAULT_STACK,
    DryRun,
    Hotfix,
    Json,
    Local,
    Now,
    Stack,
    Watch,
    Why,
    check_endpoint,
    check_version,
    complete_endpoint,
    complete_version,
)
from switchover_cli.start.starting import (
    parse_overrides,
    release_request,
    release_uri,
    start_update,
)
from switchover_cli.watching.ending import report_started


def start(
    release: Annotated[
        str | None, typer.Argument(metavar="S3URI", help="s3://bucket/…/release.json")
    ] = None,
    *,
    endpoint: Annotated[
        str | None,
        typer.Option(
            callback=check_endpoint,
            autocompletion=complete_endpoint,
            help="With --version, instead of S3URI.",
        ),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(
            callback=check_version,
            autocompletion=complete_version,
            help="The uploaded version to start.",
        ),
    ] = None,
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
    deployment = connect(stack, local=local)
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
