"""Golden requests: what the model is asked, read from a JSON-lines file and what lies beside it."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from switchover.domain.bounded import Limits, Unreadable, read_json
from switchover.domain.golden.bodies import IMAGE_TYPES, suffix_of, write_body
from switchover.domain.golden.expectations import LONGEST_ANSWER_SECONDS, Expectation
from switchover.domain.reasons import Reason, limit_reasons, reasons_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # What lies beside a golden file, by its name; None if it isn't there.
    Beside = Callable[[str], bytes | None]

# "25 MB for real-time endpoints" (SageMaker Developer Guide, "Model Hosting FAQs"). Botocore's model
# still names the 6 MiB of old, and doesn't enforce them.
BODY_LIMIT_BYTES = 25_000_000
# All bodies are held at once by a function of 512 MB.
TOTAL_LIMIT_BYTES = 64_000_000
MOST_REQUESTS = 200
# An image of a million pixels as nested lists has three million numbers.
_LINE_LIMITS = Limits(bytes=BODY_LIMIT_BYTES, depth=64, values=4_000_000, key_characters=4096)

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
        raise ValueError("a file lies beside the golden file or below it, like images/sign.png")
    return name


def _is_image(name: str) -> str:
    if suffix_of(name) not in IMAGE_TYPES:
        raise ValueError(f"an image is one of {', '.join(IMAGE_TYPES)}")
    return name


FileName = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_lies_beside)]
ImageName = Annotated[FileName, AfterValidator(_is_image)]
Header = Annotated[str, Field(min_length=1, max_length=1024, pattern=_ASCII)]


class Chat(BaseModel):
    """An OpenAI-style chat: one user's message of images and a prompt.

    Images are files beside the golden file; they are sent as `data:` URLs, before the prompt.
    `temperature` is 0, so that the same question gets the same answer as far as the model can.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Annotated[str, Field(min_length=1)]
    images: Annotated[tuple[ImageName, ...], Field(max_length=20)] = ()
    system: str | None = None
    model: str | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] = 0


class GoldenRequest(BaseModel):
    """One line of a golden file. It has one of `body`, `body_file` and `chat`.

    `body` is sent as JSON, or as it is if it is text; `body_file` is a file beside the golden file, and
    is sent byte by byte. With `stream` the answer is asked for as a stream; a `body` of one's own must
    ask the container for that too. Without `content_type` it is JSON, or what the ending of `body_file`
    says.
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
                "first_token_seconds and tokens_per_second are of streams: set `stream` to true"
            )
        if (expect.latency_seconds or 0) > LONGEST_ANSWER_SECONDS:
            raise ValueError(
                f"latency_seconds is at most {LONGEST_ANSWER_SECONDS} without `stream`:"
                " SageMaker waits no longer"
            )
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """What it needs beside the golden file."""
        if self.body_file is not None:
            return (self.body_file,)
        return self.chat.images if self.chat is not None else ()

    @property
    def sent_type(self) -> str:
        """The content type that is sent."""
        if self.content_type is not None:
            return self.content_type
        if self.body_file is not None:
            return _BODY_TYPES.get(suffix_of(self.body_file), "application/octet-stream")
        return "application/json"


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A golden request that is ready to be sent: what it refers to was read.

    `container` is asked by its hostname, where a model's containers are asked one by one.
    """

    request: GoldenRequest
    body: bytes
    container: str | None = None


def parse_golden(
    raw: bytes, source: str, beside: Beside
) -> tuple[GoldenQuestion, ...] | tuple[Reason, ...]:
    """Read a golden file and what lies beside it, or say every fault of every line."""
    questions: list[GoldenQuestion] = []
    faults: list[Reason] = []
    names: dict[str, int] = {}
    total = 0
    lines = list(_lines(raw))
    for number, line in lines[:MOST_REQUESTS]:
        where = f"{source} line {number}"
        try:
            request = GoldenRequest.model_validate(read_json(line, _LINE_LIMITS))
        except Unreadable as error:
            faults.append(_unreadable(where, error))
            continue
        except ValidationError as error:
            faults += reasons_from(
                error, code="golden.invalid", subjects={}, source=where, model=GoldenRequest
            )
            continue
        if request.name in names:
            faults.append(_doubled(request.name, where, names[request.name]))
        names.setdefault(request.name, number)
        if total > TOTAL_LIMIT_BYTES:
            continue  # refused already, and what is too much is not read on
        found = _with_files(request, where, beside)
        if isinstance(found, GoldenQuestion):
            questions.append(found)
            total += len(found.body)
        else:
            faults += found
    faults = [*_faults_of_size(len(lines), total, source), *faults]
    return limit_reasons(faults, code="golden.invalid", subject=source) or tuple(questions)


def _lines(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Every line that says something, with its number; editors on Windows begin a file with a mark."""
    text = raw.removeprefix(BOM_UTF8)
    return ((n, line) for n, line in enumerate(text.splitlines(), start=1) if line.strip())


def _with_files(
    request: GoldenRequest, where: str, beside: Beside
) -> GoldenQuestion | list[Reason]:
    read = {name: beside(name) for name in request.files}
    missing = [name for name, content in read.items() if content is None]
    if missing:
        return [
            Reason(
                code="golden.file-missing",
                subject=where,
                message=f"{name} does not lie beside the golden file.",
                remedy="Upload it there, or correct the name.",
            )
            for name in missing
        ]
    body = write_body(request, {name: content or b"" for name, content in read.items()})
    if len(body) <= BODY_LIMIT_BYTES:
        return GoldenQuestion(request, body)
    return [
        _too_large(
            where,
            f"the body is larger than the {_megabytes(BODY_LIMIT_BYTES)} that SageMaker takes.",
            "Take smaller files; base64 makes an image larger by a third.",
        )
    ]


def _faults_of_size(count: int, total: int, source: str) -> Iterator[Reason]:
    if not count:
        yield Reason(
            code="golden.empty",
            subject=source,
            message="holds no request.",
            remedy="Write at least one JSON object per line.",
        )
    if count > MOST_REQUESTS:
        yield _too_large(
            source,
            f"holds {count} requests; {MOST_REQUESTS} are taken.",
            "Keep those that would tell a wrong model.",
        )
    if total > TOTAL_LIMIT_BYTES:
        yield too_large_together(source)


def too_large_together(source: str) -> Reason:
    """Why a golden file isn't read to its end."""
    return _too_large(
        source,
        f"and the files beside it are larger than {_megabytes(TOTAL_LIMIT_BYTES)} together.",
        "Take fewer or smaller files.",
    )


def _unreadable(where: str, error: Unreadable) -> Reason:
    return Reason(
        code="golden.invalid",
        subject=where,
        message=f"{error}.",
        remedy="Write one JSON object in that line.",
    )


def _too_large(subject: str, message: str, remedy: str) -> Reason:
    return Reason(code="golden.too-large", subject=subject, message=message, remedy=remedy)


def _doubled(name: str, where: str, before: int) -> Reason:
    return Reason(
        code="golden.invalid",
        subject=f"{where}: name",
        message=f"{name!r} is the name of line {before} too.",
        remedy="Give each request a name of its own: results are told by it.",
    )


def _megabytes(size: int) -> str:
    return f"{size // 1_000_000} MB"
