"""`switchover policy push`: an endpoint's policy into the model bucket, after showing what changes."""

import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel
from rich.text import Text

from switchover.aws.files import policy_key
from switchover.domain.bounded_yaml import FILE_LIMITS
from switchover.domain.fleet import Absent, EndpointReading
from switchover.domain.manifest import ObjectVersion
from switchover.domain.plans.alarms import publish_seconds
from switchover.domain.plans.experience import resolve_ready
from switchover.domain.plans.fitting import Conditions, fit
from switchover.domain.plans.policy_sense import find_contradictions, find_idle_keys
from switchover.domain.policies.layers import EffectivePolicy, merge_policy, parse_policy
from switchover.domain.reasons import Reason
from switchover_cli.connect import connect
from switchover_cli.deployment import Deployment
from switchover_cli.errors import CommandFailed, Misused, Refused
from switchover_cli.options import DEFAULT_STACK, Endpoint, Json, Local, Stack
from switchover_cli.output import open_console, print_json
from switchover_cli.policies.store import put_policy, read_file


class PushRecord(BaseModel):
    """What `policy push --json` prints. Versions are S3's; empty where there is none."""

    policy: str
    is_changed: bool
    object_version: str
    previous_version: str
    diff: tuple[str, ...]
    warnings: tuple[str, ...]


def push(
    endpoint: Endpoint,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The policy file.")],
    *,
    live: Annotated[
        bool, typer.Option("--live", help="Check also that it suits the fleet that serves now.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask whether to write it.")] = False,
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
    json: Json = False,
) -> None:
    """Put a policy file where the endpoint's updates read it, after showing what it changes."""
    raw = read_file(file)
    effective = _judge(raw, file)
    deployment = connect(stack, local=local)
    reading = deployment.sagemaker.read(endpoint)
    warnings = [f"{each.subject}: {each.message}" for each in find_idle_keys(effective)]
    if not isinstance(reading, EndpointReading):
        near = difflib.get_close_matches(endpoint, deployment.fleets.names(), n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        warnings.append(f"SageMaker knows no endpoint {endpoint!r} here.{meant}")
    if live:
        _check_live(deployment, reading, effective)
    key = policy_key(endpoint)
    before = deployment.files.find_version(deployment.bucket, key)
    stored = deployment.files.read_version(deployment.bucket, key, before, FILE_LIMITS.bytes + 1)
    uri = f"s3://{deployment.bucket}/{key}"
    diff = _diff(stored or b"", raw, uri, file)
    written = before
    if stored != raw:
        if not json:
            _show(diff, effective, warnings)
        if not yes:
            _ask(uri)
        written = put_policy(deployment, key, raw, before)
    if json:
        print_json(
            PushRecord(
                policy=uri,
                is_changed=stored != raw,
                object_version=written.version_id,
                previous_version=before.version_id,
                diff=diff,
                warnings=tuple(warnings),
            )
        )
    else:
        _tell(endpoint, uri, before, is_changed=stored != raw)


def _judge(raw: bytes, file: Path) -> EffectivePolicy:
    effective = merge_policy([parse_policy(raw, str(file))])
    if isinstance(effective, tuple):
        raise Refused(f"{file} is faulty: nothing was written.", effective)
    contradictions = find_contradictions(effective)
    if contradictions:
        raise Refused(f"{file} contradicts itself: nothing was written.", contradictions)
    return effective


def _check_live(
    deployment: Deployment, reading: EndpointReading | Absent, effective: EffectivePolicy
) -> None:
    endpoint = reading.name
    live = (
        deployment.sagemaker.live_release(reading.config_name)
        if isinstance(reading, EndpointReading) and reading.variants
        else None
    )
    if live is None or not isinstance(reading, EndpointReading):
        raise Misused(f"There is no endpoint {endpoint!r} that serves.", "Leave out --live.")
    variant, described = reading.variants[0], live.config["ProductionVariants"][0]
    asked = effective.policy.variant
    if asked is not None and asked != variant.name:
        reason = Reason(
            code="endpoint.variant-differs",
            subject=f"{effective.place('variant')}: variant",
            message=f"{asked!r} is not the live variant {variant.name!r}.",
            remedy="Correct the policy, or leave `variant` out.",
        )
        raise Refused(f"It doesn't suit {endpoint}: nothing was written.", (reason,))
    conditions = Conditions(
        instances=variant.desired_instances,
        configured_instances=described["InitialInstanceCount"],
        ready=resolve_ready(
            effective.policy.ready_seconds, (), described.get("InstanceType", ""), None
        ),
        published_every=publish_seconds(live.config),
    )
    fitted = fit(effective.policy, effective.chosen, conditions)
    if isinstance(fitted, tuple):
        raise Refused(f"It doesn't suit {endpoint} as it is: nothing was written.", fitted)


def _diff(stored: bytes, raw: bytes, uri: str, file: Path) -> tuple[str, ...]:
    before, after = (each.decode(errors="replace").splitlines() for each in (stored, raw))
    return tuple(difflib.unified_diff(before, after, uri, str(file), lineterm="", n=2))


def _show(diff: tuple[str, ...], effective: EffectivePolicy, warnings: list[str]) -> None:
    console = open_console(soft_wrap=True)
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in diff:
        console.print(Text(line, style=styles.get(line[:1], "")))
    for reason in warnings:
        console.print(Text.assemble(("warning ", "yellow"), reason))
    policy = effective.policy
    may, locked = policy.releases_may or (), policy.locked
    console.print(
        Text(
            "Who wins: this file goes over the defaults; a release tightens it, and loosens"
            f" {', '.join(map(str, may)) or 'nothing of it'}; who starts by hand goes over both, except"
            f" for {', '.join(map(str, locked)) or 'nothing, as nothing is locked'}.",
            style="dim",
        )
    )


def _ask(uri: str) -> None:
    if not sys.stdin.isatty():
        raise Misused("Nobody is here to be asked; nothing was written.", "Add --yes to write it.")
    if not typer.confirm(f"Write {uri}?", err=True):
        raise CommandFailed("Nothing was written.")


def _tell(endpoint: str, uri: str, before: ObjectVersion, *, is_changed: bool) -> None:
    console = open_console(soft_wrap=True)
    if not is_changed:
        console.print(Text(f"{uri} is there already, the same: nothing was written."))
        return
    console.print(Text(f"Wrote {uri}: it holds from the next update on."))
    if before.version_id:
        console.print(
            "What was there before:"
            f" switchover policy pull {endpoint} --object-version {before.version_id}"
        )
