"""Makes `release.json`, for an upload to write and for a plan to predict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import ValidationError

from switchover.domain.places import ReleasePlace
from switchover.domain.reasons import Reason, reasons_from
from switchover.domain.release import FILE_NAME, LIMITS, Release, parse_release
from switchover_cli.upload.folder import Digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from switchover.checkpoint.reading import StoredFile

# A stand-in for digests that are unknown yet, while the rest of the release is checked.
_NO_DIGEST = "0" * 64


@dataclass(frozen=True, slots=True)
class Offer:
    """The fields of release.json other than the files."""

    endpoint: str
    version: str
    name: str
    start: str = "now"
    policy: Mapping[str, object] = field(default_factory=dict)
    hotfix: bool = False
    reason: str = ""

    @property
    def key(self) -> str:
        """The key of release.json."""
        return ReleasePlace(self.endpoint, self.version).key

    @property
    def prefix(self) -> str:
        """The prefix of the files."""
        return ReleasePlace(self.endpoint, self.version).prefix


def draft_release(offer: Offer, files: Iterable[StoredFile]) -> Release | tuple[Reason, ...]:
    """The release without its digests, before the files are read; or its faults.

    Every fault for which the arrival would be refused is reported, also the length of release.json.
    """
    digests = (Digest(file.path, file.bytes, _NO_DIGEST) for file in files)
    release = compose_release(offer, digests)
    if not isinstance(release, Release):
        return release
    raw = write_release(release)
    return parse_release(raw, FILE_NAME) if len(raw) <= LIMITS.bytes else (_too_long(len(raw)),)


def compose_release(offer: Offer, digests: Iterable[Digest]) -> Release | tuple[Reason, ...]:
    """The release of these files, or all of its faults."""
    try:
        return Release.model_validate(
            {
                "schema": 1,
                "endpoint": offer.endpoint,
                "model": {"name": offer.name, "version": offer.version},
                "prefix": offer.prefix,
                "files": tuple(
                    {"path": each.path, "bytes": each.bytes, "sha256": each.sha256}
                    for each in digests
                ),
                "start": offer.start,
                "policy": dict(offer.policy),
                **({"reason": offer.reason} if offer.reason else {}),
                **({"hotfix": True} if offer.hotfix else {}),
            }
        )
    except ValidationError as error:
        return reasons_from(
            error, code="release.invalid", subjects={}, source=FILE_NAME, model=Release
        )


def offers_same_model(existing: object, release: Release) -> bool:
    """Whether two releases have the same files; their other fields may differ."""
    if not isinstance(existing, Release):
        return False
    same = ("endpoint", "prefix", "source")
    return (
        {file.path: file for file in existing.files} == {file.path: file for file in release.files}
        and existing.model.version == release.model.version
        and all(getattr(existing, name) == getattr(release, name) for name in same)
    )


def write_release(release: Release) -> bytes:
    """The bytes of `release.json`; the update is named after them."""
    return release.model_dump_json(by_alias=True, exclude_unset=True, indent=2).encode()


def _too_long(length: int) -> Reason:
    return Reason(
        code="release.too-large",
        subject=FILE_NAME,
        message=f"would have {length:,} bytes, more than the {LIMITS.bytes:,} that are read.",
        remedy="Offer fewer files, or shorten their paths: release.json lists every path.",
    )


def version_taken(uri: str) -> Reason:
    """The reason for a version whose release.json exists with other files."""
    return Reason(
        code="release.version-taken",
        subject=uri,
        message="exists already with other content; a version never changes.",
        remedy="Upload under a new version.",
    )


def offered_meanwhile(uri: str) -> Reason:
    """The reason for a release.json that was changed during this upload."""
    return Reason(
        code="release.offered-meanwhile",
        subject=uri,
        message="was changed after this upload read it.",
        remedy="See its outcome (switchover history), then upload again if you still want to.",
    )


def offered_before(uri: str, update_id: str, told: str) -> Reason:
    """The reason for a release.json that had its update already: its arrival starts nothing."""
    return Reason(
        code="release.offered-before",
        subject=uri,
        message=f"was uploaded before with the same content: update {update_id} {told}.",
        remedy="Change --reason, --start or --policy: the same content starts nothing.",
    )
