"""The keys at which a release may lie; a key fixes the release's endpoint and version.

IAM grants permissions by prefix. So a team that may write under `releases/chat/` and `models/chat/`
can update only the endpoint `chat`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from switchover.domain.reasons import Reason
from switchover.domain.release import FILE_NAME, MODELS_PREFIX, is_endpoint_name, parse_release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.release import Release

_FOLDER = "releases"
# Folders of the model bucket with one subfolder for each team.
_KEPT_FOLDERS = frozenset({"", MODELS_PREFIX.rstrip("/"), _FOLDER, "policies", "golden"})
_LAYOUT = f"{_FOLDER}/<endpoint>/<version>/{FILE_NAME}"
# The same as a release's VersionName.
_VERSION = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._+-]{0,62}")


@dataclass(frozen=True, slots=True)
class ReleasePlace:
    """The folder of one endpoint's version in the model bucket."""

    endpoint: str
    version: str

    @property
    def key(self) -> str:
        """The key of its `release.json`."""
        return f"{_FOLDER}/{self.endpoint}/{self.version}/{FILE_NAME}"

    @property
    def prefix(self) -> str:
        """The prefix of its model files."""
        return f"{MODELS_PREFIX}{self.endpoint}/{self.version}/"


def find_place(bucket: str, key: str, model_bucket: str) -> ReleasePlace | Reason:
    """The place of a key in the model bucket, or the reason why no release may lie there."""
    uri = f"s3://{bucket}/{key}"
    if bucket != model_bucket:
        return Reason(
            code="release.other-bucket",
            subject=uri,
            message=f"is not in the model bucket {model_bucket!r}. Only this bucket may hold releases.",
            remedy=(
                f"Upload it to s3://{model_bucket}/{_LAYOUT}; its files may be copied from"
                " elsewhere (`source`)."
            ),
        )
    endpoint = endpoint_of_key(key)
    version = key.split("/")[2] if endpoint else ""
    if endpoint is None or key.count("/") != 3 or not _VERSION.fullmatch(version):
        return Reason(
            code="release.misplaced",
            subject=uri,
            message=f"is not {_LAYOUT}.",
            remedy="Upload it with `switchover upload`, or move it to that key.",
        )
    return ReleasePlace(endpoint, version)


def endpoint_of_key(key: str) -> str | None:
    """The endpoint whose release folder contains the key; None if no endpoint's folder does."""
    parts = key.split("/")
    is_offered = len(parts) >= 4 and parts[0] == _FOLDER and parts[-1] == FILE_NAME
    return parts[1] if is_offered and is_endpoint_name(parts[1]) else None


def folder_of_releases(endpoint: str | None = None) -> str:
    """The folder of one endpoint's releases, or of all releases."""
    return f"{_FOLDER}/{endpoint}/" if endpoint else f"{_FOLDER}/"


def version_of_key(key: str) -> str:
    """The version in the key of a `release.json` that lies in an endpoint's release folder."""
    return key.split("/")[2]


def parse_placed(raw: bytes, place: ReleasePlace, bucket: str) -> Release | tuple[Reason, ...]:
    """Read the `release.json` of this place, or return every fault in it."""
    uri = f"s3://{bucket}/{place.key}"
    release = parse_release(raw, uri)
    return release if isinstance(release, tuple) else check_place(release, place, bucket) or release


def check_place(release: Release, place: ReleasePlace, bucket: str) -> tuple[Reason, ...]:
    """List every field of a release that contradicts the release's place in the model bucket."""
    return tuple(_misplacements(release, place, bucket))


def _misplacements(release: Release, place: ReleasePlace, bucket: str) -> Iterator[Reason]:
    uri = f"s3://{bucket}/{place.key}"
    for field, said, expected in (
        ("endpoint", release.endpoint, place.endpoint),
        ("model.version", release.model.version, place.version),
    ):
        if said != expected:
            yield Reason(
                code="release.misplaced",
                subject=f"{uri}: {field}",
                message=f"{said!r} differs from {expected!r}, which the key names.",
                remedy=f"Correct the field, or upload the release to the key {_LAYOUT} that it names.",
            )
    if not _is_below(release.prefix, place.prefix):
        yield Reason(
            code="release.prefix-elsewhere",
            subject=f"{uri}: prefix",
            message=f"{release.prefix!r} is not under {place.prefix!r}.",
            remedy=f"Move the files under {place.prefix}, and correct the prefix.",
        )
    from_bucket, folder = release.source_bucket_and_prefix
    own = f"{MODELS_PREFIX}{place.endpoint}/"
    # The copying function can read every team's models; the uploader may read only one endpoint's
    # models.
    is_kept = folder.split("/")[0] in _KEPT_FOLDERS and not _is_below(folder, own)
    if from_bucket == bucket and is_kept:
        yield Reason(
            code="release.source-elsewhere",
            subject=f"{uri}: source",
            message=f"{release.source!r} may hold files of others: it is not under {own!r}.",
            remedy="Ask a person with access to copy the files, or name a folder under it.",
        )


def _is_below(folder: str, parent: str) -> bool:
    inside = folder.removeprefix(parent)
    is_inside = folder.startswith(parent) and inside.isprintable()
    return is_inside and not {".", ".."} & set(inside.split("/"))
