"""Starts an update by hand, and finds the update that an upload started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from switchover.domain.naming import execution_name
from switchover.domain.places import ReleasePlace
from switchover.domain.policies.layers import Layer, merge_policy
from switchover.domain.policies.yaml_lines import read_yaml
from switchover.domain.release import is_endpoint_name
from switchover.domain.update.request import Request
from switchover_cli.errors import CommandFailed, Misused
from switchover_cli.releases.stored import locate_release
from switchover_cli.start.offered import PICK_UP_SECONDS, POLL_SECONDS
from switchover_cli.start.vouching import vouch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from switchover_cli.deployment import Deployment


def release_uri(bucket: str, endpoint: str, version: str) -> str:
    """The S3 URI to which `switchover upload` writes a release."""
    return f"s3://{bucket}/{ReleasePlace(endpoint, version).key}"


def parse_overrides(pairs: Iterable[str]) -> dict[str, Any]:
    """Read `key=value` pairs as policy keys: dots nest, values are YAML.

    Raises:
        Misused: a text isn't key=value, or the policy has no such key or value.
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise Misused(
                f"--policy-override {pair!r} is not key=value.",
                "Write it like --policy-override canary.percent=25.",
            )
        _put(values, key.split("."), read_yaml(value).content, pair)
    checked = merge_policy([Layer("--policy-override", values)])
    if isinstance(checked, tuple):
        raise Misused("\n".join(str(reason) for reason in checked))
    return values


def release_request(
    uri: str,
    overrides: dict[str, Any],
    reason: str,
    *,
    is_hotfix: bool = False,
    skips_window: bool = False,
) -> Request:
    """The input that starts an update to a release; a hotfix ignores alarms that are already red.

    Raises:
        Misused: the URI isn't a release's, or a hotfix or a skipped window has no reason.
    """
    locate_release(uri)
    return _checked(
        release=uri, policy=overrides, reason=reason, hotfix=is_hotfix, now=skips_window
    )


def rollback_request(endpoint: str, to: str | None, reason: str) -> Request:
    """The input that rolls an endpoint back."""
    return _checked(rollback=endpoint, to=to, reason=reason)


def start_update(deployment: Deployment, request: Request, salt: str) -> str:
    """Start an update and return its id. A new `salt` starts an update again that ran before."""
    if request.release is not None:
        place, source = locate_release(request.release), request.release
        endpoint, version = place.endpoint, place.version
    else:
        endpoint, version = request.rollback or "", f"back-{request.to or ''}"
        source = endpoint
    update_id = execution_name(endpoint, version, f"{source}#{salt}")
    if request.release is not None:
        vouch(deployment, update_id)
    deployment.workflow.start(
        deployment.state_machine_arn,
        update_id,
        request.model_dump(mode="json", exclude_defaults=True),
    )
    return update_id


def known_updates(deployment: Deployment, endpoint: str) -> frozenset[str]:
    """The ids of the endpoint's latest updates, to recognise a new one."""
    return frozenset(update.update_id for update in deployment.ledger.listed(endpoint))


def await_pick_up(
    deployment: Deployment,
    endpoint: str,
    version: str,
    known: frozenset[str],
    pause: Callable[[float], object],
) -> str:
    """Wait for the update that a release's arrival in S3 starts; returns its id.

    Raises:
        CommandFailed: no update began within two minutes.
    """
    for _ in range(PICK_UP_SECONDS // POLL_SECONDS):
        for update in deployment.ledger.listed(endpoint):
            if update.update_id not in known and update.version == version:
                return update.update_id
        pause(POLL_SECONDS)
    raise not_picked_up(endpoint, version)


def not_picked_up(endpoint: str, version: str) -> CommandFailed:
    """The error for a release in S3 to which no update begins."""
    return CommandFailed(
        f"The release is in S3, but no update began within {PICK_UP_SECONDS} s.",
        "See the log of the receive_release function, or start it by hand: "
        f"switchover start --endpoint {endpoint} --version {version}",
    )


def _put(values: dict[str, Any], path: list[str], value: object, pair: str) -> None:
    *parents, last = path
    for name in parents:
        values = values.setdefault(name, {})
        if not isinstance(values, dict):
            raise Misused(
                f"--policy-override {pair!r} sets a part of a key that has a single value."
            )
    values[last] = value


# The option or argument of each field.
_TYPED = {
    "release": "S3URI",
    "rollback": "ENDPOINT",
    "to": "--to",
    "reason": "--reason",
    "policy": "--policy-override",
    "hotfix": "--hotfix",
    "now": "--now",
}
_NEEDS_REASON = {
    "now": "--now skips the window",
    "hotfix": "--hotfix ignores red alarms",
}


def _checked(**fields: Any) -> Request:
    """The execution's input, or its faults in terms of the command line's options."""
    for name, does in _NEEDS_REASON.items():
        if fields.get(name) and not fields["reason"].strip():
            raise Misused(
                f"{does}.", "Give the reason with --reason '…': it is recorded and announced."
            )
    rollback = fields.get("rollback")
    if rollback is not None and not is_endpoint_name(rollback):
        raise Misused(
            f"{rollback!r} can't be an endpoint's name.",
            "Names have letters, digits and single hyphens between them, at most 63.",
        )
    try:
        return Request(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        typed = _TYPED.get(str(first["loc"][0]), "") if first["loc"] else ""
        said = first["msg"].removeprefix("Value error, ")
        raise Misused(f"{typed}: {said}." if typed else f"{said}.", "See --help.") from error
