"""`switchover policy init`: a policy to begin with, for a live endpoint."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from switchover.domain.policies.choices import Tier
from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.options import DEFAULT_STACK, Endpoint, Local, Stack
from switchover_cli.output import open_console, print_document

if TYPE_CHECKING:
    from switchover_cli.deployment import Deployment
    from switchover_cli.policies.template import Fleet


def init(
    endpoint: Endpoint,
    *,
    tier: Annotated[Tier, typer.Option(help="The importance of the endpoint.")] = Tier.PRODUCTION,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write to this file instead of stdout."
        ),
    ] = None,
    upload: Annotated[
        bool,
        typer.Option("--upload", help="Also upload it, so that the endpoint's updates use it."),
    ] = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
) -> None:
    """Write a commented policy for a live endpoint, with a recommended strategy."""
    from switchover_cli.policies.store import write_new
    from switchover_cli.policies.template import write_first_policy

    deployment = connect(stack, local=local)
    written = write_first_policy(_read_fleet(deployment, endpoint), tier)
    console = open_console(stderr=True)
    if output is not None:
        write_new(output, written.encode())
        console.print(f"Wrote {output}.", markup=False, soft_wrap=True)
    if upload:
        uri = _upload_new(deployment, endpoint, written)
        console.print(f"Uploaded {uri}: the next update uses it.", soft_wrap=True)
    if output is None and not upload:
        print_document(written, ends_line=False)


def _read_fleet(deployment: "Deployment", endpoint: str) -> "Fleet":
    from switchover.domain.fleet import EndpointReading
    from switchover_cli.policies.template import Fleet

    reading = deployment.sagemaker.read(endpoint)
    if not isinstance(reading, EndpointReading) or not reading.variants:
        raise Misused(
            f"There is no endpoint {endpoint!r} that serves.",
            "Create the endpoint first: a policy is written for a live fleet.",
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


def _upload_new(deployment: "Deployment", endpoint: str, text: str) -> str:
    from switchover.aws.files import policy_key
    from switchover.domain.manifest import ObjectVersion
    from switchover_cli.policies.store import put_policy

    key = policy_key(endpoint)
    uri = f"s3://{deployment.bucket}/{key}"
    if deployment.files.find_version(deployment.bucket, key).etag:
        raise Misused(
            f"{uri} exists already.",
            f"Fetch it (`switchover policy pull {endpoint} -o FILE`), edit the file, and push it.",
        )
    put_policy(deployment, key, text.encode(), ObjectVersion())
    return uri
