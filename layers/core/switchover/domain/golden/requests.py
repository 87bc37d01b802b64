"""One golden request: one line of a golden file."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from switchover.domain.golden.expectations import LONGEST_ANSWER_SECONDS, Expectation

IMAGE_TYPES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
}


def suffix_of(name: str) -> str:
    """The suffix of a file's name, in lower case: `.png`."""
    return PurePosixPath(name).suffix.lower()


_BODY_TYPES = {
    **IMAGE_TYPES,
    ".json": "application/json",
    ".csv": "text/csv",
    ".txt": "text/plain",
}


_ASCII = r"^[\x20-\x7e]*$"


def _lies_beside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path == PurePosixPath():
        raise ValueError(
            "a file must be in the golden file's folder or a subfolder, like images/sign.png"
        )
    return name


def _is_image(name: str) -> str:
    if suffix_of(name) not in IMAGE_TYPES:
        raise ValueError(f"an image is one of {', '.join(IMAGE_TYPES)}")
    return name


FileName = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_lies_beside)]


ImageName = Annotated[FileName, AfterValidator(_is_image)]


Header = Annotated[str, Field(min_length=1, max_length=1024, pattern=_ASCII)]


class Chat(BaseModel):
    """An OpenAI-style chat: one user message with images and a prompt.

    Images are files beside the golden file; they are sent as `data:` URLs, before the prompt.
    `temperature` is 0, so that the same request gets the same answer if possible.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Annotated[str, Field(min_length=1)]
    images: Annotated[tuple[ImageName, ...], Field(max_length=20)] = ()
    system: str | None = None
    model: str | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] = 0


class GoldenRequest(BaseModel):
    """One line of a golden file. It has exactly one of `body`, `body_file` and `chat`.

    A text `body` is sent unchanged, any other `body` as JSON. `body_file` names a file beside the golden
    file, which is sent unchanged. `stream` requests the answer as a stream; a `body` must then request
    the stream from the container too. The default of `content_type` is JSON, or the type that belongs to
    the ending of `body_file`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    body: dict[str, Any] | list[Any] | str | None = None
    body_file: FileName | None = None
    chat: Chat | None = None
    content_type: Header | None = None
    accept: Header = "application/json"
    custom_attributes: Header | None = None
    stream: bool = False
    expect: Expectation = Expectation()

    @field_validator("body", mode="before")
    @classmethod
    def _sendable(cls, body: object) -> object:
        if not isinstance(body, dict | list | str):
            raise ValueError("a body is an object, a list or text")  # noqa: TRY004  (pydantic's)
        return body

    @model_validator(mode="after")
    def _asks_one_thing(self) -> GoldenRequest:
        if sum(each is not None for each in (self.body, self.body_file, self.chat)) != 1:
            raise ValueError("give one of `body`, `body_file` and `chat`")
        return self

    @model_validator(mode="after")
    def _measures_what_there_is(self) -> GoldenRequest:
        expect = self.expect
        if self.stream:
            return self
        if expect.first_token_seconds is not None or expect.tokens_per_second is not None:
            raise ValueError(
                "first_token_seconds and tokens_per_second need a stream: set `stream` to true"
            )
        if (expect.latency_seconds or 0) > LONGEST_ANSWER_SECONDS:
            raise ValueError(
                f"latency_seconds is at most {LONGEST_ANSWER_SECONDS} without `stream`:"
                " SageMaker waits no longer"
            )
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the request needs besides the golden file."""
        if self.body_file is not None:
            return (self.body_file,)
        return self.chat.images if self.chat is not None else ()

    @property
    def sent_type(self) -> str:
        """The content type of the request."""
        if self.content_type is not None:
            return self.content_type
        if self.body_file is not None:
            return _BODY_TYPES.get(suffix_of(self.body_file), "application/octet-stream")
        return "application/json"
