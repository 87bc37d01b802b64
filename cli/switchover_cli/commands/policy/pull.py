"""`switchover policy pull`: download an endpoint's policy from the model bucket."""

from pathlib import Path
from typing import Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.errors import Misused
from switchover_cli.options import DEFAULT_STACK, Endpoint, Local, Stack
from switchover_cli.output import open_console, print_document


def pull(
    endpoint: Endpoint,
    *,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Write to this file instead of stdout."
        ),
    ] = None,
    object_version: Annotated[
        str, typer.Option(metavar="ID", help="An earlier version, by S3's id.")
    ] = "",
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
) -> None:
    """Download an endpoint's policy file from the model bucket, unchanged."""
    from switchover.aws.files import policy_key
    from switchover.domain.bounded_yaml import FILE_LIMITS
    from switchover.domain.manifest import ObjectVersion
    from switchover_cli.policies.store import write_new

    deployment = connect(stack, local=local)
    key = policy_key(endpoint)
    version = (
        ObjectVersion(etag="any", version_id=object_version)
        if object_version
        else deployment.files.find_version(deployment.bucket, key)
    )
    raw = deployment.files.read_version(deployment.bucket, key, version, FILE_LIMITS.bytes + 1)
    if raw is None:
        which = f" in version {object_version}" if object_version else ""
        raise Misused(
            f"There is no s3://{deployment.bucket}/{key}{which}: {endpoint} uses the defaults.",
            f"Write one: switchover policy init {endpoint}",
        )
    if output is None:
        print_document(raw.decode(errors="replace"), ends_line=False)
        return
    write_new(output, raw)
    open_console(stderr=True).print(f"Wrote {output}.", markup=False, soft_wrap=True)
