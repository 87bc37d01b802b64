"""What all tests share: service descriptions that are read once, and how workers divide the tests."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from botocore.loaders import Loader
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest


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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the deployed tests: they take longest, and wait for most of that time."""
    items.sort(key=lambda item: item.get_closest_marker("deployed") is None)


class _Division(LoadScopeScheduling):
    """Keeps each file on one worker, except files of stories.

    Tests of one file share a cloud or other costly fixtures. Each story makes its own world, and a file
    of a hundred stories would keep one worker busy while the others have nothing left.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if "/test_stories_" in file else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """Divide the tests so, whatever --dist says: xdist 3.8 ignores its groups under pytest 9.2."""
    return _Division(config, log)
