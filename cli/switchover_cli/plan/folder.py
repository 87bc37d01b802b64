"""A folder as the release that its upload would make; nothing is sent."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from switchover.checkpoint.findings import Inspection
from switchover.domain.comparing import find_unlisted
from switchover.domain.counts import Count, count_nothing
from switchover.domain.reasons import Reason
from switchover.domain.release import Release, parse_release
from switchover_cli.models.checking import inspect_folder
from switchover_cli.plan.candidate import judge, open_candidate, read_allowances
from switchover_cli.upload.folder import list_folder
from switchover_cli.upload.memory import digest_folder, open_memory
from switchover_cli.upload.offer import (
    compose_release,
    draft_release,
    offers_same_model,
    version_taken,
    write_release,
)
from switchover_cli.upload.parts import resolve_part_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from switchover.domain.counts import OnCount
    from switchover.domain.update.request import Request
    from switchover_cli.deployment import Deployment
    from switchover_cli.plan.candidate import Candidate
    from switchover_cli.upload.folder import Folder
    from switchover_cli.upload.offer import Offer
    from switchover_cli.upload.progress import Progress


def read_folder(
    deployment: Deployment,
    folder: Path,
    offer: Offer,
    request: Request,
    exclude: Sequence[str] = (),
    on_count: OnCount = count_nothing,
) -> Candidate:
    """Read and validate a folder as if it were uploaded, without the files that `exclude` matches.

    Weights are read once, for the checksums in `release.json`: the update is named after its bytes.
    """
    # An upload's arrival, unlike a start by name, skips a version that is marked bad.
    arrives_at = deployment.sagemaker.read(offer.endpoint).read_at
    request = request.model_copy(update={"offered_at": arrives_at})
    listed = list_folder(folder, exclude)
    if isinstance(listed, Reason):
        return open_candidate(deployment, request, (listed,))
    draft = draft_release(offer, listed.files)
    if not isinstance(draft, Release):
        return open_candidate(deployment, request, draft)
    opened = open_candidate(deployment, request, write_release(draft))
    allowed = read_allowances(deployment, opened.update)
    found = inspect_folder(listed, allowed, on_count)
    if found.reasons:
        return judge(
            opened, found
        )  # the release is refused in any case, so the weights need not be read
    raw = _fix_release(deployment, listed, offer, on_count)
    if isinstance(raw, tuple):
        return judge(opened, Inspection(raw, found.unchecked))
    return judge(open_candidate(deployment, request, raw), found)


def _fix_release(
    deployment: Deployment, folder: Folder, offer: Offer, on_count: OnCount
) -> bytes | tuple[Reason, ...]:
    """The bytes that an upload would write to the bucket, or its reasons to refuse."""
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
    part_bytes = resolve_part_bytes(max(file.bytes for file in folder.files))
    memory = open_memory(None, folder, part_bytes, "")
    digests, faults = digest_folder(folder, part_bytes, memory, count_bytes(folder, on_count))
    if faults:
        return faults
    release = compose_release(offer, digests)
    if not isinstance(release, Release):
        return release
    uri = f"s3://{deployment.bucket}/{offer.key}"
    existing = deployment.models.read_release(deployment.bucket, offer.key)
    if not isinstance(existing, bytes):
        refusals = tuple(reason for reason in existing if reason.code != "model.file-missing")
        return refusals or write_release(release)
    found = parse_release(existing, uri)
    if found == release:
        return existing
    return write_release(release) if offers_same_model(found, release) else (version_taken(uri),)


def count_bytes(folder: Folder, on_count: OnCount) -> Callable[[Progress], None]:
    """Adds up the bytes that threads read of a folder's files."""
    total, done, lock = sum(file.bytes for file in folder.files), 0, Lock()

    def add(read: Progress) -> None:
        nonlocal done
        with lock:
            done += read.advanced_bytes
            # A file that grows while it is read has more bytes than were listed.
            on_count(Count("Reading weights for checksums", min(done, total), total, is_bytes=True))

    return add
