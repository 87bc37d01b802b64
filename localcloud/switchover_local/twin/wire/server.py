"""The twin over HTTP: one ASGI app, one port, all five services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from .messages import Request, lower_case_headers
from .protocol import write_refusal
from .refusals import too_long

if TYPE_CHECKING:
    from .messages import Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handle = Callable[[Request], "Response | None"]
AsgiApp = Callable[[Message, Receive, Send], Awaitable[None]]

# More than InvokeEndpoint accepts, so that the twin itself refuses a body that is slightly too long.
MOST_BODY_BYTES = 32 * 1_048_576
_NOTHING = Request("POST", "/", {}, b"")


def asgi_app(handle: Handle) -> AsgiApp:
    """A twin's `handle` as an ASGI app, for hypercorn or any other server."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        request = await _read_request(scope, receive)
        if request is None:
            await _send_response(write_refusal(_NOTHING, None, too_long(MOST_BODY_BYTES)), send)
            return
        response = handle(request)
        if response is None:
            await _hang_up(send)
            return
        if response.hold_seconds:
            await asyncio.sleep(response.hold_seconds)
        await _send_response(response, send)

    return app


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read_request(scope: Message, receive: Receive) -> Request | None:
    """Read a request to its end; None if its body is longer than any service accepts."""
    body, is_whole, has_more = bytearray(), True, True
    while has_more:
        message = await receive()
        chunk, has_more = message.get("body", b""), message.get("more_body", False)
        is_whole = is_whole and len(body) + len(chunk) <= MOST_BODY_BYTES
        if is_whole:
            body += chunk
    if not is_whole:
        return None
    headers = lower_case_headers(
        (name.decode("latin-1"), value) for name, value in scope["headers"]
    )
    path = scope.get("raw_path") or scope["path"].encode()
    return Request(scope["method"], path.decode("latin-1").partition("?")[0], headers, bytes(body))


async def _send_response(response: Response, send: Send) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
    ]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _hang_up(send: Send) -> None:
    """Announce a body, but end the connection without it."""
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
