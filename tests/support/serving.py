"""A twin over a socket on this machine, for as long as a test needs it."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hypercorn.asyncio import serve
from hypercorn.config import Config

from switchover_local.twin.wire.server import asgi_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchover_local.twin.twin import Twin


@contextmanager
def serve_twin(twin: Twin) -> Iterator[str]:
    """Serve the twin on a free loopback port; yields its URL."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.include_date_header = False
    config.errorlog = None
    config.graceful_timeout = 0.1
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        await serve(asgi_app(twin.handle), config, shutdown_trigger=stop.wait)  # type: ignore[arg-type]

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
        listener.detach()  # hypercorn closed it
