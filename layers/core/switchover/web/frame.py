"""A page as an HTTP answer, with the headers that keep it to the holder of the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# The page loads nothing, and its form goes only to this URL. The page can't be framed, cached or
# indexed, and no other page learns the link.
_HEADERS = {
    "Allow": "GET, HEAD, POST",
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Page:
    """An HTTP answer. `body` is HTML; `verdict` names the page in the log."""

    status: int
    verdict: str
    body: str

    @property
    def response(self) -> dict[str, Any]:
        """The dict that a function URL expects (Lambda Developer Guide, payload format 2.0)."""
        return {"statusCode": self.status, "headers": _HEADERS, "body": self.body}
