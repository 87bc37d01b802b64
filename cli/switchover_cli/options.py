"""Options that many commands share, so that they read the same everywhere."""

from __future__ import annotations

import os
import re
from typing import Annotated

import typer

from switchover_cli.errors import Misused
from switchover_cli.hints import carry_option

DEFAULT_STACK = "switchover"

# Copies of EndpointName and VersionName (domain/release.py): importing that module is slow.
_ENDPOINT = re.compile(r"(?=.{1,63}$)[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_VERSION = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._+-]{0,62}")


def check_endpoint(name: str | None) -> str | None:
    """An endpoint's name as typed.

    Raises:
        Misused: no endpoint can have this name.
    """
    if name is not None and not _ENDPOINT.fullmatch(name):
        raise Misused(
            f"{name!r} can't be an endpoint's name.",
            "A name has letters, digits, and hyphens between them, 63 at most, like vlm-prod.",
        )
    return name


def check_version(version: str | None) -> str | None:
    """A model version as typed.

    Raises:
        Misused: no version can have this name.
    """
    if version is not None and not _VERSION.fullmatch(version):
        raise Misused(
            f"{version!r} can't be a version.",
            "A version begins with a letter or digit; then letters, digits and . _ + - may follow, 63"
            " characters at most, like v2 or 2026-11-30.",
        )
    return version


def _carry_local(is_local: bool) -> bool:  # noqa: FBT001  (typer hands the value over alone)
    if is_local:
        carry_option("--local")
    return is_local


def _carry_stack(context: typer.Context, stack: str) -> str:
    """Keep a typed option for printed commands; an environment variable applies to them anyway."""
    source = context.get_parameter_source("stack")
    if source is not None and source.name == "COMMANDLINE":
        carry_option("--stack", stack)
    return stack


def complete_endpoint(ctx: typer.Context, incomplete: str) -> list[str]:
    """The names of endpoints that begin with the typed letters, for the shell."""
    from switchover_cli.completion import find_endpoints

    names = find_endpoints(_stack_of(ctx), local=bool(ctx.params.get("local")))
    return [name for name in names if name.startswith(incomplete) and _ENDPOINT.fullmatch(name)]


def complete_version(ctx: typer.Context, incomplete: str) -> list[str]:
    """The endpoint's versions that begin with the typed letters, for the shell."""
    from switchover_cli.completion import find_versions

    # Click doesn't parse arguments after an option that still lacks its value.
    endpoint = ctx.params.get("endpoint") or next(iter(ctx.args), "")
    if not _ENDPOINT.fullmatch(endpoint):
        return []
    names = find_versions(_stack_of(ctx), endpoint, local=bool(ctx.params.get("local")))
    return [name for name in names if name.startswith(incomplete) and _VERSION.fullmatch(name)]


def _stack_of(ctx: typer.Context) -> str:
    return ctx.params.get("stack") or os.environ.get("SWITCHOVER_STACK") or DEFAULT_STACK


Json = Annotated[bool, typer.Option("--json", help="Print only JSON on stdout, for programs.")]
Local = Annotated[
    bool,
    typer.Option("--local", callback=_carry_local, help="Use the running local cloud."),
]
Stack = Annotated[
    str,
    typer.Option(
        "--stack",
        envvar="SWITCHOVER_STACK",
        callback=_carry_stack,
        help="The CloudFormation stack of Switchover.",
    ),
]
Endpoint = Annotated[
    str,
    typer.Argument(
        metavar="ENDPOINT",
        callback=check_endpoint,
        autocompletion=complete_endpoint,
        help="The SageMaker endpoint.",
    ),
]
SomeEndpoint = Annotated[
    str | None,
    typer.Argument(metavar="ENDPOINT", callback=check_endpoint, autocompletion=complete_endpoint),
]
EndpointOption = Annotated[
    str | None,
    typer.Option(
        "--endpoint",
        callback=check_endpoint,
        autocompletion=complete_endpoint,
        help="The endpoint that --version is for.",
    ),
]
VersionOption = Annotated[
    str | None,
    typer.Option(
        "--version",
        callback=check_version,
        autocompletion=complete_version,
        help="A version of the endpoint's model, instead of S3URI.",
    ),
]
PolicyOverride = Annotated[
    list[str] | None,
    typer.Option(
        "--policy-override",
        metavar="KEY=VALUE",
        help="Like canary.percent=25; may be repeated.",
    ),
]
Why = Annotated[str, typer.Option("--reason", help="The reason, which is recorded.")]
Hotfix = Annotated[
    bool,
    typer.Option(
        "--hotfix",
        help="Ignore alarms that are already red, because the serving version is broken. Needs --reason.",
    ),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude",
        metavar="GLOB",
        help="Leave out files, like a line in .switchoverignore; may be repeated.",
    ),
]
Now = Annotated[bool, typer.Option("--now", help="Don't wait for the window. Needs --reason.")]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Report whether the update would start now; start nothing."),
]
Version = Annotated[
    str,
    typer.Argument(
        metavar="VERSION",
        callback=check_version,
        autocompletion=complete_version,
        help="A model version.",
    ),
]
Watch = Annotated[bool, typer.Option("--watch", help="Follow the update to its outcome.")]
