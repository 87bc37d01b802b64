"""`switchover policy`: what holds for an endpoint and why, whether a file is right, one to begin with."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import BaseModel, TypeAdapter

from switchover.aws.files import policy_key
from switchover.domain.fleet import EndpointReading
from switchover.domain.manifest import ObjectVersion
from switchover.domain.plans.policy_sense import find_contradictions, find_idle_keys
from switchover.domain.policies.layers import (
    Layer,
    layer_of_input,
    layer_of_release,
    merge_policy,
    parse_policy,
)
from switchover.domain.policies.overrides import Override
from switchover.domain.policies.policy import Policy, Tier
from switchover.domain.reasons import Reason
from switchover_cli.commands.policy_files import pull, push, put_policy, write_new
from switchover_cli.connect import connect
from switchover_cli.deployment import Deployment
from switchover_cli.errors import Misused, Refused
from switchover_cli.exits import ExitCode
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack, check_endpoint
from switchover_cli.output import open_console, print_document
from switchover_cli.policies.settings import settings_of
from switchover_cli.policies.template import Fleet, write_first_policy
from switchover_cli.releases.stored import read_stored_release
from switchover_cli.screens.policy import draw_settings, draw_verdict
from switchover_cli.start.starting import parse_overrides
from switchover_cli.watching.ending import print_json

app = typer.Typer(help="How endpoints want to be updated.", no_args_is_help=True)
app.command()(push)
app.command()(pull)
_OVERRIDE_SOURCE = "--policy-override"


class PolicyRecord(BaseModel):
    """A policy in force, for machines: `origins` lacks what is at its default."""

    policy: Policy
    origins: dict[str, str]
    overrides: tuple[Override, ...]


class VerdictRecord(BaseModel):
    """What a check found in one file, for machines."""

    file: str
    is_right: bool
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...]


@app.command()
def show(
    endpoint: Annotated[
        str | None, typer.Argument(metavar="ENDPOINT", callback=check_endpoint)
    ] = None,
    *,
    file: Annotated[
        Path | None, typer.Option(help="A policy file here, instead of an endpoint's in AWS.")
    ] = None,
    release: Annotated[
        str | None, typer.Option(metavar="S3URI", help="With what this release.json overrides.")
    ] = None,
    policy_override: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Like canary.percent=25; repeat for more."),
    ] = None,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Print every effective value, and where it came from."""
    if (endpoint is None) == (file is None):
        raise Misused("Show whose policy?", "Give an endpoint, or --file FILE.")
    layers: list[Layer] = []
    releases_may: tuple[str, ...] = ()
    if file is not None:
        layers.append(parse_policy(_read(file), str(file)))
    if endpoint is not None or release is not None:
        deployment = connect(stack, local=local)
        releases_may = deployment.releases_may
        stored = endpoint and deployment.files.policy_file(deployment.bucket, endpoint)
        layers += [stored] if stored else []
        layers += [_release_layer(deployment, release)] if release else []
    asked = layer_of_input(parse_overrides(policy_override or ()))
    layers.append(replace(asked, source=_OVERRIDE_SOURCE))
    effective = merge_policy(layers, releases_may)
    if isinstance(effective, tuple):
        raise Refused(f"The policy of {endpoint or file} is faulty.", effective)
    if json:
        print_json(
            PolicyRecord(
                policy=effective.policy,
                origins=dict(effective.origins),
                overrides=effective.overrides,
            )
        )
        return
    open_console().print(
        draw_settings(
            str(endpoint or file), settings_of(effective), effective.sources, effective.overrides
        )
    )


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Policy files.")],
    *,
    json: Json = False,
) -> None:
    """Say everything that is wrong with policy files, without AWS."""
    verdicts = tuple(_judge(parse_policy(_read(file), str(file))) for file in files)
    if json:
        adapter = TypeAdapter(tuple[VerdictRecord, ...])
        print_document(adapter.dump_json(verdicts, indent=2).decode())
    else:
        console = open_console()
        for verdict in verdicts:
            console.print(draw_verdict(verdict.file, verdict.reasons, verdict.warnings))
    if not all(verdict.is_right for verdict in verdicts):
        raise typer.Exit(ExitCode.REJECTED)


@app.command()
def init(
    endpoint: Endpoint,
    *,
    tier: Annotated[Tier, typer.Option(help="How much the endpoint matters.")] = Tier.PRODUCTION,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of stdout.")
    ] = None,
    upload: Annotated[
        bool, typer.Option("--upload", help="Put it where the endpoint's updates read it.")
    ] = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
) -> None:
    """Write a commented policy for a live endpoint, with the strategy that suits it and why."""
    deployment = connect(stack, local=local)
    written = write_first_policy(_read_fleet(deployment, endpoint), tier)
    console = open_console(stderr=True)
    if output is not None:
        write_new(output, written.encode())
        console.print(f"Wrote {output}.", markup=False, soft_wrap=True)
    if upload:
        uri = _upload_new(deployment, endpoint, written)
        console.print(f"Uploaded {uri}: it holds from the next update on.", soft_wrap=True)
    if output is None and not upload:
        print_document(written, ends_line=False)


def _judge(layer: Layer) -> VerdictRecord:
    effective = merge_policy([layer])
    if isinstance(effective, tuple):
        return VerdictRecord(file=layer.source, is_right=False, reasons=effective, warnings=())
    reasons = find_contradictions(effective)
    return VerdictRecord(
        file=layer.source,
        is_right=not reasons,
        reasons=reasons,
        warnings=find_idle_keys(effective),
    )


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misused(f"{file} can't be read: {error.strerror}.", "Give a policy file.") from error


def _release_layer(deployment: Deployment, uri: str) -> Layer:
    release = read_stored_release(deployment.models, uri, deployment.bucket)
    if isinstance(release, tuple):
        raise Refused(f"{uri} can't be read.", release)
    return layer_of_release(release)


def _read_fleet(deployment: Deployment, endpoint: str) -> Fleet:
    reading = deployment.sagemaker.read(endpoint)
    if not isinstance(reading, EndpointReading) or not reading.variants:
        raise Misused(
            f"There is no endpoint {endpoint!r} that serves.",
            "Create it first: a policy is written for a live fleet.",
        )
    live = deployment.sagemaker.live_release(reading.config_name)
    variant = reading.variants[0]
    described: dict[str, Any] = live.config["ProductionVariants"][0] if live else {}
    target = deployment.scaling.read(endpoint, variant.name).target
    return Fleet(
        endpoint=endpoint,
        config_name=reading.config_name,
        variant=variant.name,
        instances=variant.desired_instances,
        instance_type=described.get("InstanceType", "instances"),
        scaled_between=(target["MinCapacity"], target["MaxCapacity"]) if target else None,
    )


def _upload_new(deployment: Deployment, endpoint: str, text: str) -> str:
    key = policy_key(endpoint)
    uri = f"s3://{deployment.bucket}/{key}"
    if deployment.files.find_version(deployment.bucket, key).etag:
        raise Misused(
            f"{uri} is there already.",
            f"Fetch it (`switchover policy pull {endpoint} -o FILE`), edit that, and push it.",
        )
    put_policy(deployment, key, text.encode(), ObjectVersion())
    return uri
