"""The body of a golden request: a chat with images, a file, or a body that the user wrote."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from switchover.domain.golden.requests import IMAGE_TYPES, Chat, GoldenRequest, suffix_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover.domain.golden.requests import Chat, GoldenRequest


def write_body(request: GoldenRequest, files: dict[str, bytes]) -> bytes:
    """The bytes to send; `files` are the request's files, by name."""
    if request.body_file is not None:
        return files[request.body_file]
    if request.chat is not None:
        return json.dumps(
            dict(_chat_body(request.chat, files, is_streamed=request.stream))
        ).encode()
    text = request.body if isinstance(request.body, str) else json.dumps(request.body)
    return text.encode()


def vary_opening(body: bytes, number: int) -> bytes:
    """The same chat and prompt, with another beginning of the body's bytes.

    The bytes of `user` change, which models don't see (OpenAI API Reference, "Create chat
    completion"). Routing by prefix uses the first bytes of a body.
    """
    return json.dumps({"user": f"probe-{number}", **json.loads(body)}).encode()


def _chat_body(
    chat: Chat, files: dict[str, bytes], *, is_streamed: bool
) -> Iterator[tuple[str, object]]:
    """The members of a chat completion request (OpenAI API Reference, "Create chat completion")."""
    images = [
        {"type": "image_url", "image_url": {"url": _data_url(name, files[name])}}
        for name in chat.images
    ]
    content = [*images, {"type": "text", "text": chat.prompt}] if images else chat.prompt
    system = [{"role": "system", "content": chat.system}] if chat.system is not None else []
    if chat.model is not None:
        yield "model", chat.model
    yield "messages", [*system, {"role": "user", "content": content}]
    yield "temperature", chat.temperature
    if chat.max_tokens is not None:
        yield "max_tokens", chat.max_tokens
    if is_streamed:
        yield "stream", True
        # Only with this option does a stream report its number of tokens.
        yield "stream_options", {"include_usage": True}


def _data_url(name: str, content: bytes) -> str:
    return f"data:{IMAGE_TYPES[suffix_of(name)]};base64,{base64.b64encode(content).decode()}"
