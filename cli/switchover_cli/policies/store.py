"""Policy files: local ones, and those in the model bucket."""

from pathlib import Path

from switchover.domain.manifest import ObjectVersion
from switchover_cli.deployment import Deployment
from switchover_cli.errors import CommandFailed, Misused

_CHANGED = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


def put_policy(
    deployment: Deployment, key: str, raw: bytes, before: ObjectVersion
) -> ObjectVersion:
    """Replace the version of a policy file that was read; returns the new version.

    Raises:
    CommandFailed: the stored file was changed since it was read.
    """
    from botocore.exceptions import ClientError  # `policy check` works without AWS

    try:
        if before.etag:
            put = deployment.s3.put_object(
                Bucket=deployment.bucket, Key=key, Body=raw, IfMatch=before.condition
            )
        else:
            put = deployment.s3.put_object(
                Bucket=deployment.bucket, Key=key, Body=raw, IfNoneMatch="*"
            )
    except ClientError as error:
        if error.response["Error"]["Code"] not in _CHANGED:
            raise
        raise CommandFailed(
            f"s3://{deployment.bucket}/{key} was changed by others meanwhile; nothing was written.",
            "Run the same command again: it shows the differences now.",
        ) from error
    return ObjectVersion(etag=put["ETag"].strip('"'), version_id=put.get("VersionId", ""))


def write_new(path: Path, content: bytes) -> None:
    """Write a new file; success too if the file exists with the same content.

    Raises:
    Misused: the file exists with other content, or can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as error:
        if path.is_file() and path.read_bytes() == content:
            return
        raise Misused(f"{path} exists already.", "Give another name, or move the file.") from error
    except OSError as error:
        raise Misused(f"{path} can't be written: {error.strerror}.") from error


def read_file(file: Path) -> bytes:
    """Read a local policy file.

    Raises:
    Misused: the file can't be read.
    """
    try:
        return file.read_bytes()
    except OSError as error:
        raise Misused(f"{file} can't be read: {error.strerror}.", "Give a policy file.") from error
