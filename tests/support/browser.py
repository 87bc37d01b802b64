"""A real browser without a driver: it opens one page, which looks at all others in frames and reports."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_SECONDS = 90

_LOOK = Path(__file__).with_name("browser_look.js")


def find_browser() -> str | None:
    """A Chromium on this machine; None if there is none."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


def look_at(
    browser: str, pages: Mapping[str, str], asked: list[tuple[str, int, str]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """What a browser sees of pages, by (page, width, scheme); and every path that it asked for."""
    script = f"const ASKED = {json.dumps(asked)};\n{_LOOK.read_text('utf-8')}"
    first = f'<!doctype html><meta charset="utf-8"><pre id="seen"></pre><script>{script}</script>'
    served = {"/": first, **{f"/{name}.html": page for name, page in pages.items()}}
    paths: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            body = served.get(self.path, "").encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            drawn = _dump(browser, f"http://127.0.0.1:{server.server_address[1]}/")
        finally:
            server.shutdown()
    found = re.search(r'<pre id="seen">(.*?)</pre>', drawn, re.DOTALL)
    assert found is not None
    assert found[1], drawn[-2000:]
    return json.loads(html.unescape(found[1])), paths


def _dump(browser: str, url: str) -> str:
    with tempfile.TemporaryDirectory() as profile:
        command = [
            browser,
            "--headless=new",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            # A name that a page asked for would be found nowhere.
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            f"--user-data-dir={profile}",
            "--virtual-time-budget=60000",
            "--dump-dom",
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            url,
        ]
        run = subprocess.run(  # noqa: S603 - a browser of this machine
            command, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    return run.stdout
