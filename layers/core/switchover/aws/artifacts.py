"""Checks that a model's artifacts still exist: its data in S3 and its image in ECR."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from switchover.domain.containers.choosing import containers_of, model_data_of
from switchover.domain.errors import NoAnswer
from switchover.domain.naming import account_of
from switchover.domain.readings import Artifact, Presence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_ecr.type_defs import ImageIdentifierTypeDef
    from mypy_boto3_s3 import S3Client

    from switchover.domain.fleet import LiveRelease

_GONE = frozenset(
    {
        "404",
        "NoSuchKey",
        "NoSuchBucket",
        "NotFound",
        "ImageNotFoundException",
        "RepositoryNotFoundException",
    }
)
# An instance can't download objects of these storage classes (S3 User Guide, "Archived objects").
_ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
# ECR fetches an image with one of these prefixes again when an instance pulls it, so such an image is
# never lost (ECR User Guide, "Sync an upstream registry": the prefixes that its console proposes).
_PULLED_THROUGH = (
    "azure/",
    "chainguard/",
    "docker-hub/",
    "ecr-public/",
    "github/",
    "gitlab/",
    "kubernetes/",
    "quay/",
)
_ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr[-a-z]*\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:[0-9a-f]+))?"
)


class Artifacts:
    """The data and images of models that were created earlier."""

    def __init__(self, s3: S3Client, ecr: ECRClient) -> None:
        self._s3 = s3
        self._ecr = ecr

    def read(self, live: LiveRelease, images: Iterable[str] = ()) -> tuple[Artifact, ...]:
        """Check that every artifact exists that a new instance of this model needs.

        `images` are the images that SageMaker reports as running, by digest. Without them the image
        names in the model are used. Nothing is changed or downloaded.
        """
        containers = containers_of(live.model)
        named = tuple(images) or tuple(str(each.get("Image", "")) for each in containers)
        data = [uri for each in containers if (uri := model_data_of(each))]
        account = account_of(str(live.config.get("EndpointConfigArn", "")))
        return (
            *(self._data(uri) for uri in dict.fromkeys(data)),
            *(self._image(image, account) for image in dict.fromkeys(filter(None, named))),
        )

    def _data(self, uri: str) -> Artifact:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            why = (
                self._missing_folder(bucket, key) if uri.endswith("/") else self._lost(bucket, key)
            )
        except (BotoCoreError, ClientError, NoAnswer) as error:
            return _failed(uri, error)
        return Artifact(uri, Presence.GONE if why else Presence.THERE, why)

    def _missing_folder(self, bucket: str, prefix: str) -> str:
        """Why an instance can't start from a folder; empty if no reason is known."""
        found = self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        files = [each for each in found if each.get("Size")]
        if not files:
            return "holds nothing"
        archived = next((each for each in files if each.get("StorageClass") in _ARCHIVED), None)
        return f"{archived.get('Key')} is archived" if archived else ""

    def _lost(self, bucket: str, key: str) -> str:
        """Why an instance can't start from one object. `name` may also be a folder without its slash."""
        try:
            found = self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"].get("Code") != "404" or self._missing_folder(
                bucket, f"{key}/"
            ):
                raise
            return ""
        return "is archived" if found.get("StorageClass") in _ARCHIVED else ""

    def _image(self, image: str, account: str) -> Artifact:
        found = _ECR_IMAGE.fullmatch(image)
        if found is None or not account or found["account"] != account:
            return Artifact(image, Presence.UNKNOWN, "it isn't in this account's ECR")
        if found["region"] != self._ecr.meta.region_name:
            return Artifact(image, Presence.UNKNOWN, "it is in ECR of another Region")
        wanted: ImageIdentifierTypeDef = (
            {"imageDigest": found["digest"]}
            if found["digest"]
            else {"imageTag": found["tag"] or "latest"}
        )
        try:
            self._ecr.describe_images(
                registryId=account, repositoryName=found["repository"], imageIds=[wanted]
            )
        except (BotoCoreError, ClientError, NoAnswer) as error:
            artifact = _failed(image, error)
            if artifact.presence is Presence.GONE and found["repository"].startswith(
                _PULLED_THROUGH
            ):
                why = "ECR holds no copy now, and may fetch one by a pull through cache rule"
                return Artifact(image, Presence.UNKNOWN, why)
            return artifact
        return Artifact(image, Presence.THERE)


def _failed(name: str, error: BotoCoreError | ClientError | NoAnswer) -> Artifact:
    code = error.response["Error"].get("Code") if isinstance(error, ClientError) else ""
    if code in _GONE:
        return Artifact(name, Presence.GONE, "does not exist")
    return Artifact(name, Presence.UNKNOWN, f"couldn't be checked: {error}")
