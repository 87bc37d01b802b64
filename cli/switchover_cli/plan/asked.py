"""The input of `plan`: a release in S3, or a folder that isn't uploaded yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from switchover.domain.counts import count_nothing
from switchover.domain.policies.layers import merge_policy, parse_policy
from switchover_cli.errors import Misused
from switchover_cli.plan.candidate import read_stored
from switchover_cli.plan.folder import read_folder
from switchover_cli.start.starting import parse_overrides, release_request, release_uri
from switchover_cli.upload.offer import Offer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from switchover.domain.counts import OnCount
    from switchover_cli.deployment import Deployment
    from switchover_cli.plan.candidate import Candidate


@dataclass(frozen=True, slots=True)
class Asked:
    """A plan's options on the command line; `name` and `policy` go with `folder` only."""

    release: str | None
    folder: Path | None
    endpoint: str | None
    version: str | None
    name: str | None
    policy: Path | None
    overrides: Sequence[str]
    exclude: Sequence[str]
    hotfix: bool
    now: bool
    reason: str


def check_asked(asked: Asked) -> None:
    """Refuse options that contradict each other, before anything is read.

    Raises:
        Misused: two options contradict each other.
    """
    if asked.folder is None and (asked.policy is not None or asked.name is not None):
        raise Misused(
            "An uploaded release already has its name and policy.",
            "--policy and --name go with --dir only. For an uploaded release, use --policy-override.",
        )
    if asked.folder is not None and asked.release is not None:
        raise Misused("A plan is for one release.", "Give --release or --dir.")
    if asked.folder is not None and asked.now:
        raise Misused(
            "An upload waits for its window.",
            "Remove --now. After the upload: switchover start --endpoint ENDPOINT"
            " --version VERSION --now --reason '…'",
        )
    parse_overrides(asked.overrides)


def read_candidate(
    deployment: Deployment, asked: Asked, on_count: OnCount = count_nothing
) -> Candidate:
    """The update as it would begin; a folder's weights are read for their checksums.

    Raises:
        Misused: no release is named, or a file can't be read.
    """
    overrides = parse_overrides(asked.overrides)
    if asked.folder is None:
        request = release_request(
            _find_release(deployment, asked),
            overrides,
            asked.reason,
            is_hotfix=asked.hotfix,
            skips_window=asked.now,
        )
        return read_stored(deployment, request, on_count)
    offer = _describe_offer(asked, asked.folder)
    request = release_request(
        release_uri(deployment.bucket, offer.endpoint, offer.version), overrides, ""
    )
    return read_folder(deployment, asked.folder, offer, request, asked.exclude, on_count)


def _find_release(deployment: Deployment, asked: Asked) -> str:
    if asked.release is not None:
        return asked.release
    if asked.endpoint is None or asked.version is None:
        raise Misused(
            "Plan what?",
            "Give --release, or --endpoint and --version. Add --dir if the model isn't uploaded.",
        )
    return release_uri(deployment.bucket, asked.endpoint, asked.version)


def _describe_offer(asked: Asked, folder: Path) -> Offer:
    if asked.endpoint is None or asked.version is None:
        raise Misused("A folder needs an endpoint and a version.", "Give --endpoint and --version.")
    return Offer(
        endpoint=asked.endpoint,
        version=asked.version,
        name=asked.name or folder.resolve().name,
        policy=_read_policy(asked.policy) if asked.policy else {},
        hotfix=asked.hotfix,
        reason=asked.reason,
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
