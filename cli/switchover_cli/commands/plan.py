"""`switchover plan`: what an update would be, read by people before anything moves."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from switchover.domain.policies.layers import merge_policy, parse_policy
from switchover_cli.connect import connect
from switchover_cli.deployment import Deployment
from switchover_cli.errors import Misused
from switchover_cli.exits import ExitCode
from switchover_cli.options import (
    DEFAULT_STACK,
    Exclude,
    Hotfix,
    Json,
    Local,
    Now,
    Stack,
    Why,
    check_endpoint,
    check_version,
    complete_endpoint,
    complete_version,
)
from switchover_cli.output import open_console, print_document, print_json
from switchover_cli.plan.candidate import read_stored
from switchover_cli.plan.folder import read_folder
from switchover_cli.plan.pricing import Price
from switchover_cli.plan.proposal import Proposal, ask_price, propose, record_proposal
from switchover_cli.screens.plan import WIDEST, draw_proposal
from switchover_cli.screens.plan_markdown import write_markdown
from switchover_cli.start.starting import parse_overrides, release_request, release_uri
from switchover_cli.upload.offer import Offer


def plan(
    *,
    release: Annotated[
        str | None, typer.Option(metavar="S3URI", help="s3://bucket/…/release.json")
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--dir", metavar="DIR", help="A checkpoint that is not uploaded yet."),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            callback=check_endpoint,
            autocompletion=complete_endpoint,
            help="The endpoint that --dir, or --version, is for.",
        ),
    ] = None,
    version: Annotated[
        str | None,
        typer.Option(
            callback=check_version,
            autocompletion=complete_version,
            help="What --dir would be called, or an uploaded version.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="With --dir: the model's name; by default the folder's.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --dir: YAML that overrides the endpoint's policy."),
    ] = None,
    policy_override: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="As with start; repeat for more."),
    ] = None,
    price: Annotated[
        float | None,
        typer.Option(min=0, metavar="USD_PER_HOUR", help="What one instance costs an hour."),
    ] = None,
    exclude: Exclude = None,
    hotfix: Hotfix = False,
    now: Now = False,
    reason: Why = "",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write what --json prints there.")
    ] = None,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")
    ] = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Show what an update would do, when it would start, or why it would not; changes nothing."""
    if json and markdown:
        raise Misused("--json and --markdown print different things.", "Give one of them.")
    if folder is not None and release is not None:
        raise Misused("A plan is for one release.", "Give --release or --dir.")
    if folder is None and (policy is not None or name is not None):
        raise Misused(
            "An uploaded release has its name and policy.",
            "--policy goes with --dir, and so does --name; here it is --policy-override.",
        )
    if folder is not None and now:
        raise Misused(
            "An upload waits for its window.",
            "Leave out --now. Once it is uploaded: switchover start --endpoint ENDPOINT"
            " --version VERSION --now --reason '…'",
        )
    overrides = parse_overrides(policy_override or ())
    deployment = connect(stack, local=local)
    if folder is None:
        uri = _find_release(deployment, release, endpoint, version)
        request = release_request(uri, overrides, reason, is_hotfix=hotfix, skips_window=now)
        candidate = read_stored(deployment, request)
    else:
        offer = _describe_offer(folder, endpoint, version, name, policy)
        offer = replace(offer, hotfix=hotfix, reason=reason)
        uri = release_uri(deployment.bucket, offer.endpoint, offer.version)
        with open_console(stderr=True).status("Reading the weights, for their checksums"):
            request = release_request(uri, overrides, "")
            candidate = read_folder(deployment, folder, offer, request, exclude or ())
    given = None if price is None else Price(usd_per_hour=price, source="as given by --price")
    proposal = propose(deployment, candidate)
    proposal = replace(proposal, price=given or ask_price(deployment, proposal.plan))
    if out is not None:
        _keep(proposal, out)
    if json:
        print_json(record_proposal(proposal))
    elif markdown:
        print_document(write_markdown(proposal), ends_line=False)
    else:
        console = open_console()
        width = min(console.width, WIDEST)
        console.print(draw_proposal(proposal, width=width), width=width)
    if proposal.forecast.is_refusal:
        raise typer.Exit(ExitCode.REJECTED)


def _find_release(
    deployment: Deployment, release: str | None, endpoint: str | None, version: str | None
) -> str:
    if release is not None:
        return release
    if endpoint is None or version is None:
        raise Misused(
            "Plan what?", "Give --release, or --endpoint and --version, with --dir if not uploaded."
        )
    return release_uri(deployment.bucket, endpoint, version)


def _describe_offer(
    folder: Path, endpoint: str | None, version: str | None, name: str | None, policy: Path | None
) -> Offer:
    if endpoint is None or version is None:
        raise Misused(
            "A folder says neither endpoint nor version.", "Give --endpoint and --version."
        )
    return Offer(
        endpoint=endpoint,
        version=version,
        name=name or folder.resolve().name,
        policy=_read_policy(policy) if policy else {},
    )


def _read_policy(path: Path) -> Mapping[str, Any]:
    try:
        layer = parse_policy(path.read_bytes(), str(path))
    except OSError as error:
        raise Misused(f"{path}: {error.strerror}.") from error
    checked = merge_policy([layer])
    if isinstance(checked, tuple):
        raise Misused("\n".join(map(str, checked)))
    return layer.values


def _keep(proposal: Proposal, path: Path) -> None:
    try:
        path.write_text(record_proposal(proposal).model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise Misused(f"{path}: {error.strerror}.", "Name a file that can be written.") from error
