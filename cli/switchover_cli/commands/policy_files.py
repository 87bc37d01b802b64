"""`switchover policy push` and `pull`: an endpoint's policy in the model bucket, and a file here."""

import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import ClientError
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
from switchover_cli.output import open_console, print_document
from switchover_cli.watching.ending import print_json

_CHANGED = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


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
    raw = _read(file)
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


def pull(
    endpoint: Endpoint,
    *,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Instead of stdout.")
    ] = None,
    object_version: Annotated[
        str, typer.Option(metavar="ID", help="An earlier version, by S3's id.")
    ] = "",
    stack: Stack = DEFAULT_STACK,
    local: Local = False,
) -> None:
    """Fetch an endpoint's policy file as it lies in the model bucket, byte for byte."""
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
            f"There is no s3://{deployment.bucket}/{key}{which}: the defaults hold for {endpoint}.",
            f"Write one: switchover policy init {endpoint}",
        )
    if output is None:
        print_document(raw.decode(errors="replace"), ends_line=False)
        return
    write_new(output, raw)
    open_console(stderr=True).print(f"Wrote {output}.", markup=False, soft_wrap=True)


def put_policy(
    deployment: Deployment, key: str, raw: bytes, before: ObjectVersion
) -> ObjectVersion:
    """Write a policy file in place of the version that was looked at; returns the new version.

    Raises:
        CommandFailed: somebody else has written it since.
    """
    try:
        if before.etag:
            put = deployment.s3.put_object(
                Bucket=deployment.bucket, Key=key, Body=raw, IfMatch=before.condition
            )
        else:
            put = deployment.s3.put_object(
                Bucket=deployment.bucket, Key=key, Body=raw, IfNoneMatch="*"
            )
    except ClientError as error:
        if error.response["Error"]["Code"] not in _CHANGED:
            raise
        raise CommandFailed(
            f"s3://{deployment.bucket}/{key} was changed by somebody else meanwhile; nothing written.",
            "Run the same command again: it shows what differs now.",
        ) from error
    return ObjectVersion(etag=put["ETag"].strip('"'), version_id=put.get("VersionId", ""))


def write_new(path: Path, content: bytes) -> None:
    """Write a file where none is; one of the same content may be.

    Raises:
        Misused: another one is there, or it can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        if path.is_file() and path.read_bytes() == content:
            return
        raise Misused(f"{path} is there already.", "Name another, or move it away.") from error
    except OSError as error:
        raise Misused(f"{path} can't be written: {error.strerror}.") from error


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misused(f"{file} can't be read: {error.strerror}.", "Give a policy file.") from error


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
