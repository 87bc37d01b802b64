"""`switchover upload`: upload a folder as a release, and show the progress."""

import os
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.errors import CommandFailed, Misused, Refused
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
    complete_endpoint,
    complete_version,
)
from switchover_cli.output import PlainConsole, open_console, print_json

if TYPE_CHECKING:
    from switchover.domain.policies.layers import Layer
    from switchover_cli.deployment import Deployment
    from switchover_cli.records import UploadRecord
    from switchover_cli.upload.first_look import FirstLook
    from switchover_cli.upload.uploading import UploadReport


def upload(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The model's folder, or one .tar.gz.")
    ],
    *,
    endpoint: Annotated[
        str,
        typer.Option(
            callback=check_endpoint,
            autocompletion=complete_endpoint,
            help="The endpoint of the release.",
        ),
    ],
    version: Annotated[
        str,
        typer.Option(
            callback=check_version,
            autocompletion=complete_version,
            help="The new version; a version never changes its content.",
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="The model's name; default: the folder's name.")
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
        bool,
        typer.Option(
            "--reread", help="Read every file, also files that are unchanged since the last upload."
        ),
    ] = False,
    watch: Watch = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Check a model and upload it as a release; the upload starts the update."""
    from switchover.domain.places import ReleasePlace
    from switchover_cli.screens.upload import UploadScreen
    from switchover_cli.start.vouching import vouch
    from switchover_cli.upload.arrival import await_arrival, find_repeat, name_arrival
    from switchover_cli.upload.client import open_uploader
    from switchover_cli.upload.fast import open_fast_lane
    from switchover_cli.upload.first_look import look_first
    from switchover_cli.upload.memory import find_memory_folder
    from switchover_cli.upload.uploading import UploadOutcome, upload_release
    from switchover_cli.watching.ending import follow_to_exit

    check_start(start, datetime.now(UTC))
    layer = _read_policy(policy)
    _check_policy(layer)
    deployment = connect(stack, local=local)
    console = open_console()
    found = look_first(deployment, endpoint, version, layer, is_hotfix=hotfix)
    place = f"{deployment.bucket}/{ReleasePlace(endpoint, version).key}"
    session, s3 = deployment.session, open_uploader(deployment.session)
    with UploadScreen(open_console(stderr=True), is_silent=json) as screen:
        report = upload_release(
            folder,
            endpoint=endpoint,
            version=version,
            bucket=deployment.bucket,
            s3=s3,
            name=name,
            start=start,
            policy=layer.values,
            hotfix=hotfix,
            reason=reason,
            allowed=found.allowed,
            against=found.reasons,
            exclude=tuple(exclude or ()),
            memory_folder=find_memory_folder(os.environ),
            reread=reread,
            find_repeat=partial(find_repeat, deployment, endpoint, version, place),
            vouch=partial(vouch, deployment),
            on_progress=screen.advance,
            open_fast=partial(open_fast_lane, session, s3, deployment.bucket, os.environ),
        )
    if report.outcome is UploadOutcome.REFUSED:
        raise Refused(f"{folder} was not uploaded for {endpoint} as {version}.", report.reasons)
    if not json:
        _describe(report, found, start, console)
    if report.outcome is UploadOutcome.UNCHANGED:
        _end_unchanged(deployment, report, endpoint, version, is_watched=watch, is_json=json)
        return
    again = report.object_version
    update_id = name_arrival(deployment, endpoint, version, place, report.sha256, again)
    if watch:
        await_arrival(deployment, update_id, endpoint, version, time.sleep)
        follow_to_exit(deployment, update_id, is_json=json)
    elif json:
        print_json(_record(report, update_id))


def check_start(start: str, now: datetime) -> None:
    """Refuse a start time in the past; text that is no time is refused with the release.

    Raises:
        Misused: the time is in the past.
    """
    try:
        wished = datetime.fromisoformat(start)
    except ValueError:
        return
    if wished.tzinfo is not None and wished < now:
        raise Misused(
            f"--start {start} is in the past: it is {now:%Y-%m-%dT%H:%MZ} now.",
            "Give a time in the future, or --start now.",
        )


def _read_policy(path: Path | None) -> "Layer":
    from switchover.domain.policies.layers import Layer, parse_policy

    if path is None:
        return Layer("--policy", {})
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Misused(f"{path}: {error.strerror}.") from error
    return parse_policy(raw, str(path))


def _check_policy(layer: "Layer") -> None:
    from switchover.domain.policies.layers import merge_policy

    effective = merge_policy([layer])
    if isinstance(effective, tuple):
        raise Misused("\n".join(map(str, effective)))


def _describe(
    report: "UploadReport", found: "FirstLook", start: str, console: PlainConsole
) -> None:
    from rich.text import Text

    from switchover.domain.units import say_bytes, say_count
    from switchover_cli.upload.uploading import UploadOutcome

    for left in report.left_out:
        console.print(Text(f"left out  {left.path}: {left.why}", style="dim"))
    for what in (*found.unchecked, *report.unchecked):
        console.print(Text(f"unchecked {what}", style="dim"))
    for warning in (*found.warnings, *report.warnings):
        console.print(Text.assemble(("warning", "yellow"), f"   {warning}"))
    if report.outcome is UploadOutcome.UNCHANGED:
        console.print(f"{report.release_uri} already has the same content: nothing was sent.")
        return
    if report.outcome is UploadOutcome.OFFERED:
        console.print("The same files were uploaded before: only release.json was sent.")
        console.print(report.release_uri, soft_wrap=True)
        _tell_arrival(start, console)
        return
    copied = f", {len(report.copied)} copied from other versions" if report.copied else ""
    kept = f", {len(report.already_there)} existed already" if report.already_there else ""
    weight = say_bytes(report.release.total_bytes) if report.release else ""
    sent = say_count(len(report.sent), "file")
    console.print(f"Uploaded {sent}{copied}{kept}; {weight} in all.")
    console.print(report.release_uri, soft_wrap=True)
    _tell_arrival(start, console)


def _tell_arrival(start: str, console: PlainConsole) -> None:
    console.print(
        "The upload starts the update; you need no other command."
        if start == "now"
        else f"The upload schedules the update for {start}; you need no other command."
    )


def _record(report: "UploadReport", update_id: str) -> "UploadRecord":
    from switchover_cli.records import UploadRecord

    return UploadRecord(
        release=report.release_uri,
        outcome=report.outcome.value,
        bytes=report.release.total_bytes if report.release else 0,
        sent=report.sent,
        copied=report.copied,
        already_there=report.already_there,
        left_out=tuple(left.path for left in report.left_out),
        update_id=update_id,
    )


def _end_unchanged(
    deployment: "Deployment",
    report: "UploadReport",
    endpoint: str,
    version: str,
    *,
    is_watched: bool,
    is_json: bool,
) -> None:
    """Say how the release that is already in S3 ended: uploading it again starts nothing.

    Raises:
        Refused: after the release's last update, another version serves.
        CommandFailed: no update to the release is known.
    """
    from rich.text import Text

    from switchover.domain.outcome import Outcome
    from switchover.domain.places import ReleasePlace
    from switchover_cli.upload.arrival import find_last, name_arrival
    from switchover_cli.watching.ending import follow_to_exit

    start = f"switchover start --endpoint {endpoint} --version {version}"
    place = f"{deployment.bucket}/{ReleasePlace(endpoint, version).key}"
    arrival = name_arrival(deployment, endpoint, version, place, report.sha256, "")
    last = find_last(deployment, endpoint, version, arrival)
    is_open = last.is_running or last.outcome is Outcome.QUEUED
    if is_watched and is_open:
        follow_to_exit(deployment, last.update_id, is_json=is_json)
    if is_json:
        print_json(_record(report, last.update_id))
    if last.is_good:
        if not is_json:
            console = open_console(soft_wrap=True)
            console.print(Text(f"{last.told}."))
            if is_open:
                console.print(f"Follow it: switchover watch --update {last.update_id}")
        return
    if not last.update_id:
        raise CommandFailed(
            f"Nothing was sent, and {endpoint} has no update to {version}.",
            f"Start it: {start}",
        )
    raise Refused(
        f"Nothing was sent, and no update starts: {last.told}.",
        last.reasons,
        f"Start it anyway: {start}",
    )
