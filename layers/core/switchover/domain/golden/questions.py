"""Reads golden requests from a JSON-lines file and the files that it names."""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import (
    ValidationError,
)

from switchover.domain.bounded import Limits, Unreadable, read_json
from switchover.domain.golden.bodies import write_body
from switchover.domain.golden.requests import GoldenRequest
from switchover.domain.reasons import Reason, limit_reasons, reasons_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    # Reads a file beside the golden file, by name; None if it doesn't exist.
    Beside = Callable[[str], bytes | None]

# "25 MB for real-time endpoints" (SageMaker Developer Guide, "Model Hosting FAQs"). Botocore's model
# still names the old limit of 6 MiB, but doesn't enforce it.
BODY_LIMIT_BYTES = 25_000_000
# A function of 512 MB holds all bodies at once.
TOTAL_LIMIT_BYTES = 64_000_000
MOST_REQUESTS = 200
# An image of a million pixels as nested lists has three million numbers.
_LINE_LIMITS = Limits(bytes=BODY_LIMIT_BYTES, depth=64, values=4_000_000, key_characters=4096)


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A golden request that is ready to send, with the content of its files.

    `container` is the hostname in the request, if the model's containers are called directly.
    """

    request: GoldenRequest
    body: bytes
    container: str | None = None


def parse_golden(
    raw: bytes, source: str, beside: Beside
) -> tuple[GoldenQuestion, ...] | tuple[Reason, ...]:
    """Read a golden file and the files that it names, or return every fault of every line."""
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
            continue  # refused already; nothing beyond the limit is read
        found = _with_files(request, where, beside)
        if isinstance(found, GoldenQuestion):
            questions.append(found)
            total += len(found.body)
        else:
            faults += found
    faults = [*_faults_of_size(len(lines), total, source), *faults]
    return limit_reasons(faults, code="golden.invalid", subject=source) or tuple(questions)


def _lines(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """Every line with content and its number. Editors on Windows begin files with a byte order mark."""
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
                message=f"{name} is not beside the golden file.",
                remedy="Upload it beside the golden file, or correct the name.",
            )
            for name in missing
        ]
    body = write_body(request, {name: content or b"" for name, content in read.items()})
    if len(body) <= BODY_LIMIT_BYTES:
        return GoldenQuestion(request, body)
    return [
        _too_large(
            where,
            f"the body is larger than the {_megabytes(BODY_LIMIT_BYTES)} limit of SageMaker.",
            "Use smaller files; base64 makes an image one third larger.",
        )
    ]


def _faults_of_size(count: int, total: int, source: str) -> Iterator[Reason]:
    if not count:
        yield Reason(
            code="golden.empty",
            subject=source,
            message="contains no request.",
            remedy="Write at least one JSON object per line.",
        )
    if count > MOST_REQUESTS:
        yield _too_large(
            source,
            f"holds {count} requests; at most {MOST_REQUESTS} are accepted.",
            "Keep the requests that show a wrong model.",
        )
    if total > TOTAL_LIMIT_BYTES:
        yield too_large_together(source)


def too_large_together(source: str) -> Reason:
    """The golden file and its files are larger than the limit together."""
    return _too_large(
        source,
        f"and the files beside it are larger than {_megabytes(TOTAL_LIMIT_BYTES)} together.",
        "Use fewer or smaller files.",
    )


def _unreadable(where: str, error: Unreadable) -> Reason:
    return Reason(
        code="golden.invalid",
        subject=where,
        message=f"{error}.",
        remedy="Write one JSON object in this line.",
    )


def _too_large(subject: str, message: str, remedy: str) -> Reason:
    return Reason(code="golden.too-large", subject=subject, message=message, remedy=remedy)


def _doubled(name: str, where: str, before: int) -> Reason:
    return Reason(
        code="golden.invalid",
        subject=f"{where}: name",
        message=f"{name!r} is also the name of line {before}.",
        remedy="Give each request a name of its own: the results are listed by name.",
    )


def _megabytes(size: int) -> str:
    return f"{size // 1_000_000} MB"
