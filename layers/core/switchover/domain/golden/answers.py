"""A model's answer to a golden request: its status, text, tokens and times."""

from __future__ import annotations

import json
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import BaseModel, ConfigDict

_US_PER_SECOND = 1_000_000
_OPENAI_MESSAGE = "choices[0].message.content"
_TOLD_TOKENS = "[].usage.completion_tokens | [-1]"
_OPENAI_DELTAS = "[].choices[0].delta.content"


class Answer(BaseModel):
    """The answer to a request. `status` is the container's; 0 means that no answer of a container came.

    With status 0, `body` says why. `is_outage`: SageMaker itself failed, for every caller. Otherwise
    SageMaker refused the request (throttled, not allowed), or the network lost it. For a stream,
    `body` holds all parts, `parts` is their number, and `first_token_us` is the time until the first
    part. `cut_short` says why the rest of the answer wasn't read. `tries` is the number of requests:
    the second is sent only if the first got no answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int
    body: bytes
    latency_us: int
    first_token_us: int | None = None
    parts: int | None = None
    cut_short: str = ""
    is_outage: bool = False
    variant: str = ""
    tries: int = 1

    @property
    def text(self) -> str:
        """The whole answer as text."""
        return self.body.decode("utf-8", errors="replace")


class Speed(BaseModel):
    """Tokens per second over the whole time of an answer; `counts` says what counted as a token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens_per_second: float
    counts: str


def read_content(answer: Answer) -> Any:
    """The answer read as JSON: of a stream, the list of its events.

    Raises:
        ValueError: it isn't JSON.
    """
    if answer.parts is None:
        return parse_json(answer.text)
    events = _read_events(answer.text)
    return events or parse_json(answer.text)


def parse_json(text: str) -> Any:
    """Parse a text as JSON.

    Raises:
        ValueError: the text isn't JSON, or is nested too deep to read.
    """
    try:
        return json.loads(text)
    except RecursionError as error:  # a broken model may answer `[[[[[[…`
        raise ValueError("is nested too deep") from error


def read_text(answer: Answer, text_at: str | None) -> str | None:
    """The model's text; None if there is nothing at `text_at`.

    A list of texts is joined to one text; any other value is written as JSON.
    """
    try:
        content = read_content(answer)
    except ValueError:
        return answer.text if text_at is None else None
    if text_at is None:
        found = value_at(_OPENAI_DELTAS if isinstance(content, list) else _OPENAI_MESSAGE, content)
        return answer.text if found in (None, []) else _joined(found)
    found = value_at(text_at, content)
    return None if found is None else _joined(found)


def value_at(path: str, content: Any) -> Any:
    """The value at a JMESPath; None if the answer has another shape."""
    try:
        return jmespath.search(path, content)
    except JMESPathError:
        return None


def measure_speed(answer: Answer) -> Speed | None:
    """Tokens per second, counted by the answer's `usage`, else by the stream's parts."""
    told = _told_tokens(answer)
    count = told if told is not None else answer.parts
    if count is None or not answer.latency_us:
        return None
    return Speed(
        tokens_per_second=round(count * _US_PER_SECOND / answer.latency_us, 2),
        counts="usage" if told is not None else "parts of the stream",
    )


def _told_tokens(answer: Answer) -> int | None:
    try:
        content = read_content(answer)
    except ValueError:
        return None
    events = content if isinstance(content, list) else [content]
    told = value_at(_TOLD_TOKENS, events)
    return told if isinstance(told, int) else None


def _read_events(text: str) -> list[Any]:
    """The JSON of server-sent events, or of a stream that has one JSON value per line."""
    events: list[Any] = []
    for line in text.splitlines():
        try:
            events.append(parse_json(line.removeprefix("data:")))
        except ValueError:
            continue
    return events


def _joined(found: Any) -> str:
    if isinstance(found, list) and all(isinstance(part, str) for part in found):
        found = "".join(found)
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    # JSON can escape half a character, and a stream may send the halves in two parts. Half alone is
    # no text.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
