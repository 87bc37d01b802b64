"""Answers held against what was expected of them, and what is kept of that."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from switchover.domain.golden.answers import (
    Answer,
    Speed,
    measure_speed,
    read_content,
    read_text,
    value_at,
)
from switchover.domain.golden.expectations import compile_schema
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from switchover.domain.golden.expectations import SimilarTo
    from switchover.domain.golden.questions import GoldenQuestion, GoldenRequest

_US_PER_SECOND = 1_000_000
# A regular expression may take very long on a long text, and a model that babbles is cut at its tokens.
_LOOKED_AT_CHARACTERS = 100_000
_QUOTED_CHARACTERS = 200
# The update is one item of the ledger, which takes 400 KB (DynamoDB Developer Guide, "Quotas").
_KEPT_CHARACTERS = 300
_KEPT_OF_ALL_BYTES = 40_000
_KEPT_FAULTS = 3
_TOLD_REASONS = 20


class GoldenVerdict(StrEnum):
    """What the answers mean together. Inconclusive: none was wrong, and not all could be asked."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


class GoldenResult(BaseModel):
    """How one golden request went. `status` is None if there was no time to ask it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    status: int | None
    latency_us: int | None = None
    first_token_us: int | None = None
    speed: Speed | None = None
    tries: int = 0
    has_passed: bool
    faults: tuple[str, ...] = ()
    answer_excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of all golden requests of a run, in their order, and why it isn't passed."""

    verdict: GoldenVerdict
    results: tuple[GoldenResult, ...]
    reasons: tuple[Reason, ...]


def judge(
    questions: Sequence[GoldenQuestion], answers: Sequence[Answer | None], latency_seconds: float
) -> Judgement:
    """Hold every answer against what was expected; None stands where there was no time to ask.

    `latency_seconds` bounds answers to requests that state no bound of their own. Results are cut so that
    all of them fit into the ledger beside the rest of an update.
    """
    pairs = list(zip((question.request for question in questions), answers, strict=True))
    found = [
        (_unasked(request),) if answer is None else assess(request, answer, latency_seconds)
        for request, answer in pairs
    ]
    room = min(_KEPT_CHARACTERS, _KEPT_OF_ALL_BYTES // max(1, len(pairs)))
    reasons = [reason for reasons in found for reason in reasons]
    return Judgement(
        verdict=_verdict(reasons),
        results=tuple(
            _result(request, answer, reasons, room)
            for (request, answer), reasons in zip(pairs, found, strict=True)
        ),
        reasons=_told(reasons),
    )


def assess(request: GoldenRequest, answer: Answer, latency_seconds: float) -> tuple[Reason, ...]:
    """Hold an answer against what was expected; every difference is a reason."""
    expect = request.expect
    if answer.status != expect.status:
        found = f"status {answer.status}" if answer.status else "no answer"
        return (_wrong(request, f"{found} instead of {expect.status}: {_quoted(answer.text)}"),)
    differences = (
        *_differences_in_time(request, answer, latency_seconds),
        *_differences_in_values(request, answer),
        *_differences_in_text(request, answer),
    )
    return tuple(_wrong(request, what) for what in differences)


def _differences_in_time(
    request: GoldenRequest, answer: Answer, latency_seconds: float
) -> Iterator[str]:
    expect = request.expect
    limit, taken = expect.latency_seconds or latency_seconds, answer.latency_us / _US_PER_SECOND
    if answer.is_cut:
        yield f"had not ended after {taken:.1f} s"
    elif taken > limit:
        yield f"took {taken:.1f} s, more than {limit:g} s"
    first = (answer.first_token_us or 0) / _US_PER_SECOND
    if expect.first_token_seconds is not None and first > expect.first_token_seconds:
        yield f"began after {first:.1f} s, more than {expect.first_token_seconds:g} s"
    speed = measure_speed(answer)
    if expect.tokens_per_second is not None and speed is not None:
        found = speed.tokens_per_second
        if found < expect.tokens_per_second:
            yield (
                f"came at {found:g} tokens per second (by its {speed.counts}), less than"
                f" {expect.tokens_per_second:g}"
            )


def _differences_in_values(request: GoldenRequest, answer: Answer) -> Iterator[str]:
    if not request.expect.values:
        return
    try:
        content = read_content(answer)
    except ValueError:
        yield f"is not JSON: {_quoted(answer.text)}"
        return
    for path, wanted in request.expect.values.items():
        found = value_at(path, content)
        if found != wanted:
            yield f"{path} is {_shortened(found)}, not {_shortened(wanted)}"


def _differences_in_text(request: GoldenRequest, answer: Answer) -> Iterator[str]:
    expect = request.expect
    if expect.matches is None and expect.similar_to is None and expect.json_schema is None:
        return
    text = read_text(answer, expect.text_at)
    if text is None:
        yield f"nothing stands at {expect.text_at}: {_quoted(answer.text)}"
        return
    if expect.matches is not None and not re.search(expect.matches, text[:_LOOKED_AT_CHARACTERS]):
        yield f"does not match {expect.matches!r}: {_quoted(text)}"
    if expect.json_schema is not None:
        yield from _differences_from_schema(json.dumps(expect.json_schema), text)
    if expect.similar_to is not None:
        yield from _differences_from_reference(expect.similar_to, text)


def _differences_from_schema(schema: str, text: str) -> Iterator[str]:
    import fastjsonschema

    try:
        compile_schema(schema)(json.loads(text))
    except fastjsonschema.JsonSchemaValueException as fault:
        yield f"does not fit the schema: {_shortened(fault.message)}: {_quoted(text)}"
    except ValueError:
        yield f"is not JSON, which the schema is for: {_quoted(text)}"


def _differences_from_reference(wanted: SimilarTo, text: str) -> Iterator[str]:
    reference, found = _plain(wanted.text), _plain(text)
    matcher = SequenceMatcher(None, reference, found, autojunk=False)
    # The lengths alone rule out what is far longer or shorter, and the rest is costly to compare.
    ratio = matcher.real_quick_ratio()
    if ratio >= wanted.at_least:
        ratio = matcher.ratio()
    if ratio < wanted.at_least:
        yield f"is {ratio:.2f} similar to the reference, less than {wanted.at_least:g}: {_quoted(text)}"


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _verdict(reasons: Sequence[Reason]) -> GoldenVerdict:
    if not reasons:
        return GoldenVerdict.PASSED
    is_unsure = all(reason.code == "golden.unasked" for reason in reasons)
    return GoldenVerdict.INCONCLUSIVE if is_unsure else GoldenVerdict.FAILED


def _result(
    request: GoldenRequest, answer: Answer | None, reasons: Sequence[Reason], room: int
) -> GoldenResult:
    faults = tuple(_cut(reason.message, room) for reason in reasons[:_KEPT_FAULTS])
    if answer is None:
        return GoldenResult(name=request.name, status=None, has_passed=False, faults=faults)
    return GoldenResult(
        name=request.name,
        status=answer.status,
        latency_us=answer.latency_us,
        first_token_us=answer.first_token_us,
        speed=measure_speed(answer),
        tries=answer.tries,
        has_passed=not reasons,
        faults=faults,
        answer_excerpt=_cut(read_text(answer, request.expect.text_at) or answer.text, room),
    )


def _told(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons that people are told; they travel with the update through 256 KB of payload."""
    if len(reasons) <= _TOLD_REASONS:
        return tuple(reasons)
    left = len(reasons) - _TOLD_REASONS
    last = reasons[_TOLD_REASONS].model_copy(
        update={
            "subject": "golden requests",
            "message": f"{left} more differences.",
            "remedy": "See the update's golden results.",
        }
    )
    return (*reasons[:_TOLD_REASONS], last)


def _unasked(request: GoldenRequest) -> Reason:
    return Reason(
        code="golden.unasked",
        subject=f"golden request {request.name!r}",
        message="there was no time left to ask it.",
        remedy="Ask fewer or shorter ones, or more at once: tests.at_once.",
    )


def _wrong(request: GoldenRequest, what: str) -> Reason:
    return Reason(
        code="golden.failed",
        subject=f"golden request {request.name!r}",
        message=f"{what}.",
        remedy="Ask the model the same by hand; mend the release or the expectation.",
    )


def _quoted(text: str) -> str:
    return text[:_QUOTED_CHARACTERS]


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _QUOTED_CHARACTERS else f"{text[:_QUOTED_CHARACTERS]}…"


def _cut(text: str, room: int) -> str:
    """As much of a text as `room` bytes hold: what is kept is bounded in bytes."""
    return text.encode()[:room].decode(errors="ignore")
