"""Options that many commands share, so that they read the same everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[
    bool, typer.Option("--json", help="Print JSON for machines, and nothing else, on stdout.")
]
Local = Annotated[bool, typer.Option("--local", help="Talk to the running local cloud.")]
Stack = Annotated[
    str,
    typer.Option(
        "--stack", envvar="SWITCHOVER_STACK", help="The CloudFormation stack of Switchover."
    ),
]
Endpoint = Annotated[str, typer.Argument(metavar="ENDPOINT", help="The SageMaker endpoint.")]
Why = Annotated[str, typer.Option("--reason", help="Why, for the record.")]
Hotfix = Annotated[
    bool,
    typer.Option(
        "--hotfix",
        help="Leave out alarms that are red already: what serves is broken. Needs --reason.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="GLOB",
        help="Leave out files, as a line in .switchoverignore does; repeat for more.",
    ),
]
Now = Annotated[bool, typer.Option("--now", help="Don't wait for the window. Needs --reason.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say whether it would start now, and start nothing.")
]
MustSayWhy = Annotated[str, typer.Option("--reason", help="Why, for the record.")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="A model version.")]
Watch = Annotated[bool, typer.Option("--watch", help="Follow the update to its outcome.")]
DEFAULT_STACK = "switchover"
