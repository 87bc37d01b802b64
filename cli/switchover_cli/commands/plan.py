"""`switchover plan`: what an update would do, for people to read before it starts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.exits import ExitCode
from switchover_cli.options import (
    DEFAULT_STACK,
    EndpointOption,
    Exclude,
    Hotfix,
    Json,
    Local,
    Now,
    PolicyOverride,
    Stack,
    VersionOption,
    Why,
)
from switchover_cli.output import open_console, print_document, print_json

if TYPE_CHECKING:
    from switchover_cli.deployment import Deployment
    from switchover_cli.plan.proposal import Proposal


def plan(
    *,
    release: Annotated[
        str | None, typer.Option(metavar="S3URI", help="s3://bucket/…/release.json")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="The folder of a model that isn't uploaded yet."),
    ] = None,
    endpoint: EndpointOption = None,
    version: VersionOption = None,
    name: Annotated[
        str | None, typer.Option(help="With --dir: the model's name; default: the folder's name.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --dir: YAML that overrides the endpoint's policy."),
    ] = None,
    policy_override: PolicyOverride = None,
    price: Annotated[
        float | None,
        typer.Option(min=0, metavar="USD_PER_HOUR", help="Price of one instance per hour, in USD."),
    ] = None,
    exclude: Exclude = None,
    hotfix: Hotfix = False,
    now: Now = False,
    reason: Why = "",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Also write the output of --json to this file."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Also write an HTML page, to attach to a change request."
        ),
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")
    ] = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Show what an update would do and when, or why it would be refused; changes nothing."""
    from switchover_cli.plan.asked import Asked, check_asked, read_candidate
    from switchover_cli.plan.proposal import add_price, propose
    from switchover_cli.progress import counting

    if json and markdown:
        raise Misused("--json and --markdown print different things.", "Give one of them.")
    asked = Asked(
        release=release,
        folder=folder,
        endpoint=endpoint,
        version=version,
        name=name,
        policy=policy,
        overrides=policy_override or (),
        exclude=exclude or (),
        hotfix=hotfix,
        now=now,
        reason=reason,
    )
    check_asked(asked)
    deployment = connect(stack, local=local)
    with counting(is_silent=json) as on_count:
        candidate = read_candidate(deployment, asked, on_count)
    proposal = add_price(deployment, propose(deployment, candidate), price)
    if out is not None:
        _keep(proposal, out)
    if html is not None:
        _write_page(proposal, deployment, html)
    _show(proposal, is_json=json, is_markdown=markdown)
    if proposal.forecast.is_refusal:
        raise typer.Exit(ExitCode.REJECTED)


def _show(proposal: "Proposal", *, is_json: bool, is_markdown: bool) -> None:
    from switchover_cli.plan.proposal import record_proposal
    from switchover_cli.screens.plan import WIDEST, draw_proposal
    from switchover_cli.screens.plan_markdown import write_markdown

    if is_json:
        print_json(record_proposal(proposal))
    elif is_markdown:
        print_document(write_markdown(proposal), ends_line=False)
    else:
        console = open_console()
        width = min(console.width, WIDEST)
        console.print(draw_proposal(proposal, width=width), width=width)


def _keep(proposal: "Proposal", path: Path) -> None:
    from switchover_cli.plan.proposal import record_proposal
    from switchover_cli.reports.files import write_file

    write_file(path, record_proposal(proposal).model_dump_json(indent=2) + "\n")


def _write_page(proposal: "Proposal", deployment: "Deployment", path: Path) -> None:
    from switchover.web.report import plan_page
    from switchover_cli.reports.files import write_file
    from switchover_cli.screens.plan_html import show_proposal

    made_at = deployment.sagemaker.read(proposal.endpoint).read_at
    write_file(path, plan_page(show_proposal(proposal, made_at)))
