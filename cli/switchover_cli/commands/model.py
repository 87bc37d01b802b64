"""`switchover model check`: what ValidateModel would say of a model, before it is uploaded."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer
from pydantic import BaseModel
from rich.text import Text

from switchover.checkpoint.contents import Allowed
from switchover.checkpoint.findings import Inspection
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import read_evidence
from switchover.domain.policies.tolerable import Tolerable
from switchover.domain.reasons import Reason
from switchover.domain.release import FILE_NAME
from switchover.domain.units import say_count
from switchover_cli.connect import open_session
from switchover_cli.errors import Misused
from switchover_cli.exits import ExitCode
from switchover_cli.options import Exclude, Json, Local
from switchover_cli.output import PlainConsole, open_console, print_json
from switchover_cli.releases.stored import read_stored_release
from switchover_cli.screens.reasons import draw_reasons
from switchover_cli.upload.folder import list_folder

if TYPE_CHECKING:
    from switchover.aws.release_files import ReleaseFiles

app = typer.Typer(help="Look at a model without serving it.", no_args_is_help=True)


class CheckRecord(BaseModel):
    """What a check found, for machines."""

    model: str
    is_sound: bool
    reasons: tuple[Reason, ...]
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]
    warnings: tuple[Reason, ...] = ()


@app.callback()
def _group() -> None:
    """Keep `check` a command of its own: Typer would merge a single one into its group."""


@app.command()
def check(
    model: Annotated[
        str,
        typer.Argument(
            metavar="PATH|S3URI", help="A folder, a .tar.gz, s3://bucket/prefix/ or …/release.json"
        ),
    ],
    *,
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="As the policy's model.allow_pickle.")
    ] = False,
    allow_remote_code: Annotated[
        bool, typer.Option("--allow-remote-code", help="As the policy's model.allow_remote_code.")
    ] = False,
    data_files: Annotated[
        list[str] | None,
        typer.Option("--data-file", help="As an entry of the policy's model.data_files."),
    ] = None,
    tolerate: Annotated[
        list[Tolerable] | None,
        typer.Option("--tolerate", metavar="CODE", help="As an entry of model.tolerate."),
    ] = None,
    refuse: Annotated[
        list[Tolerable] | None,
        typer.Option("--refuse", metavar="CODE", help="As an entry of model.refuse."),
    ] = None,
    exclude: Exclude = None,
    local: Local = False,
    json: Json = False,
) -> None:
    """Say everything that keeps a model from loading; reads headers and small files only."""
    allowed = Allowed(
        allow_pickle=allow_pickle,
        allow_remote_code=allow_remote_code,
        data_files=tuple(data_files or ()),
        tolerate=tuple(tolerate or ()),
        refuse=tuple(refuse or ()),
    )
    if model.startswith("s3://"):
        from switchover.aws.release_files import ReleaseFiles

        found = _check_stored(ReleaseFiles(open_session(local=local).client("s3")), model, allowed)
    else:
        found = _check_folder(Path(model), allowed, exclude or [])
    if json:
        print_json(
            CheckRecord(
                model=model,
                is_sound=not found.reasons,
                reasons=found.reasons,
                checked=found.checked,
                unchecked=found.unchecked,
                warnings=found.warnings,
            )
        )
    else:
        _describe(model, found, open_console())
    if found.reasons:
        raise typer.Exit(ExitCode.REJECTED)


def _check_folder(path: Path, allowed: Allowed, exclude: list[str]) -> Inspection:
    listed = list_folder(path, exclude)
    if isinstance(listed, Reason):
        return Inspection((listed,))
    found = inspect_model(read_evidence(listed.files, listed), allowed)
    left_out = tuple(
        f"{left.path}: not part of the model ({left.why})." for left in listed.left_out
    )
    return replace(found, unchecked=(*found.unchecked, *left_out))


def _check_stored(models: "ReleaseFiles", uri: str, allowed: Allowed) -> Inspection:
    parts = urlsplit(uri, allow_fragments=False)
    bucket, key = parts.netloc, f"{parts.path}{f'?{parts.query}' if parts.query else ''}"[1:]
    if not bucket:
        raise Misused(f"{uri} names no bucket.", "Write it like s3://bucket/models/chat/7/")
    if not key.endswith(f"/{FILE_NAME}"):
        is_archive = key.endswith((".tar.gz", ".tgz"))
        prefix = key if not key or key.endswith("/") or is_archive else f"{key}/"
        return models.inspect_prefix(bucket, prefix, allowed)
    release = read_stored_release(models, uri, bucket)
    if isinstance(release, tuple):
        return Inspection(release)
    return models.inspect(release, bucket, allowed)


def _describe(model: str, found: Inspection, console: PlainConsole) -> None:
    for what in found.checked:
        console.print(Text(f"checked   {what}", style="dim"))
    for what in found.unchecked:
        console.print(Text.assemble(("unchecked", "yellow"), f" {what}"))
    for warning in found.warnings:
        console.print(Text.assemble(("warning", "yellow"), f"   {warning} ({warning.code})"))
    if not found.reasons:
        console.print(
            Text.assemble(("Sound", "green"), f": nothing found against {model}."), soft_wrap=True
        )
        return
    faults = say_count(len(found.reasons), "fault")
    console.print(Text.assemble(("Faulty", "bold red"), f": {faults} in {model}."), soft_wrap=True)
    for drawn in draw_reasons(found.reasons):
        console.print(drawn)
