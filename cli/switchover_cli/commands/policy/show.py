"""`switchover policy show`: the values in force for an endpoint, and where each was set."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from switchover_cli.connect import connect
from switchover_cli.errors import Misused, Refused
from switchover_cli.options import (
    DEFAULT_STACK,
    Json,
    Local,
    PolicyOverride,
    SomeEndpoint,
    Stack,
)
from switchover_cli.output import open_console, print_json

if TYPE_CHECKING:
    from switchover.domain.policies.layers import Layer
    from switchover_cli.deployment import Deployment


_OVERRIDE_SOURCE = "--policy-override"


def show(
    endpoint: SomeEndpoint = None,
    *,
    file: Annotated[
        Path | None, typer.Option(help="A local policy file, instead of an endpoint's file in AWS.")
    ] = None,
    release: Annotated[
        str | None, typer.Option(metavar="S3URI", help="Add the overrides of this release.json.")
    ] = None,
    policy_override: PolicyOverride = None,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Print every value in force, and where it was set."""
    from switchover.domain.policies.layers import layer_of_input, merge_policy, parse_policy
    from switchover_cli.policies.settings import settings_of
    from switchover_cli.policies.showing import record_policy
    from switchover_cli.policies.store import read_file
    from switchover_cli.screens.policy import draw_settings
    from switchover_cli.start.starting import parse_overrides

    if (endpoint is None) == (file is None):
        raise Misused("Which policy?", "Give an endpoint, or --file FILE.")
    layers: list[Layer] = []
    releases_may: tuple[str, ...] = ()
    if file is not None:
        layers.append(parse_policy(read_file(file), str(file)))
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
        print_json(record_policy(effective))
        return
    open_console().print(
        draw_settings(
            str(endpoint or file), settings_of(effective), effective.sources, effective.overrides
        )
    )


def _release_layer(deployment: "Deployment", uri: str) -> "Layer":
    from switchover.domain.policies.layers import layer_of_release
    from switchover_cli.releases.stored import read_stored_release

    release = read_stored_release(deployment.models, uri, deployment.bucket)
    if isinstance(release, tuple):
        raise Refused(f"{uri} can't be read.", release)
    return layer_of_release(release)
