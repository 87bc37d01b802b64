"""What all tests share: botocore's descriptions of services are read once per process."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader

if TYPE_CHECKING:
    from collections.abc import Callable


def _once(load: Callable[..., Any]) -> Callable[..., Any]:
    """The method, which answers loaders with the same search paths alike."""
    known: dict[tuple[object, ...], Any] = {}

    @wraps(load)
    def remembering(loader: Loader, *asked: str | None, **named: str | None) -> Any:
        key = (*loader.search_paths, *asked, *named.items())
        if key not in known:
            known[key] = load(loader, *asked, **named)
        return known[key]

    return remembering


# botocore remembers them for one session, and nearly every test has a session of its own.
Loader.load_service_model = _once(Loader.load_service_model)
Loader.load_data_with_path = _once(Loader.load_data_with_path)
