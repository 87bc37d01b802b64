"""Answers for AWS on 127.0.0.1: DynamoDB has one update under every key; the rest is refused."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

_ITEMS = Path(__file__).parents[2] / "tests" / "older" / "items" / "rolling.json"
_REFUSED = b"<Error><Code>AccessDenied</Code><Message>a stub</Message></Error>"


class Stub:
    """The stub's address, and the number of requests since the last question."""

    def __init__(self) -> None:
        self.requests = 0
        [self._item, *_] = json.loads(_ITEMS.read_text(encoding="utf-8"))
        stub = self

        class Answering(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                stub.requests += 1
                target = self.headers.get("X-Amz-Target", "")
                answer = stub.answer(target)
                self.send_response(200 if target.startswith("DynamoDB") else 400)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_PUT = do_HEAD = do_POST  # noqa: N815 - as http.server calls them

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, target: str) -> bytes:
        """The body for an operation; empty if there is none."""
        match target.partition(".")[2]:
            case "GetItem":
                return json.dumps({"Item": self._item}).encode()
            case "Query":
                return b'{"Items": [], "Count": 0}'
        if target.startswith("DynamoDB"):
            return b"{}"
        return b'{"__type": "AccessDeniedException", "message": "a stub"}' if target else _REFUSED

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
