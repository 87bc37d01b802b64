"""Compares the files under a release's prefix with the list in its release.json."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from switchover.domain.reasons import Reason
from switchover.domain.release import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from switchover.domain.release import Release


class StoredFile(Protocol):
    """A file as S3 lists it: `bytes` is its size, `sha256` is hexadecimal, None if S3 has none."""

    @property
    def path(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def sha256(self) -> str | None: ...


def compare_with_release(
    release: Release, stored: Iterable[StoredFile], place: str
) -> tuple[Reason, ...]:
    """List every difference between the files under the prefix and the list in `release.json`.

    `place` is the prefix in words, such as `s3://bucket/models/chat/7/`.
    """
    there = {file.path: file for file in stored}
    listed = {file.path for file in release.files}
    reasons: list[Reason] = []
    for file in release.files:
        found = there.get(file.path)
        if found is None:
            reasons.append(
                Reason(
                    code="model.file-missing",
                    subject=file.path,
                    message=f"release.json lists it, but it isn't in {place}.",
                    remedy="Upload the release again under a new version.",
                )
            )
        elif found.bytes != file.bytes:
            reasons.append(_differs("size", file.path, f"{file.bytes} bytes", f"{found.bytes}"))
        elif found.sha256 is not None and found.sha256 != file.sha256:
            reasons.append(_differs("checksum", file.path, file.sha256, found.sha256))
    return (*reasons, *find_unlisted(listed, there, place))


def _differs(what: str, path: str, listed: str, found: str) -> Reason:
    return Reason(
        code=f"model.{what}-differs",
        subject=path,
        message=f"release.json says {listed}, stored is {found}.",
        remedy="The file changed after the release was made: upload it under a new version.",
    )


def find_unlisted(listed: Iterable[str], stored: Iterable[str], place: str) -> tuple[Reason, ...]:
    """List stored paths that the release doesn't name: SageMaker downloads all files there.

    `release.json` itself may lie in the same folder: it can't list itself, and loaders ignore it.
    """
    unlisted = {*stored} - {*listed, FILE_NAME}
    return tuple(_refuse_unlisted(path, place) for path in sorted(unlisted))


def _refuse_unlisted(path: str, place: str) -> Reason:
    if not path or path.endswith("/"):
        # The S3 console's "Create folder" creates such a key, and it breaks the deployment (rules
        # §1.6).
        return Reason(
            code="model.empty-folder-key",
            subject=f"{place}{path}",
            message="is a folder key without content, on which SageMaker's download fails.",
            remedy="Delete this key; S3 needs no folders.",
        )
    return Reason(
        code="model.unexpected-file",
        subject=path,
        message=f"is in {place}, but release.json doesn't list it; SageMaker would download it too.",
        remedy="Delete it, or upload the release again under a new version.",
    )
