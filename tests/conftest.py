"""What all tests share: service descriptions that are read once, and how workers divide the tests."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

import pytest
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


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the groups in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the deployed tests, and keep each file on one worker, except stories.

    Tests of one file share a cloud or other costly fixtures. Each story makes its own world, and a file
    of a hundred stories would keep one worker busy while the others have nothing left.
    """
    items.sort(key=lambda item: item.get_closest_marker("deployed") is None)
    for item in items:
        if "make_world" not in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
