"""Runs ValidateModel's checks on a model before it is uploaded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BaseModel

from switchover.checkpoint.counting import CountingReader
from switchover.checkpoint.findings import Inspection
from switchover.checkpoint.inspecting import inspect_model
from switchover.checkpoint.reading import read_evidence
from switchover.domain.counts import count_nothing
from switchover.domain.reasons import Reason
from switchover.domain.release import FILE_NAME
from switchover_cli.connect import open_session
from switchover_cli.errors import Misused
from switchover_cli.releases.stored import read_stored_release
from switchover_cli.upload.folder import list_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from switchover.aws.release_files import ReleaseFiles
    from switchover.checkpoint.contents import Allowances, Allowed
    from switchover.domain.counts import OnCount
    from switchover_cli.upload.folder import Folder


class CheckRecord(BaseModel):
    """What a check found, for machines."""

    model: str
    is_sound: bool
    reasons: tuple[Reason, ...]
    checked: tuple[str, ...]
    unchecked: tuple[str, ...]
    warnings: tuple[Reason, ...] = ()


def check_model(
    model: str,
    allowed: Allowed,
    exclude: Sequence[str],
    *,
    local: bool,
    on_count: OnCount = count_nothing,
) -> Inspection:
    """Everything that keeps a model from loading; the model is a folder, an archive or an S3 URI.

    Raises:
        Misused: the URI names no bucket, or no release.
    """
    if not model.startswith("s3://"):
        return _check_folder(Path(model), allowed, exclude, on_count)
    from switchover.aws.release_files import ReleaseFiles

    models = ReleaseFiles(open_session(local=local).client("s3"))
    return _check_stored(models, model, allowed, on_count)


def inspect_folder(folder: Folder, allowed: Allowances, on_count: OnCount) -> Inspection:
    """What keeps the files of a folder from loading."""
    counting = CountingReader(folder, folder.files, on_count)
    evidence = read_evidence(folder.files, counting)
    counting.finish()
    return inspect_model(evidence, allowed)


def record_check(model: str, found: Inspection) -> CheckRecord:
    """The printed form for machines."""
    return CheckRecord(
        model=model,
        is_sound=not found.reasons,
        reasons=found.reasons,
        checked=found.checked,
        unchecked=found.unchecked,
        warnings=found.warnings,
    )


def _check_folder(
    path: Path, allowed: Allowed, exclude: Sequence[str], on_count: OnCount
) -> Inspection:
    listed = list_folder(path, exclude)
    if isinstance(listed, Reason):
        return Inspection((listed,))
    found = inspect_folder(listed, allowed, on_count)
    left_out = tuple(
        f"{left.path}: not part of the model ({left.why})." for left in listed.left_out
    )
    return replace(found, unchecked=(*found.unchecked, *left_out))


def _check_stored(
    models: ReleaseFiles, uri: str, allowed: Allowed, on_count: OnCount
) -> Inspection:
    parts = urlsplit(uri, allow_fragments=False)
    bucket, key = parts.netloc, f"{parts.path}{f'?{parts.query}' if parts.query else ''}"[1:]
    if not bucket:
        raise Misused(f"{uri} names no bucket.", "Write it like s3://bucket/models/chat/7/")
    if not key.endswith(f"/{FILE_NAME}"):
        is_archive = key.endswith((".tar.gz", ".tgz"))
        prefix = key if not key or key.endswith("/") or is_archive else f"{key}/"
        return models.inspect_prefix(bucket, prefix, allowed, on_count=on_count)
    release = read_stored_release(models, uri, bucket)
    if isinstance(release, tuple):
        return Inspection(release)
    return models.inspect(release, bucket, allowed, on_count=on_count)
