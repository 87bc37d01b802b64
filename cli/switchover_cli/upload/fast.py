"""Sends small files by awscrt if it is installed, with a sixth of botocore's processor time.

Every answer but success is left to botocore, which sends the file again: botocore handles redirects,
proxies and refusals.
"""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from botocore.utils import get_environ_proxies

from switchover.aws.objects import SHA256_METADATA

if TYPE_CHECKING:
    from collections.abc import Mapping

    import boto3
    from mypy_boto3_s3 import S3Client

    from switchover_cli.upload.folder import Digest

# If set to "botocore", awscrt isn't used.
ENGINE_VARIABLE = "SWITCHOVER_UPLOAD_ENGINE"
_TAKEN = 412
_SECONDS = 120


@dataclass(slots=True)
class FastLane:
    """awscrt's S3 client and the URL prefix of a bucket's keys; threads may share it."""

    client: Any
    host: str
    root: str
    _is_closed: bool = field(default=False, init=False)

    def put(self, key: str, digest: Digest, content: bytes) -> str | None:
        """Put an object, unless the key exists; returns its ETag, or None if botocore must send it.

        After any failure but "the key exists", botocore sends all further files.
        """
        if self._is_closed:
            return None
        from awscrt import http, s3
        from awscrt.exceptions import AwsCrtError

        headers = http.HttpHeaders(
            [
                ("Host", self.host),
                ("Content-Length", str(len(content))),
                ("If-None-Match", "*"),
                (f"x-amz-meta-{SHA256_METADATA}", digest.sha256),
                ("x-amz-sdk-checksum-algorithm", "SHA256"),
                ("x-amz-checksum-sha256", digest.s3_checksum),
            ]
        )
        path = f"{self.root}{quote(key, safe='/~')}"
        answered = _Answer()
        sending: Future[None] = self.client.make_request(
            type=s3.S3RequestType.DEFAULT,
            operation_name="PutObject",
            request=http.HttpRequest("PUT", path, headers, BytesIO(content)),
            on_headers=answered.note,
        ).finished_future
        try:
            sending.result(_SECONDS)
        except (AwsCrtError, FutureTimeout):
            self._is_closed = answered.status != _TAKEN
            return None
        return answered.etag or None


@dataclass(slots=True)
class _Answer:
    status: int = 0
    etag: str = ""

    def note(self, status_code: int, headers: list[tuple[str, str]], **_: object) -> None:
        """Keep an answer's status and ETag."""
        self.status = status_code
        self.etag = next((value for name, value in headers if name.lower() == "etag"), "")


def open_fast_lane(
    session: boto3.Session, s3: S3Client, bucket: str, environment: Mapping[str, str]
) -> FastLane | None:
    """The sender with awscrt; None without awscrt, behind a proxy, or if botocore is configured."""
    if environment.get(ENGINE_VARIABLE) == "botocore":
        return None
    try:
        from awscrt import auth, io
        from awscrt import s3 as crt
    except ImportError:
        return None
    credentials = session.get_credentials()
    # botocore decides whether the bucket is in the host name or in the path.
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "k"})
    if credentials is None or get_environ_proxies(url):
        return None

    def get_credentials() -> auth.AwsCredentials:
        frozen = credentials.get_frozen_credentials()
        return auth.AwsCredentials(frozen.access_key, frozen.secret_key, frozen.token)

    region, address = s3.meta.region_name, urlsplit(url)
    provider = auth.AwsCredentialsProvider.new_delegate(get_credentials)
    is_encrypted = address.scheme == "https"
    threads = io.EventLoopGroup(2)
    client = crt.S3Client(
        bootstrap=io.ClientBootstrap(threads, io.DefaultHostResolver(threads)),
        region=region,
        signing_config=crt.create_default_s3_signing_config(
            region=region, credential_provider=provider
        ),
        tls_mode=crt.S3RequestTlsMode.ENABLED if is_encrypted else crt.S3RequestTlsMode.DISABLED,
        tls_connection_options=_trust(environment) if is_encrypted else None,
    )
    return FastLane(client, address.netloc, address.path.removesuffix("k"))


def _trust(environment: Mapping[str, str]) -> Any:
    from awscrt import io

    options = io.TlsContextOptions()
    bundle = environment.get("AWS_CA_BUNDLE")
    if bundle:
        options.override_default_trust_store_from_path(None, bundle)
    return io.ClientTlsContext(options).new_connection_options()
