"""Pages of a list, and the opaque tokens that lead from one to the next."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .refusals import Refusal

_Item = TypeVar("_Item")


def cut_page(
    items: Sequence[_Item], token: str | None, size: int, *, refusal: Refusal
) -> tuple[list[_Item], dict[str, str]]:
    """The items of one page, and `NextToken` for the answer unless it is the last page.

    Raises:
        Refusal: `refusal`, when the token isn't one that was handed out.
    """
    start = 0 if token is None else _read_token(token, refusal)
    end = start + size
    more = {"NextToken": _write_token(end)} if end < len(items) else {}
    return list(items[start:end]), more


def _write_token(position: int) -> str:
    return base64.b64encode(f"from:{position}".encode()).decode()


def _read_token(token: str, refusal: Refusal) -> int:
    try:
        mark, _, position = base64.b64decode(token, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise refusal from error
    if mark != "from" or not position.isdecimal():
        raise refusal
    return int(position)
