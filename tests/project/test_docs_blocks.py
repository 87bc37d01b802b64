"""Each YAML and JSON block of the documents is well formed, and each link leads to a file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
_PAGES = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
    for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
}
_READERS = {"yaml": yaml.safe_load, "json": json.loads}
_BLOCKS = [
    (page, kind, block)
    for page, text in _PAGES.items()
    for kind, block in re.findall(r"```(yaml|json)\n(.*?)```", text, re.DOTALL)
]
_LINKS = [
    (page, link)
    for page, text in _PAGES.items()
    for link in sorted(set(re.findall(r"\]\((?!https?:)([^)#\s]+)", text)))
]


@pytest.mark.parametrize(("page", "kind", "block"), _BLOCKS)
def test_a_block_is_well_formed(page: str, kind: str, block: str) -> None:
    only_comments = not any(line and not line.startswith("#") for line in block.splitlines())

    assert (_READERS[kind](block) is None) == only_comments


@pytest.mark.parametrize(("page", "link"), _LINKS)
def test_a_link_leads_to_a_file(page: str, link: str) -> None:
    assert (ROOT / page).parent.joinpath(link).exists()
