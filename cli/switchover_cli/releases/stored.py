"""A release.json in S3, read as the state machine would read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchover.domain.places import find_place, parse_placed
from switchover.domain.reasons import Reason
from switchover.domain.release import FILE_NAME
from switchover_cli.errors import Misused

if TYPE_CHECKING:
    from switchover.aws.release_files import ReleaseFiles
    from switchover.domain.places import ReleasePlace
    from switchover.domain.release import Release


def read_stored_release(
    models: ReleaseFiles, uri: str, model_bucket: str
) -> Release | tuple[Reason, ...]:
    """The release at an S3 URI, or why it can't be read or isn't allowed there."""
    bucket, key = split_uri(uri)
    place = find_place(bucket, key, model_bucket)
    if isinstance(place, Reason):
        return (place,)
    raw = models.read_release(bucket, key)
    return raw if isinstance(raw, tuple) else parse_placed(raw, place, bucket)


def locate_release(uri: str) -> ReleasePlace:
    """The endpoint and version in a release's S3 URI.

    Raises:
    Misused: no release may be at this URI.
    """
    bucket, key = split_uri(uri)
    place = find_place(bucket, key, bucket)
    if isinstance(place, Reason):
        raise Misused(
            f"{uri} {place.message}",
            f"Give s3://bucket/releases/ENDPOINT/VERSION/{FILE_NAME}, or --endpoint and --version.",
        )
    return place


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of an S3 URI.

    Raises:
        Misused: the text isn't an S3 URI.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not key:
        raise Misused(f"{uri} is not in S3.", f"Give s3://bucket/…/{FILE_NAME}.")
    return bucket, key
