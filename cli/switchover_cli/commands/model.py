"""`switchover model check`: the checks of ValidateModel, on a model that isn't uploaded yet."""

from typing import Annotated

import typer

from switchover.domain.policies.tolerable import Tolerable
from switchover_cli.exits import ExitCode
from switchover_cli.options import Exclude, Json, Local
from switchover_cli.output import open_console, print_json


def check(
    model: Annotated[
        str,
        typer.Argument(
            metavar="PATH|S3URI", help="A folder, a .tar.gz, s3://bucket/prefix/ or …/release.json"
        ),
    ],
    *,
    allow_pickle: Annotated[
        bool, typer.Option("--allow-pickle", help="Like model.allow_pickle in the policy.")
    ] = False,
    allow_remote_code: Annotated[
        bool,
        typer.Option("--allow-remote-code", help="Like model.allow_remote_code in the policy."),
    ] = False,
    data_files: Annotated[
        list[str] | None,
        typer.Option("--data-file", help="Like an entry of model.data_files in the policy."),
    ] = None,
    tolerate: Annotated[
        list[Tolerable] | None,
        typer.Option(
            "--tolerate", metavar="CODE", help="Like an entry of model.tolerate in the policy."
        ),
    ] = None,
    refuse: Annotated[
        list[Tolerable] | None,
        typer.Option(
            "--refuse", metavar="CODE", help="Like an entry of model.refuse in the policy."
        ),
    ] = None,
    exclude: Exclude = None,
    local: Local = False,
    json: Json = False,
) -> None:
    """List everything that keeps a model from loading; reads only headers and small files."""
    from switchover.checkpoint.contents import Allowed
    from switchover_cli.models.checking import check_model, record_check
    from switchover_cli.progress import counting
    from switchover_cli.screens.model import print_check

    allowed = Allowed(
        allow_pickle=allow_pickle,
        allow_remote_code=allow_remote_code,
        data_files=tuple(data_files or ()),
        tolerate=tuple(tolerate or ()),
        refuse=tuple(refuse or ()),
    )
    with counting(is_silent=json) as on_count:
        found = check_model(model, allowed, exclude or (), local=local, on_count=on_count)
    if json:
        print_json(record_check(model, found))
    else:
        print_check(model, found, open_console())
    if found.reasons:
        raise typer.Exit(ExitCode.REJECTED)
