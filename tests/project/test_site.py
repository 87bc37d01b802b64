"""The documentation site has every page, and its pages link to each other.

`make site` renders it, and fails on a link or an anchor that leads nowhere.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from typing import TYPE_CHECKING, Any

from docs.site import CONFIG, DOCS, ROOT_PAGES, gather

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pages_of(entries: list[Any]) -> Iterator[str]:
    """Every page of a part of the navigation."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            yield from (page for listed in entry.values() for page in pages_of(listed))


def test_every_page_is_in_the_navigation_once() -> None:
    navigation = tomllib.loads(CONFIG.read_text())["project"]["nav"]
    written = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md")}

    assert Counter(pages_of(navigation)) == Counter(written | set(ROOT_PAGES.values()))


def test_pages_of_the_root_link_to_pages_of_the_site(tmp_path: Path) -> None:
    gather(tmp_path)

    contributing = (tmp_path / "contributing.md").read_text()
    assert "](architecture.md)" in contributing
    assert "](reporting.md)" in contributing
    assert "](reporting.md)" in (tmp_path / "security.md").read_text()
    assert [
        path for path in tmp_path.rglob("*.md") if re.search(r"\]\(docs/", path.read_text())
    ] == []


def test_sources_of_scripts_stay_out_of_the_site(tmp_path: Path) -> None:
    gather(tmp_path)

    assert [path.name for path in tmp_path.rglob("*.py")] == []
