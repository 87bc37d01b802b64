"""Golden requests: what the model is asked after an update, and what it must answer."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from switchover.domain.reasons import Reason, reasons_from

_US_PER_SECOND = 1_000_000


class Expectation(BaseModel):
    """What an answer must be. `values` maps a JMESPath to the value that must stand there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int = 200
    matches: str | None = None
    values: dict[str, Any] = Field(default_factory=dict)
    latency_seconds: Annotated[float, Field(gt=0, le=60)] | None = None

    @field_validator("matches")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as error:
            raise ValueError(f"is not a regular expression: {error}") from error
        return pattern

    @field_validator("values")
    @classmethod
    def _parses(cls, values: dict[str, Any]) -> dict[str, Any]:
        for path in values:
            try:
                jmespath.compile(path)
            except JMESPathError as error:
                raise ValueError(f"{path!r} is not a JMESPath: {error}") from error
        return values


class GoldenRequest(BaseModel):
    """One line of a golden file. `body` is sent as JSON, or as it is if it is text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    body: dict[str, Any] | list[Any] | str
    content_type: str = "application/json"
    accept: str = "application/json"
    expect: Expectation = Expectation()

    @field_validator("body", mode="before")
    @classmethod
    def _sendable(cls, body: object) -> object:
        if not isinstance(body, dict | list | str):
            raise ValueError("a body is an object, a list or text")  # noqa: TRY004  (pydantic's)
        return body

    def body_bytes(self) -> bytes:
        """What is sent."""
        text = self.body if isinstance(self.body, str) else json.dumps(self.body)
        return text.encode()


class Answer(BaseModel):
    """What came back. `status` is the container's; 0 means that nothing came back at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int
    body: bytes
    latency_us: int


def parse_golden(raw: bytes, source: str) -> tuple[GoldenRequest, ...] | tuple[Reason, ...]:
    """Read a JSON-lines golden file, or say the faults of every line."""
    requests: list[GoldenRequest] = []
    faults: list[Reason] = []
    for number, line in enumerate(raw.splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{source} line {number}"
        try:
            requests.append(GoldenRequest.model_validate_json(line))
        except ValidationError as error:
            faults += reasons_from(
                error, code="golden.invalid", subjects={}, source=where, model=GoldenRequest
            )
    if not requests and not faults:
        faults.append(
            Reason(
                code="golden.empty",
                subject=source,
                message="holds no request.",
                remedy="Write at least one JSON object per line.",
            )
        )
    return tuple(faults) or tuple(requests)


def assess(request: GoldenRequest, answer: Answer, latency_seconds: float) -> tuple[Reason, ...]:
    """Hold an answer against what was expected; every difference is a reason."""
    expect = request.expect
    text = answer.body.decode("utf-8", errors="replace")
    if answer.status != expect.status:
        found = f"status {answer.status}" if answer.status else "no answer"
        return (_wrong(request, f"{found} instead of {expect.status}: {text[:200]}"),)
    faults: list[Reason] = []
    limit = expect.latency_seconds or latency_seconds
    if answer.latency_us > limit * _US_PER_SECOND:
        taken = answer.latency_us / _US_PER_SECOND
        faults.append(_wrong(request, f"took {taken:.1f} s, more than {limit:g} s"))
    if expect.matches is not None and not re.search(expect.matches, text):
        faults.append(_wrong(request, f"does not match {expect.matches!r}: {text[:200]}"))
    if expect.values:
        faults += _assess_values(request, text)
    return tuple(faults)


def _assess_values(request: GoldenRequest, text: str) -> list[Reason]:
    try:
        content = json.loads(text)
    except json.JSONDecodeError:
        return [_wrong(request, f"is not JSON: {text[:200]}")]
    return [
        _wrong(request, f"{path} is {found!r}, not {wanted!r}")
        for path, wanted in request.expect.values.items()
        if (found := _value_at(path, content)) != wanted
    ]


def _value_at(path: str, content: Any) -> Any:
    """What stands at a JMESPath; an answer of another shape has nothing there."""
    try:
        return jmespath.search(path, content)
    except JMESPathError:
        return None


def _wrong(request: GoldenRequest, what: str) -> Reason:
    return Reason(
        code="golden.failed",
        subject=f"golden request {request.name!r}",
        message=f"{what}.",
        remedy="Ask the model the same by hand; mend the release or the expectation.",
    )
