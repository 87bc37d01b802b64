"""Pushes a policy file to the model bucket: checks it, compares it with the stored file, writes it."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel

from switchover.aws.files import policy_key
from switchover.domain.bounded_yaml import FILE_LIMITS
from switchover.domain.counts import Count, count_nothing
from switchover.domain.fleet import Absent, EndpointReading
from switchover.domain.plans.detection import publish_seconds
from switchover.domain.plans.experience import resolve_ready
from switchover.domain.plans.fitting import Conditions, fit
from switchover.domain.plans.policy_sense import find_contradictions, find_idle_keys
from switchover.domain.policies.layers import EffectivePolicy, merge_policy, parse_policy
from switchover.domain.reasons import Reason
from switchover_cli.errors import Misused, Refused
from switchover_cli.policies.store import put_policy, read_file

if TYPE_CHECKING:
    from pathlib import Path

    from switchover.domain.counts import OnCount
    from switchover.domain.manifest import ObjectVersion
    from switchover_cli.deployment import Deployment

_PARTS = 3


class PushRecord(BaseModel):
    """What `policy push --json` prints. Versions are S3's; empty if there is none."""

    policy: str
    is_changed: bool
    object_version: str
    previous_version: str
    diff: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PolicyFile:
    """A local policy file without faults."""

    path: Path
    raw: bytes
    effective: EffectivePolicy


@dataclass(frozen=True, slots=True)
class Push:
    """A policy file that may replace the stored one; `stored` is None if there was none."""

    endpoint: str
    uri: str
    raw: bytes
    stored: bytes | None
    before: ObjectVersion
    effective: EffectivePolicy
    diff: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def is_change(self) -> bool:
        """Whether the file differs from the stored one."""
        return self.stored != self.raw


def read_policy_file(file: Path) -> PolicyFile:
    """Read and judge a policy file.

    Raises:
        Misused: the file can't be read.
        Refused: the file is faulty, or contradicts itself.
    """
    raw = read_file(file)
    effective = merge_policy([parse_policy(raw, str(file))])
    if isinstance(effective, tuple):
        raise Refused(f"{file} has faults: nothing was written.", effective)
    contradictions = find_contradictions(effective)
    if contradictions:
        raise Refused(f"{file} contradicts itself: nothing was written.", contradictions)
    return PolicyFile(file, raw, effective)


def prepare_push(
    deployment: Deployment,
    endpoint: str,
    file: PolicyFile,
    *,
    is_live: bool,
    on_count: OnCount = count_nothing,
) -> Push:
    """Compare a policy file with the stored one; with `is_live`, also check it against the live fleet.

    Raises:
    Refused: the policy doesn't fit the live fleet.
    Misused: no fleet serves.
    """
    on_count(Count("Reading the endpoint", 0, _PARTS))
    reading = deployment.sagemaker.read(endpoint)
    if is_live:
        on_count(Count("Reading the live fleet", 1, _PARTS))
        _check_live(deployment, reading, file.effective)
    key = policy_key(endpoint)
    uri = f"s3://{deployment.bucket}/{key}"
    on_count(Count("Reading the stored policy", 2, _PARTS))
    before = deployment.files.find_version(deployment.bucket, key)
    stored = deployment.files.read_version(deployment.bucket, key, before, FILE_LIMITS.bytes + 1)
    push = Push(
        endpoint=endpoint,
        uri=uri,
        raw=file.raw,
        stored=stored,
        before=before,
        effective=file.effective,
        diff=_diff(stored or b"", file.raw, uri, file.path),
        warnings=_warn(deployment, reading, file.effective),
    )
    on_count(Count("Read", _PARTS, _PARTS))
    return push


def carry_out(deployment: Deployment, push: Push) -> PushRecord:
    """Write the file if it differs from the stored one.

    Raises:
    CommandFailed: the stored file was changed since it was read.
    """
    written = push.before
    if push.is_change:
        written = put_policy(deployment, policy_key(push.endpoint), push.raw, push.before)
    return PushRecord(
        policy=push.uri,
        is_changed=push.is_change,
        object_version=written.version_id,
        previous_version=push.before.version_id,
        diff=push.diff,
        warnings=push.warnings,
    )


def _warn(
    deployment: Deployment, reading: EndpointReading | Absent, effective: EffectivePolicy
) -> tuple[str, ...]:
    idle = tuple(f"{each.subject}: {each.message}" for each in find_idle_keys(effective))
    if isinstance(reading, EndpointReading):
        return idle
    near = difflib.get_close_matches(reading.name, deployment.fleets.names(), n=1)
    meant = f" Did you mean {near[0]!r}?" if near else ""
    return (*idle, f"SageMaker knows no endpoint {reading.name!r} here.{meant}")


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
            remedy="Correct or remove `variant`.",
        )
        raise Refused(f"The policy doesn't fit {endpoint}: nothing was written.", (reason,))
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
        raise Refused(
            f"The policy doesn't fit the live fleet of {endpoint}: nothing was written.", fitted
        )


def _diff(stored: bytes, raw: bytes, uri: str, file: Path) -> tuple[str, ...]:
    before, after = (each.decode(errors="replace").splitlines() for each in (stored, raw))
    return tuple(difflib.unified_diff(before, after, uri, str(file), lineterm="", n=2))
