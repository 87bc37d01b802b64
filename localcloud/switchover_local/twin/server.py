"""The twin over HTTP: one ASGI app, one port, all five services."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any

from .wire import Request, lower_case_headers

if TYPE_CHECKING:
    from .twin import Twin
    from .wire import Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Message, Receive, Send], Awaitable[None]]


def asgi_app(twin: Twin) -> AsgiApp:
    """The twin as an ASGI app, for hypercorn or any other server."""

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        response = twin.handle(await _read_request(scope, receive))
        if response is None:
            await _hang_up(send)
            return
        cap = twin.scenario.timings.reply_hold_cap_seconds
        if hold_seconds := min(response.hold_seconds, cap):
            await asyncio.sleep(hold_seconds)
        await _send_response(response, send)

    return app


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


async def _read_request(scope: Message, receive: Receive) -> Request:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = lower_case_headers(
        (name.decode("latin-1"), value) for name, value in scope["headers"]
    )
    path = scope.get("raw_path") or scope["path"].encode()
    return Request(scope["method"], path.decode("latin-1").partition("?")[0], headers, body)


async def _send_response(response: Response, send: Send) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1"))
        for name, value in response.headers.items()
    ]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _hang_up(send: Send) -> None:
    """Promise a body and break the promise: to the caller, the connection just ends."""
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
