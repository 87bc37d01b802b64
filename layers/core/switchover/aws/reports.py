"""Keeps the reports of ended updates in the model bucket, under `reports/`, which starts nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from switchover.domain.update.update import Update


def report_key(update: Update) -> str:
    """Where the report of an update lies in the model bucket."""
    return f"reports/{update.endpoint}/{update.update_id}.html"


class Reports:
    """One bucket's reports. Writing one again replaces it."""

    def __init__(self, s3: S3Client, bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def keep(self, key: str, page: str) -> str:
        """Keep a page. Returns its S3 URI."""
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key,
            Body=page.encode(),
            ContentType="text/html; charset=utf-8",
        )
        return f"s3://{self._bucket}/{key}"

    def sign_link(self, key: str, seconds: int) -> str:
        """An address under which any holder may read the page for so long, or less.

        S3 refuses the link as soon as the credentials that signed it end (S3 User Guide, "Sharing objects
        with presigned URLs").
        """
        # botocore signs links by version 2 in some regions, which S3 refuses for buckets since June 2020.
        events = self._s3.meta.events
        events.register_first("choose-signer.s3.GetObject", _sign_by_version_4)  # type: ignore[arg-type]
        return self._s3.generate_presigned_url(
            "get_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=seconds
        )


def _sign_by_version_4(**_: object) -> str:
    return "s3v4"
