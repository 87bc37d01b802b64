"""The file versions that an update read, and how the present files differ from them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from switchover.domain.plans.plan import Plan

_TOLD_FILES = 10
_row = attrgetter("path", "bytes", "etag", "version_id", "checksum")
# S3's version id for objects in a bucket without versions.
UNVERSIONED = "null"


class ObjectVersion(BaseModel):
    """One version of an object. Without an ETag the object didn't exist.

    `version_id` is empty if the bucket keeps no versions: then only the ETag distinguishes versions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    etag: str = ""
    version_id: str = ""

    @property
    def condition(self) -> str:
        """The ETag in the form of HTTP's If-Match."""
        return f'"{self.etag}"'

    @property
    def told(self) -> str:
        """The version as one word, for people and for the plan."""
        return self.version_id or self.etag or "none"


@dataclass(frozen=True, slots=True, order=True)
class ModelFile:
    """One file in one version.

    `checksum` is the SHA-256 that S3 itself computed, as S3 writes it; empty if there is none.
    """

    path: str
    bytes: int
    etag: str
    version_id: str = ""
    checksum: str = ""

    @property
    def version(self) -> ObjectVersion:
        """The version with which S3 returns exactly this content."""
        return ObjectVersion(etag=self.etag, version_id=self.version_id)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The versions of files at the time of their check."""

    files: tuple[ModelFile, ...]

    @property
    def text(self) -> str:
        """Every file's path, size, version and checksum as JSON, independent of the files' order."""
        return json.dumps([_row(file) for file in sorted(self.files, key=_row)])

    @property
    def digest(self) -> str:
        """The SHA-256 over `text`."""
        return hashlib.sha256(self.text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Changes:
    """The differences between the present files and the checked ones.

    `rewritten` are files of the same name and size in another version: their content may be the same.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    rewritten: tuple[ModelFile, ...]


def compare(checked: Manifest, found: Iterable[ModelFile]) -> Changes:
    """Compare the present files with the checked ones, by version and ETag."""
    before = {file.path: file for file in checked.files}
    now = {file.path: file for file in found}
    both = sorted(before.keys() & now.keys())
    differing = [path for path in both if now[path].version != before[path].version]
    rewritten = [path for path in differing if now[path].bytes == before[path].bytes]
    return Changes(
        added=tuple(sorted(now.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - now.keys())),
        changed=tuple(path for path in differing if path not in rewritten),
        rewritten=tuple(now[path] for path in rewritten),
    )


def judge_changes(changes: Changes, checked: Manifest, place: str) -> Iterator[Reason]:
    """Refuse if files differ from the checked ones.

    `changes.rewritten` have S3's own checksum of their current content. If the checksum proves that
    the bytes are the same, a second upload is no change. An equal ETag proves nothing: it is an MD5,
    and two contents with the same MD5 can be constructed.
    """
    before = {file.path: file.checksum for file in checked.files}
    differing = [
        f.path for f in changes.rewritten if not f.checksum or f.checksum != before[f.path]
    ]
    kinds = {
        "added": changes.added,
        "removed": changes.removed,
        "changed": tuple(sorted((*changes.changed, *differing))),
    }
    count = sum(map(len, kinds.values()))
    if count:
        told = "; ".join(f"{kind}: {_tell(paths)}" for kind, paths in kinds.items() if paths)
        yield Reason(
            code="model.changed-since-checked",
            subject=place,
            message=f"differs from the files that were checked ({told}).",
            remedy=(
                "Offer the new content as another version; or restore the checked files and start"
                " the release again."
            ),
        )


def warn_unversioned(checked: Manifest, bucket: str) -> Iterator[Reason]:
    """Warn of a bucket that keeps no versions: only ETags tell later what was checked."""
    if any(not file.version_id for file in checked.files):
        yield Reason(
            code="model.unversioned",
            subject=f"s3://{bucket}",
            message="keeps no versions, so only ETags tell whether files are still the checked ones.",
            remedy="Turn on the bucket's versioning; `switchover doctor` has the command.",
        )


def find_plan_change(plan: Plan, digest: str) -> Iterator[Reason]:
    """Refuse a plan that differs from the one that was made and shown to people.

    `digest` comes from the execution, which can't be changed by people; executions of older
    definitions have none.
    """
    if digest and plan.digest != digest:
        yield Reason(
            code="plan.changed",
            subject=f"plan of {plan.endpoint}",
            message=(
                f"has the digest {plan.digest[:12]}, not {digest[:12]}: it was rewritten in the"
                " ledger after it was made."
            ),
            remedy="Check who may write to the ledger's table, then start the release again.",
        )


def record_lost(place: str) -> Reason:
    """The record of the checked files can't be read, so nothing can be compared."""
    return Reason(
        code="model.record-lost",
        subject=place,
        message="can't be compared with what was checked: its record in the ledger is gone or differs.",
        remedy="Start the release again: its files are checked and recorded again.",
    )


def _tell(paths: tuple[str, ...]) -> str:
    shown = ", ".join(paths[:_TOLD_FILES])
    return f"{shown} and {len(paths) - _TOLD_FILES} more" if len(paths) > _TOLD_FILES else shown
