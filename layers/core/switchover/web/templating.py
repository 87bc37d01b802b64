"""Fill a page's template with values. Hidden characters in a value are written out; Jinja2 escapes HTML.

Only AnswerApproval and WriteReport import this module. No other function waits for Jinja2 to load.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from switchover.domain.plain_text import one_line, quote, split_quotations
from switchover.domain.units import say_count

if TYPE_CHECKING:
    from datetime import datetime

_IMAGE = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
# Of a value in a table.
_LONGEST_EXCERPT = 600


def render(template: str, **values: object) -> str:
    """Fill a template of this package; `values` are what the template names. Returns HTML.

    Raises:
        UndefinedError: the template names a value that isn't given.
    """
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("switchover", "web/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_clean,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "attribute": _attribute,
        "counted": say_count,
        "excerpt": _excerpt,
        "image": _image,
        "minutes": _minutes,
        "quoted": quote,
        "utc_minute": _utc_minute,
    }
    return environment


def _clean(value: object) -> Markup:
    """Write a value as one line of HTML. Jinja2 calls this for every value that a template prints.

    Each quotation stands in a `<bdi>`. Without it, a browser draws our number behind a Hebrew or Arabic
    quotation inside the quotation.
    """
    if isinstance(value, Markup):
        return value
    isolated = Markup("<bdi>{}</bdi>")
    pieces = split_quotations(one_line(str(value)))
    return Markup().join(
        isolated.format(piece) if is_quoted else piece for piece, is_quoted in pieces
    )


def _attribute(text: str) -> Markup:
    """Write a text as one line for an HTML attribute, where no `<bdi>` may stand."""
    return escape(one_line(text))


def _image(data_url: str) -> Markup:
    """An image in the page itself, whole: other values are cut at a line's length.

    Raises:
        ValueError: it holds more than an image in Base64.
    """
    if not _IMAGE.fullmatch(data_url):
        raise ValueError("this is no image in Base64")
    return Markup(data_url)  # noqa: S704 - checked letter by letter


def _excerpt(text: str) -> str:
    return one_line(text, _LONGEST_EXCERPT)


def _minutes(seconds: int) -> str:
    return say_count(round(seconds / 60), "minute")


def _utc_minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
