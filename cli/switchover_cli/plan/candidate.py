"""A release as the state machine would accept it: read, validated, named after its bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.aws.copying import Copying
from switchover.checkpoint.findings import Inspection
from switchover.domain.copying import CopyVerdict
from switchover.domain.counts import count_nothing
from switchover.domain.intake import understand
from switchover.domain.naming import execution_name
from switchover.domain.policies.sections import Model

if TYPE_CHECKING:
    from switchover.domain.counts import OnCount
    from switchover.domain.reasons import Reason
    from switchover.domain.release import Release
    from switchover.domain.update.request import Request
    from switchover.domain.update.update import Update
    from switchover_cli.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Candidate:
    """The update that a release's arrival would open.

    `update.reasons` has the findings of validation, as in the ledger. `refusals` are reasons to refuse
    the update before validation and planning. `unchecked` is what couldn't be checked.
    """

    update: Update
    refusals: tuple[Reason, ...] = ()
    unchecked: tuple[str, ...] = ()


def read_stored(
    deployment: Deployment, request: Request, on_count: OnCount = count_nothing
) -> Candidate:
    """Read and validate a release in S3, as ClaimEndpoint, CopyRelease and ValidateModel would."""
    bucket, key = request.bucket_and_key
    raw = deployment.models.read_release(bucket, key)
    opened = open_candidate(deployment, request, raw)
    if opened.refusals or opened.update.release is None:
        return opened
    return judge(opened, _inspect(deployment, opened.update, opened.update.release, on_count))


def open_candidate(
    deployment: Deployment, request: Request, raw: bytes | tuple[Reason, ...]
) -> Candidate:
    """Open the update under the name that receive_release would give it; nothing is written."""
    asked = understand(request, raw, deployment.bucket)
    bucket, key = request.bucket_and_key
    content = hashlib.sha256(raw).hexdigest() if isinstance(raw, bytes) else ""
    update_id = execution_name(asked.endpoint, asked.version, f"{bucket}/{key}/{content}")
    at = deployment.sagemaker.read(asked.endpoint).read_at
    update = asked.open(update_id, deployment.execution_arn(update_id), at)
    return Candidate(update, asked.reasons)


def judge(opened: Candidate, found: Inspection) -> Candidate:
    """The candidate with the findings of validation."""
    judged = opened.update.inspected(found.reasons, found.warnings)
    return Candidate(judged, opened.refusals, found.unchecked)


def _inspect(
    deployment: Deployment, update: Update, release: Release, on_count: OnCount
) -> Inspection:
    bucket = update.bucket
    if release.source is not None:
        standing = Copying(deployment.s3).compare(release, bucket, on_count=on_count)
        if standing.verdict is CopyVerdict.REJECTED:
            return Inspection(standing.reasons)
        if (
            standing.verdict is CopyVerdict.COPYING
        ):  # the files are checked where they are; nothing is copied
            bucket, prefix = release.source_bucket_and_prefix
            release = release.model_copy(update={"prefix": prefix})
    allowed = read_allowances(deployment, update)
    return deployment.models.inspect(release, bucket, allowed, on_count=on_count)


def read_allowances(deployment: Deployment, update: Update) -> Model:
    """What the policy allows in a checkpoint, as ValidateModel reads the policy."""
    effective = deployment.files.effective_policy(update)
    # The plan reports a faulty policy; the files are checked by the strict defaults.
    return Model() if isinstance(effective, tuple) else effective.policy.model
