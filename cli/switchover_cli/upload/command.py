"""`switchover upload`: a folder becomes a release, with its progress shown."""

import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import ClientError
from rich.text import Text

from switchover.domain.amounts import say_bytes, say_count
from switchover.domain.policies.layers import Layer, merge_policy, parse_policy
from switchover.domain.policies.policy import Model, Wish
from switchover.domain.policies.trust import Trust
from switchover_cli.console import PlainConsole, open_console
from switchover_cli.deployment import Deployment, find_deployment, open_session
from switchover_cli.errors import CommandFailed, Misused, Refused
from switchover_cli.following import follow_to_exit, print_json
from switchover_cli.options import (
    DEFAULT_STACK,
    Exclude,
    Hotfix,
    Json,
    Local,
    Stack,
    Watch,
    Why,
    check_endpoint,
    check_version,
)
from switchover_cli.records import UploadRecord
from switchover_cli.starting import await_pick_up, known_updates
from switchover_cli.upload.client import open_uploader
from switchover_cli.upload.memory import find_memory_folder
from switchover_cli.upload.screen import UploadScreen
from switchover_cli.upload.uploading import UploadOutcome, UploadReport, upload_release
from switchover_cli.vouching import vouch

_DENIED = frozenset({"403", "AccessDenied"})


def upload(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The checkpoint's folder, or one .tar.gz.")
    ],
    *,
    endpoint: Annotated[
        str, typer.Option(callback=check_endpoint, help="The endpoint that it is for.")
    ],
    version: Annotated[
        str,
        typer.Option(callback=check_version, help="Its version; one never changes its content."),
    ],
    name: Annotated[
        str | None, typer.Option(help="The model's name; by default the folder's.")
    ] = None,
    start: Annotated[
        str, typer.Option(metavar="WHEN", help="now, low-peak, or a time like 2030-01-31T02:00Z.")
    ] = "now",
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="YAML that overrides the endpoint's policy.")
    ] = None,
    exclude: Exclude = None,
    hotfix: Hotfix = False,
    reason: Why = "",
    reread: Annotated[
        bool, typer.Option("--reread", help="Read every file, also the untouched ones.")
    ] = False,
    watch: Watch = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Check a model, upload it as a release, and so have it rolled out."""
    layer = _read_policy(policy)
    _check_policy(layer)
    deployment = find_deployment(stack, open_session(local=local))
    checked = _read_allowances(deployment, endpoint, layer, is_hotfix=hotfix)
    known = known_updates(deployment, endpoint)
    with UploadScreen(open_console(stderr=True), is_silent=json) as screen:
        report = upload_release(
            folder,
            endpoint=endpoint,
            version=version,
            bucket=deployment.bucket,
            s3=open_uploader(deployment.session),
            name=name,
            start=start,
            policy=layer.values,
            hotfix=hotfix,
            reason=reason,
            allowed=checked,
            exclude=tuple(exclude or ()),
            memory_folder=find_memory_folder(os.environ),
            reread=reread,
            vouch=partial(vouch, deployment),
            on_progress=screen.advance,
        )
    if report.outcome is UploadOutcome.REFUSED:
        raise Refused(f"{folder} was not offered to {endpoint} as {version}.", report.reasons)
    if not json:
        _describe(report, start, open_console())
    if watch:
        update_id = _find_update(deployment, report, endpoint, known)
        follow_to_exit(deployment, update_id, is_json=json)
    elif json:
        print_json(_record(report))


def _read_policy(path: Path | None) -> Layer:
    if path is None:
        return Layer("--policy", {})
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Misused(f"{path}: {error.strerror}.") from error
    return parse_policy(raw, str(path))


def _check_policy(layer: Layer) -> None:
    effective = merge_policy([layer])
    if isinstance(effective, tuple):
        raise Misused("\n".join(map(str, effective)))


def _read_allowances(
    deployment: Deployment, endpoint: str, layer: Layer, *, is_hotfix: bool
) -> Model:
    """What the policy lets a checkpoint hold, unless the release asks for more than it may.

    Without the right to read the endpoint's policy, that is judged when the release has arrived.

    Raises:
        Refused: the policy doesn't let a release override that, and nothing was sent.
    """
    try:
        file = deployment.files.policy_file(deployment.bucket, endpoint)
    except ClientError as error:
        if error.response["Error"]["Code"] not in _DENIED:
            raise
        return Model()
    wishes = frozenset({str(Wish.HOTFIX)}) if is_hotfix else frozenset[str]()
    offered = replace(layer, trust=Trust.RELEASE, wishes=wishes)
    layers = [offered] if file is None else [file, offered]
    effective = merge_policy(layers, deployment.releases_may)
    if isinstance(effective, tuple):
        raise Refused(f"{endpoint} would reject this release.", effective)
    return effective.policy.model


def _describe(report: UploadReport, start: str, console: PlainConsole) -> None:
    for left in report.left_out:
        console.print(Text(f"left out  {left.path}: {left.why}", style="dim"))
    for what in report.unchecked:
        console.print(Text(f"unchecked {what}", style="dim"))
    for warning in report.warnings:
        console.print(Text.assemble(("warning", "yellow"), f"   {warning}"))
    if report.outcome is UploadOutcome.UNCHANGED:
        console.print(f"{report.release_uri} is there already, the same: nothing was sent.")
        return
    kept = f", {len(report.already_there)} were there already" if report.already_there else ""
    weight = say_bytes(report.release.total_bytes) if report.release else ""
    console.print(f"Uploaded {say_count(len(report.sent), 'file')}, {weight} in all{kept}.")
    console.print(report.release_uri, soft_wrap=True)
    console.print(
        "Its arrival starts the update; nothing else is to be done."
        if start == "now"
        else f"Its arrival plans the update for {start}; nothing else is to be done."
    )


def _record(report: UploadReport) -> UploadRecord:
    return UploadRecord(
        release=report.release_uri,
        outcome=report.outcome.value,
        bytes=report.release.total_bytes if report.release else 0,
        sent=report.sent,
        already_there=report.already_there,
        left_out=tuple(left.path for left in report.left_out),
    )


def _find_update(
    deployment: Deployment, report: UploadReport, endpoint: str, known: frozenset[str]
) -> str:
    version = report.release.model.version if report.release else ""
    if report.outcome is UploadOutcome.SENT:
        return await_pick_up(deployment, endpoint, version, known, time.sleep)
    # Nothing arrived, so nothing new begins: it is the update that its arrival once began.
    for update in deployment.ledger.listed(endpoint):
        if update.version == version:
            return update.update_id
    raise CommandFailed(
        f"The release was there already, and no update to it is known for {endpoint}.",
        f"Start it: switchover start --endpoint {endpoint} --version {version}",
    )
