"""Golden requests and answers, for tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from switchover.domain.golden.answers import Answer
from switchover.domain.golden.questions import GoldenQuestion, parse_golden
from switchover.domain.golden.requests import GoldenRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def golden_request(**fields: Any) -> GoldenRequest:
    """A request of that name, with a body unless another one is given."""
    given = {"name": "hello", **fields}
    if not given.keys() & {"body", "body_file", "chat"}:
        given["body"] = "Hello"
    return GoldenRequest.model_validate(given)


def beside(files: Mapping[str, bytes]) -> Callable[[str], bytes | None]:
    """Reads what lies beside a golden file."""

    def read(name: str) -> bytes | None:
        return files.get(name)

    return read


def question(files: dict[str, bytes] | None = None, **fields: Any) -> GoldenQuestion:
    """A request as it is sent."""
    line = golden_request(**fields).model_dump_json(by_alias=True, exclude_unset=True).encode()
    [read] = parse_golden(line, "golden.jsonl", beside(files or {}))
    assert isinstance(read, GoldenQuestion), read
    return read


def answer(body: str = "{}", status: int = 200, latency_us: int = 1, **more: Any) -> Answer:
    """A plain answer."""
    return Answer(status=status, body=body.encode(), latency_us=latency_us, **more)


def chat_answer(text: str, **more: Any) -> Answer:
    """An OpenAI-style answer of two tokens."""
    content = {
        "model": "v2",
        "choices": [{"message": {"role": "assistant", "content": text}}],
        "usage": {"completion_tokens": 2},
    }
    return answer(json.dumps(content), **more)


def stream_answer(*pieces: str, usage: int | None = None, **more: Any) -> Answer:
    """An OpenAI-style stream, one event per piece."""
    events: list[dict[str, Any]] = [
        {"model": "v2", "choices": [{"delta": {"content": piece}}]} for piece in pieces
    ]
    if usage is not None:
        events.append({"choices": [], "usage": {"completion_tokens": usage}})
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    fields = {"parts": len(pieces), "first_token_us": 1, **more}
    return answer("".join((*lines, "data: [DONE]\n\n")), **fields)
