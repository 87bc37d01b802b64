"""What every page has around it: its look, and the headers that keep it to whoever holds the link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from switchover.domain.plain_text import for_page, for_page_alone

# Nothing is loaded, framed, cached, indexed or told to the next page; the form goes nowhere but here.
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
# Text has a contrast of at least 4.5 and what can be touched one of 3, in both colour schemes (WCAG 2.2,
# 1.4.3 and 1.4.11). Fields of less than 16 px make a phone zoom in.
_STYLE = """
:root { color-scheme: light dark; --page: #fff; --text: #1a1f27; --soft: #565f6c; --line: #d8dce2;
        --edge: #7b8492; --yes: #17663a; --no: #a32020; --link: #1b55a8; }
@media (prefers-color-scheme: dark) { :root { --page: #14171c; --text: #e8eaee; --soft: #a6aebb;
        --line: #333943; --edge: #7b8492; --yes: #1d7a46; --no: #c02f2f; --link: #8fb8f5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 1rem/1.45 system-ui, sans-serif; }
main { max-width: 35rem; margin: 0 auto; padding: clamp(.4rem, 2vh, 3rem) 1.1rem 2rem; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
p { margin: .6rem 0; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .3rem 1rem; margin: 1rem 0;
     padding: .8rem 0; border: solid var(--line); border-width: 1px 0; }
dt, .soft { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
label { display: block; margin: .7rem 0; color: var(--soft); }
input { display: block; width: 100%; min-height: 2.75rem; margin-top: .2rem; padding: .4rem .7rem;
        font: inherit; color: var(--text); background: transparent; border: 1px solid var(--edge);
        border-radius: .4rem; }
button { width: 100%; min-height: 3rem; margin: .5rem 0 .3rem; padding: .5rem 1rem; font: inherit;
         font-weight: 600; color: #fff; border: 0; border-radius: .4rem; cursor: pointer; }
.approved { background: var(--yes); } .declined { background: var(--no); }
.fault { border-left: 4px solid var(--no); padding-left: .8rem; font-weight: 600; }
a { display: inline-block; padding: .6rem 0; color: var(--link); }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
"""


# Text on one line, or lines of it.
Fact = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """An HTTP answer; `verdict` is what the log says of it. `content` is HTML, `title` is text."""

    status: int
    verdict: str
    title: str
    content: str

    @property
    def response(self) -> dict[str, Any]:
        """As a function URL wants it (Lambda Developer Guide, response payload format 2.0)."""
        title = for_page(self.title)
        body = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>Switchover: {title}</title><style>{_STYLE}</style></head>"
            f'<body><main><p class="soft">Switchover</p><h1>{title}</h1>{self.content}</main></body>'
            "</html>"
        )
        return {"statusCode": self.status, "headers": _HEADERS, "body": body}


def draw_facts(facts: dict[str, Fact]) -> str:
    """Names and what they stand for, on one line or on several; an empty one is left out."""
    rows = (
        f"<dt>{for_page(name)}</dt><dd>{'<br>'.join(map(for_page_alone, _lines(fact)))}</dd>"
        for name, fact in facts.items()
        if fact
    )
    return f"<dl>{''.join(rows)}</dl>"


def _lines(fact: Fact) -> tuple[str, ...]:
    return (fact,) if isinstance(fact, str) else fact


def draw_text(text: str) -> str:
    """A paragraph."""
    return f"<p>{for_page_alone(text)}</p>"
