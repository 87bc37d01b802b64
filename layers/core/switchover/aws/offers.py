"""Offers: the releases in the model bucket, with or without an update."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from switchover.domain.places import endpoint_of_key, folder_of_releases, version_of_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True)
class Offer:
    """One release.json. `age_seconds` is by S3's own clock."""

    version: str
    key: str
    at: datetime
    age_seconds: float


class Offers:
    """The files under `releases/`; their content isn't read."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def endpoints(self) -> tuple[str, ...]:
        """The names of all endpoints that ever had a release."""
        folder = folder_of_releases()
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=folder, Delimiter="/"
        )
        return tuple(
            found["Prefix"].removeprefix(folder).rstrip("/")
            for page in pages
            for found in page.get("CommonPrefixes", [])
        )

    def offers(self, endpoint: str) -> tuple[Offer, ...]:
        """An endpoint's releases, newest first."""
        return tuple(sorted(self._offers(endpoint), key=lambda offer: offer.at, reverse=True))

    def object_version(self, offer: Offer) -> str | None:
        """The current version of a release.json."""
        return self._s3.head_object(Bucket=self._bucket, Key=offer.key).get("VersionId")

    def _offers(self, endpoint: str) -> Iterator[Offer]:
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=folder_of_releases(endpoint)
        )
        for page in pages:
            told = page["ResponseMetadata"].get("HTTPHeaders", {}).get("date")
            for found in page.get("Contents", []):
                if endpoint_of_key(found["Key"]) != endpoint:
                    continue
                at = found["LastModified"]
                now = parsedate_to_datetime(told) if told else at
                age = (now - at).total_seconds()
                yield Offer(version_of_key(found["Key"]), found["Key"], at, age)
