"""Pages of a list, and the opaque tokens that point to the next page.

A token holds the key of the last returned item, not a number of items. So no item is repeated or
skipped if other items are created or deleted between two pages.
"""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .refusals import Refusal

_Item = TypeVar("_Item")
Key = tuple[str | int | float, ...]
"""The sort key of a list's items; no two items of a list have the same one."""


def cut_page(
    items: Iterable[_Item],
    token: str | None,
    size: int,
    *,
    key: Callable[[_Item], Key],
    refusal: Refusal,
    is_descending: bool = False,
) -> tuple[list[_Item], dict[str, str]]:
    """The items of one page in the order of their keys, and `NextToken` unless it is the last page.

    Raises:
        Refusal: `refusal`, when the token isn't one that was handed out.
    """
    left = sorted(items, key=key, reverse=is_descending)
    if token is not None:
        last = _read_token(token, refusal)
        try:
            left = [i for i in left if (key(i) < last if is_descending else key(i) > last)]
        except TypeError as error:  # the token of another list
            raise refusal from error
    more = {"NextToken": _write_token(key(left[size - 1]))} if len(left) > size else {}
    return left[:size], more


def _write_token(key: Key) -> str:
    return base64.b64encode(json.dumps(["after", *key]).encode()).decode()


def _read_token(token: str, refusal: Refusal) -> Key:
    try:
        mark, *key = json.loads(base64.b64decode(token, validate=True))
    except (ValueError, TypeError, RecursionError) as error:
        raise refusal from error
    if mark != "after":
        raise refusal
    return tuple(key)
