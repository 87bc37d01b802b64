"""What is offered: `release.json` as an upload writes it, and as a plan foresees it."""

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

# Stands for a digest that is not known yet, while the rest of the release is checked.
_NO_DIGEST = "0" * 64


@dataclass(frozen=True, slots=True)
class Offer:
    """What a release says beside its files, as in release.json."""

    endpoint: str
    version: str
    name: str
    start: str = "now"
    policy: Mapping[str, object] = field(default_factory=dict)
    hotfix: bool = False
    reason: str = ""

    @property
    def key(self) -> str:
        """Where the release itself goes."""
        return ReleasePlace(self.endpoint, self.version).key

    @property
    def prefix(self) -> str:
        """Where its files go."""
        return ReleasePlace(self.endpoint, self.version).prefix


def draft_release(offer: Offer, files: Iterable[StoredFile]) -> Release | tuple[Reason, ...]:
    """The release as far as it is known before its files are read, or what is wrong with it.

    What its arrival would be refused for, its length included, is told here.
    """
    digests = (Digest(file.path, file.bytes, _NO_DIGEST) for file in files)
    release = compose_release(offer, digests)
    if not isinstance(release, Release):
        return release
    raw = write_release(release)
    return parse_release(raw, FILE_NAME) if len(raw) <= LIMITS.bytes else (_too_long(len(raw)),)


def compose_release(offer: Offer, digests: Iterable[Digest]) -> Release | tuple[Reason, ...]:
    """The release of these files, or everything that is wrong with it."""
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
    """Whether two releases are of the same files: all else that they say may be said anew."""
    if not isinstance(existing, Release):
        return False
    same = ("endpoint", "prefix", "source")
    return (
        {file.path: file for file in existing.files} == {file.path: file for file in release.files}
        and existing.model.version == release.model.version
        and all(getattr(existing, name) == getattr(release, name) for name in same)
    )


def write_release(release: Release) -> bytes:
    """`release.json`, byte for byte: the update is named after them."""
    return release.model_dump_json(by_alias=True, exclude_unset=True, indent=2).encode()


def _too_long(length: int) -> Reason:
    return Reason(
        code="release.too-large",
        subject=FILE_NAME,
        message=f"would have {length:,} bytes, more than the {LIMITS.bytes:,} that are read.",
        remedy="Offer fewer files, or give them shorter paths: each stands in release.json.",
    )


def version_taken(uri: str) -> Reason:
    """The place of a release holds another one."""
    return Reason(
        code="release.version-taken",
        subject=uri,
        message="is there already, with other content; a version never changes.",
        remedy="Upload under a new version.",
    )


def offered_meanwhile(uri: str) -> Reason:
    """Somebody else said something new of the same version."""
    return Reason(
        code="release.offered-meanwhile",
        subject=uri,
        message="was written by somebody else since this upload looked at it.",
        remedy="See what came of that (switchover history), then upload again if still wanted.",
    )


def offered_before(uri: str, update_id: str, told: str) -> Reason:
    """The very same release.json had its update already: its arrival starts nothing."""
    return Reason(
        code="release.offered-before",
        subject=uri,
        message=f"was offered in just these words before: update {update_id} {told}.",
        remedy="Say something new with it (--reason, --start, --policy): the same words start nothing.",
    )
