"""S3 behind a real boto3 client: the client checks and words each call, buckets in memory answer."""

from __future__ import annotations

from email.utils import format_datetime
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Any

from tests.support.buckets import listing, objects, settings
from tests.support.buckets.bucket import Bucket, Refused
from tests.support.definition import NotModelled
from tests.support.in_memory import answer_calls, say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tests.support.in_memory import Answer

_REQUESTS = {
    "PutObject": objects.put_object,
    "GetObject": objects.get_object,
    "HeadObject": objects.head_object,
    "DeleteObject": objects.delete_object,
    "CreateMultipartUpload": objects.create_multipart_upload,
    "UploadPart": objects.upload_part,
    "CompleteMultipartUpload": objects.complete_multipart_upload,
    "ListMultipartUploads": listing.list_multipart_uploads,
    "ListObjectsV2": listing.list_objects_v2,
    "ListObjectVersions": listing.list_object_versions,
}
# What requests may say, beside what lies there: anything else would be passed over in silence.
_MODELLED = frozenset(
    {
        *("Body", "Bucket", "ChecksumAlgorithm", "ChecksumMode", "ChecksumSHA256", "ContentType"),
        *("ContinuationToken", "CopySource", "CopySourceIfMatch", "Delimiter", "EncodingType"),
        *("IfMatch", "IfNoneMatch", "Key", "KeyMarker", "MaxKeys", "Metadata", "MetadataDirective"),
        *("MultipartUpload", "PartNumber", "Prefix", "Range", "TaggingDirective", "UploadId"),
        *("VersionId", "VersionIdMarker", "ExpectedBucketOwner"),
        *settings.MEMBERS,
    }
)


class S3:
    """Every bucket of the account."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.buckets: dict[str, Bucket] = {}
        self._now = now
        self._lock = Lock()

    def answer_for(self, client: Any) -> None:
        """Answer what this client asks, unless another handler of the same event does."""
        answer_calls(client, "s3", self._answer)

    def _answer(self, operation: str, asked: Mapping[str, Any]) -> Answer:
        if unknown := asked.keys() - _MODELLED:
            raise NotModelled(f"{operation} with {sorted(unknown)}")
        try:
            with self._lock:
                answer = self._do(operation, asked)
        except Refused as refused:
            return self._say(refused.status, {"Error": _word(operation, refused)})
        if "ContentRange" in answer:
            return self._say(HTTPStatus.PARTIAL_CONTENT, answer)
        is_deletion = operation == "DeleteObject"
        return self._say(HTTPStatus.NO_CONTENT if is_deletion else HTTPStatus.OK, answer)

    def _do(self, operation: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        name = asked["Bucket"]
        if operation == "CreateBucket":
            self.buckets[name] = Bucket(name, self._second)
            return {"Location": f"/{name}"}
        if name not in self.buckets:
            raise Refused("NoSuchBucket", BucketName=name)
        if operation == "CopyObject":
            return objects.copy_object(self.buckets[name], self.buckets, asked)
        if operation in settings.OPERATIONS:
            return settings.answer(self.buckets[name], operation, asked)
        if operation not in _REQUESTS:
            raise NotModelled(operation)
        return _REQUESTS[operation](self.buckets[name], asked)

    def _second(self) -> datetime:
        """S3 tells times by the second."""
        return self._now().replace(microsecond=0)

    def _say(self, status: int, answer: dict[str, Any]) -> Answer:
        return say(int(status), answer, {"date": format_datetime(self._second(), usegmt=True)})


def _word(operation: str, refused: Refused) -> Mapping[str, str]:
    """The error as a client reads it: the answer to a HEAD request has no body that could say more."""
    if operation in {"HeadObject", "HeadBucket"}:
        return {"Code": str(refused.status), "Message": HTTPStatus(refused.status).phrase}
    return refused.error
