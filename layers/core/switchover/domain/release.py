"""A release: a model version offered for an endpoint, as written in `release.json`."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from switchover.domain.bounded import Limits, Unreadable, check_value, read_json
from switchover.domain.reasons import Reason, reasons_from

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE_NAME = "release.json"
# The limit of one function call: ValidateModel asks S3 for each file, in 290 s.
MOST_FILES = 50_000
# `switchover upload` writes 330 bytes for a file with a path of 150 characters; each file is four values.
LIMITS = Limits(bytes=16 * 1024**2, values=300_000)
# More than a policy file can hold.
_OVERRIDE_LIMITS = Limits(bytes=LIMITS.bytes, values=20_000)

# Source: UpdateEndpoint, EndpointName (rules §1.2).
_ENDPOINT_NAME = re.compile(r"(?=.{1,63}$)[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")
EndpointName = Annotated[
    str, Field(pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", max_length=63, min_length=1)
]
VersionName = Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9._+-]{0,62}$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
# Source: S3 User Guide, "Bucket naming rules". A folder, so that file paths can be put behind it.
FolderUri = Annotated[
    str, Field(pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/(.+/)?$", max_length=1024)
]
# Under it lie the files of models, for each endpoint in a folder of its own.
MODELS_PREFIX = "models/"


def _relative(path: str) -> str:
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise ValueError("a path must be relative to the prefix, without '..' or a trailing '/'")
    return path


def _folders(path: str) -> Iterator[str]:
    """Every folder that a file lies in, the innermost first."""
    while folder := path.rpartition("/")[0]:
        yield folder
        path = folder


def explained(what: str) -> AfterValidator:
    """A validator: a true value needs a `reason`, a field declared earlier. `what` explains why."""

    def check(value: object, info: ValidationInfo) -> object:
        if value and not str(info.data.get("reason", "")).strip():
            raise ValueError(f'{what}: add a reason, `"reason": "…"`')
        return value

    return AfterValidator(check)


# A hotfix ignores the alarms that are already red, because the serving version itself is failing.
# A model declares this field after `reason`, because it needs a reason.
Hotfix = Annotated[bool, Field(strict=True), explained("a hotfix leaves out red alarms")]


class Start(StrEnum):
    """The start of a release's update; the third possibility is a time with a zone."""

    NOW = "now"
    LOW_PEAK = "low-peak"


def check_year(moment: datetime) -> datetime:
    """Refuse a year outside 1970–2999: later arithmetic or a change of zone could overflow."""
    if not 1970 <= moment.year <= 2999:
        raise ValueError("the year must be between 1970 and 2999")
    return moment


def _wish(value: object) -> object:
    """Read the start: one of the two words, or a time with a zone."""
    if isinstance(value, str) and value in set(Start):
        return Start(value)
    try:
        wished = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise ValueError("start is 'now', 'low-peak' or an ISO time with a zone") from error
    if wished.tzinfo is None:
        raise ValueError("a start time needs a zone, like +01:00 or Z")
    return check_year(wished)


class ReleaseFile(BaseModel):
    """One file under the prefix. `bytes` is its size; `sha256` is lower-case hex of its content."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    path: Annotated[str, Field(min_length=1, max_length=900), AfterValidator(_relative)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Sha256


class ModelIdentity(BaseModel):
    """The name and version by which people know the model."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=63)]
    version: VersionName


class Release(BaseModel):
    """The content of `release.json`, schema 1. It is uploaded last: its arrival means complete files."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, title="Switchover release"
    )

    json_schema: Annotated[str | None, Field(alias="$schema", exclude=True)] = None
    schema_version: Annotated[int, Field(alias="schema", strict=True, ge=1, le=1)]
    endpoint: EndpointName
    model: ModelIdentity
    prefix: Annotated[str, Field(min_length=1, max_length=900)]
    source: FolderUri | None = None
    files: Annotated[tuple[ReleaseFile, ...], Field(min_length=1)]
    start: Annotated[Start | AwareDatetime, BeforeValidator(_wish)] = Start.NOW
    policy: dict[str, Any] = Field(default_factory=dict)
    reason: Annotated[str, Field(max_length=1000)] = ""
    hotfix: Hotfix = False

    @field_validator("prefix")
    @classmethod
    def _folder(cls, prefix: str) -> str:
        # A model's S3Prefix must end with "/", or SageMaker may match sibling keys (rules §1.6).
        if prefix.startswith("/") or not prefix.endswith("/") or "//" in prefix:
            raise ValueError(
                "a prefix names a folder in the bucket: it must end with '/' and not start with '/'"
            )
        return prefix

    @model_validator(mode="after")
    def _distinct(self) -> Release:
        paths = sorted(file.path for file in self.files)
        repeated = sorted({a for a, b in pairwise(paths) if a == b})
        if repeated:
            raise ValueError(f"files names these paths twice: {', '.join(repeated)}")
        taken = set(paths)
        inside = [folder for path in paths for folder in _folders(path) if folder in taken]
        if inside:
            # `weights` and `weights/x` together fail when SageMaker downloads them (rules §1.6).
            raise ValueError(f"{inside[0]!r} is both a file and a folder")
        return self

    @model_validator(mode="after")
    def _copyable(self) -> Release:
        if self.source is None:
            return self
        if any(PurePosixPath(file.path).name == FILE_NAME for file in self.files):
            raise ValueError(f"a copied {FILE_NAME} would start an update of its own")
        return self

    @property
    def source_bucket_and_prefix(self) -> tuple[str, str]:
        """The place the files are copied from; two empty texts if they are already under the prefix."""
        bucket, _, prefix = (self.source or "").removeprefix("s3://").partition("/")
        return bucket, prefix

    @property
    def total_bytes(self) -> int:
        """The total size of the files, in bytes."""
        return sum(file.bytes for file in self.files)

    @property
    def starts_at(self) -> datetime | None:
        """The requested start time, if the release names one."""
        return self.start if isinstance(self.start, datetime) else None


def parse_release(raw: bytes, source: str) -> Release | tuple[Reason, ...]:
    """Read `release.json`, or return every fault in it.

    `source` is the file or S3 URI for the messages.
    """
    try:
        content = read_json(raw, LIMITS)
        if isinstance(content, dict):
            check_value(content.get("policy"), _OVERRIDE_LIMITS)
    except Unreadable as error:
        return (
            Reason(
                code="release.not-json",
                subject=source,
                message=f"{error}.",
                remedy="Write it with `switchover upload`, or correct the file.",
            ),
        )
    try:
        release = Release.model_validate(content)
    except ValidationError as error:
        return reasons_from(
            error, code="release.invalid", subjects={}, source=source, model=Release
        )
    if len(release.files) <= MOST_FILES:
        return release
    return (
        Reason(
            code="release.too-large",
            subject=f"{source}: files",
            message=f"lists {len(release.files):,} files; at most {MOST_FILES:,} can be checked.",
            remedy="Pack the small files into one, or leave out files that no container reads.",
        ),
    )


def is_endpoint_name(text: str) -> bool:
    """Whether SageMaker accepts the text as an endpoint's name."""
    return _ENDPOINT_NAME.fullmatch(text) is not None
