"""A folder as the release that its upload would make, though nothing is sent."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from switchover.domain.checkpoint import find_unlisted, inspect_model
from switchover.domain.checkpoint_config import Inspection
from switchover.domain.checkpoint_reading import read_evidence
from switchover.domain.reasons import Reason
from switchover.domain.release import Release, parse_release
from switchover_cli.plan_candidate import judge, open_candidate, read_allowances
from switchover_cli.upload import _NO_DIGEST, _compose
from switchover_cli.upload_folder import Digest, explain_unreadable, list_folder

if TYPE_CHECKING:
    from pathlib import Path

    from switchover.domain.checkpoint_reading import StoredFile
    from switchover.domain.update import Request
    from switchover_cli.deployment import Deployment
    from switchover_cli.plan_candidate import Candidate
    from switchover_cli.upload import Offer
    from switchover_cli.upload_folder import Folder

_PARALLEL_DIGESTS = 4  # hashlib lets other threads run; more would only make the disk seek


def read_folder(deployment: Deployment, folder: Path, offer: Offer, request: Request) -> Candidate:
    """Take in a folder as if it were uploaded already.

    Weights are read once, for the checksums in `release.json`: the update is named after its bytes.
    """
    listed = list_folder(folder)
    if isinstance(listed, Reason):
        return open_candidate(deployment, request, (listed,))
    draft = _compose(offer, (Digest(file.path, file.bytes, _NO_DIGEST) for file in listed.files))
    if not isinstance(draft, Release):
        return open_candidate(deployment, request, draft)
    opened = open_candidate(deployment, request, write_release(draft))
    allowed = read_allowances(deployment, opened.update)
    found = inspect_model(
        read_evidence(listed.files, listed),
        allow_pickle=allowed.allow_pickle,
        allow_remote_code=allowed.allow_remote_code,
    )
    if found.reasons:
        return judge(opened, found)  # it is refused in any case: no need to read the weights
    raw = _fix_release(deployment, listed, offer)
    if isinstance(raw, tuple):
        return judge(opened, Inspection(raw, found.unchecked))
    return judge(open_candidate(deployment, request, raw), found)


def write_release(release: Release) -> bytes:
    """`release.json` as `switchover upload` sends it."""
    return release.model_dump_json(by_alias=True, exclude_unset=True, indent=2).encode()


def _fix_release(
    deployment: Deployment, folder: Folder, offer: Offer
) -> bytes | tuple[Reason, ...]:
    """The bytes that an upload would leave in the bucket, or why it would refuse."""
    stored = deployment.models.list_files(deployment.bucket, offer.prefix)
    if isinstance(stored, Reason):
        return (stored,)
    unlisted = find_unlisted(
        (file.path for file in folder.files),
        (file.path for file in stored),
        f"s3://{deployment.bucket}/{offer.prefix}",
    )
    if unlisted:
        return unlisted
    with ThreadPoolExecutor(_PARALLEL_DIGESTS) as pool:
        answers = tuple(pool.map(lambda file: _digest(folder, file), folder.files))
    faults = tuple(answer for answer in answers if isinstance(answer, Reason))
    if faults:
        return faults
    release = _compose(offer, (answer for answer in answers if isinstance(answer, Digest)))
    if not isinstance(release, Release):
        return release
    uri = f"s3://{deployment.bucket}/{offer.key}"
    existing = deployment.models.read_release(deployment.bucket, offer.key)
    if not isinstance(existing, bytes):
        refusals = tuple(reason for reason in existing if reason.code != "model.file-missing")
        return refusals or write_release(release)
    if parse_release(existing, uri) == release:
        return existing
    return (
        Reason(
            code="release.version-taken",
            subject=uri,
            message="is there already, with other content; a version never changes.",
            remedy="Plan and upload it under a new version.",
        ),
    )


def _digest(folder: Folder, file: StoredFile) -> Digest | Reason:
    try:
        with (folder.root / file.path).open("rb") as content:
            sha256 = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        return explain_unreadable(file.path, error)
    return Digest(file.path, file.bytes, sha256)
