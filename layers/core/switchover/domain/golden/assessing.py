"""Compares an answer with its expectations: every difference is a reason."""

from __future__ import annotations

import json
import unicodedata
from difflib import SequenceMatcher
from enum import StrEnum
from typing import TYPE_CHECKING

from switchover.domain.golden.answers import (
    measure_speed,
    parse_json,
    read_content,
    read_text,
    value_at,
)
from switchover.domain.golden.patterns import compile_pattern
from switchover.domain.golden.schemas import compile_schema
from switchover.domain.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from switchover.domain.golden.answers import Answer
    from switchover.domain.golden.expectations import Expectation, SimilarTo
    from switchover.domain.golden.requests import GoldenRequest

_US_PER_SECOND = 1_000_000
# A pattern may take milliseconds per thousand characters of the text.
_LOOKED_AT_CHARACTERS = 100_000
_QUOTED_CHARACTERS = 200
# These reasons say nothing about the model: it got no request, or its answer can't be judged.
_UNSURE = frozenset({"golden.unasked", "golden.unmeasured", "golden.identity-untold"})


class GoldenVerdict(StrEnum):
    """The meaning of all answers. Inconclusive: none was wrong, but not all could be sent or judged."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"


def verdict_of(reasons: Sequence[Reason]) -> GoldenVerdict:
    """The verdict of all reasons: one wrong answer outweighs all answers that couldn't be measured."""
    if not reasons:
        return GoldenVerdict.PASSED
    is_unsure = all(reason.code in _UNSURE for reason in reasons)
    return GoldenVerdict.INCONCLUSIVE if is_unsure else GoldenVerdict.FAILED


def assess(
    request: GoldenRequest, answer: Answer | None, latency_seconds: float
) -> tuple[Reason, ...]:
    """Compare an answer with the expectation. None: no request was sent, for lack of time.

    `latency_seconds` bounds an answer to a request that states no bound of its own.
    """
    if answer is None:
        return (_unasked(request),)
    if answer.status == 0 and not answer.is_outage:
        return (_unmeasured(request, f"got no answer: {_quoted(answer.text)}"),)
    if answer.status != request.expect.status:
        found = f"status {answer.status}" if answer.status else "SageMaker's failure"
        wanted = request.expect.status
        return (_wrong(request, f"{found} instead of {wanted}: {_quoted(answer.text)}"),)
    wrong = (
        *_differences_in_time(request.expect, answer, latency_seconds),
        *_differences_in_values(request.expect, answer),
        *_differences_in_text(request.expect, answer),
    )
    return (
        *(_wrong(request, what) for what in wrong),
        *(_unmeasured(request, what) for what in _unmeasurable(request.expect, answer)),
    )


def _differences_in_time(
    expect: Expectation, answer: Answer, latency_seconds: float
) -> Iterator[str]:
    limit, taken = expect.latency_seconds or latency_seconds, answer.latency_us / _US_PER_SECOND
    if answer.cut_short:
        yield answer.cut_short
    elif taken > limit:
        yield f"took {taken:.1f} s, more than {limit:g} s"
    if expect.first_token_seconds is not None:
        yield from _differences_at_first(expect.first_token_seconds, answer)
    speed = measure_speed(answer)
    if expect.tokens_per_second is not None and speed is not None:
        found = speed.tokens_per_second
        if found < expect.tokens_per_second:
            yield (
                f"came at {found:g} tokens per second (by its {speed.counts}), less than"
                f" {expect.tokens_per_second:g}"
            )


def _differences_at_first(wanted_seconds: float, answer: Answer) -> Iterator[str]:
    if answer.first_token_us is None:
        yield "ended without any content"
    elif (first := answer.first_token_us / _US_PER_SECOND) > wanted_seconds:
        yield f"began after {first:.1f} s, more than {wanted_seconds:g} s"


def _differences_in_values(expect: Expectation, answer: Answer) -> Iterator[str]:
    if not expect.values:
        return
    try:
        content = read_content(answer)
    except ValueError:
        yield f"is not JSON: {_quoted(answer.text)}"
        return
    for path, wanted in expect.values.items():
        found = value_at(path, content)
        if found != wanted:
            yield f"{path} is {_shortened(found)}, not {_shortened(wanted)}"


def _differences_in_text(expect: Expectation, answer: Answer) -> Iterator[str]:
    if not _looks_at_text(expect):
        return
    text = read_text(answer, expect.text_at)
    if text is None:
        yield f"has no value at {expect.text_at}: {_quoted(answer.text)}"
        return
    if expect.similar_to is not None:
        yield from _differences_from_reference(expect.similar_to, text)
    if len(text) > _LOOKED_AT_CHARACTERS:
        return
    if expect.matches is not None and not compile_pattern(expect.matches).search(text):
        yield f"does not match '{expect.matches}': {_quoted(text)}"
    if expect.matches_not is not None and compile_pattern(expect.matches_not).search(text):
        yield f"matches '{expect.matches_not}': {_quoted(text)}"
    if expect.json_schema is not None:
        yield from _differences_from_schema(json.dumps(expect.json_schema), text)


def _unmeasurable(expect: Expectation, answer: Answer) -> Iterator[str]:
    if expect.tokens_per_second is not None and measure_speed(answer) is None:
        yield "was too fast to measure"
    if not (expect.matches or expect.matches_not or expect.json_schema is not None):
        return
    text = read_text(answer, expect.text_at)
    if text is not None and len(text) > _LOOKED_AT_CHARACTERS:
        yield (
            f"has a text of {len(text):,} characters, and patterns and schemas read at most"
            f" {_LOOKED_AT_CHARACTERS:,}: let `text_at` select the relevant part"
        )


def _looks_at_text(expect: Expectation) -> bool:
    wanted = (expect.matches, expect.matches_not, expect.similar_to, expect.json_schema)
    return any(each is not None for each in wanted)


def _differences_from_schema(schema: str, text: str) -> Iterator[str]:
    import fastjsonschema

    try:
        compile_schema(schema)(parse_json(text))
    except fastjsonschema.JsonSchemaValueException as fault:
        yield f"does not fit the schema: {_quoted(fault.message)}: {_quoted(text)}"
    except RecursionError:
        yield f"is nested too deep for the schema: {_quoted(text)}"
    except ValueError:
        yield f"is not JSON, but the schema is for JSON: {_quoted(text)}"


def _differences_from_reference(wanted: SimilarTo, text: str) -> Iterator[str]:
    reference, found = _plain(wanted.text), _plain(text)
    matcher = SequenceMatcher(None, reference, found, autojunk=False)
    # A much longer or shorter text is ruled out by its length alone, because comparing is costly.
    ratio = matcher.real_quick_ratio()
    if ratio >= wanted.at_least:
        ratio = matcher.ratio()
    if ratio < wanted.at_least:
        yield (
            f"is {ratio:.2f} similar to the reference, less than {wanted.at_least:g}: {_quoted(text)}"
        )


def _plain(text: str) -> str:
    """Remove invisible differences: case, white space, and the encoding of accents."""
    return " ".join(unicodedata.normalize("NFC", text.casefold()).split())


def _unasked(request: GoldenRequest) -> Reason:
    return Reason(
        code="golden.unasked",
        subject=f"golden request {request.name!r}",
        message="there was no time left to send it.",
        remedy="Use fewer or shorter requests, or send more at the same time: tests.at_once.",
    )


def _unmeasured(request: GoldenRequest, what: str) -> Reason:
    return Reason(
        code="golden.unmeasured",
        subject=f"golden request {request.name!r}",
        message=f"{what.rstrip('.')}.",
        remedy="Fix the cause, then send the request by hand: switchover test ENDPOINT",
    )


def _wrong(request: GoldenRequest, what: str) -> Reason:
    return Reason(
        code="golden.failed",
        subject=f"golden request {request.name!r}",
        message=f"{what.rstrip('.')}.",
        remedy="Send the request by hand (switchover test); fix the release or the expectation.",
    )


def _quoted(text: str) -> str:
    """The beginning of a text, on one line and safe for a terminal: models can write anything."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: _QUOTED_CHARACTERS + 1])
    return _cut(shown)


def _shortened(value: object) -> str:
    return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= _QUOTED_CHARACTERS else f"{text[:_QUOTED_CHARACTERS]}…"
