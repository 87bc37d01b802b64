"""Build the documentation site: the pages of this folder, and three pages of the project's root.

    python -m docs.site           # writes .local/site/html
    python -m docs.site FOLDER    # writes FOLDER/html

Zensical renders the pages, and fails if a link or an anchor leads nowhere.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
CONFIG = DOCS / "zensical.toml"
# The names of the root's pages in the site. The site has a security.md already.
ROOT_PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
}
_SOURCES = ("*.py", "*.toml", "__pycache__")


class SiteBroken(Exception):
    """Zensical refused the site; the message is its report."""


def gather(pages: Path) -> None:
    """Copy every page and picture into a folder, with links that hold there."""
    shutil.copytree(DOCS, pages, ignore=shutil.ignore_patterns(*_SOURCES), dirs_exist_ok=True)
    for name, page in ROOT_PAGES.items():
        (pages / page).write_text(_relink((ROOT / name).read_text(encoding="utf-8")))
    for path in pages.rglob("*.md"):
        path.write_text(_relink(path.read_text(encoding="utf-8")), encoding="utf-8")


def build(folder: Path) -> Path:
    """Build the site in `folder`, and return the folder of its HTML pages.

    Raises:
        SiteBroken: a link, an anchor or an entry of the navigation leads nowhere.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    gather(folder / "pages")
    config = shutil.copy(CONFIG, folder)
    zensical = Path(sys.executable).parent / "zensical"
    run = subprocess.run(  # noqa: S603 - our own tool on our own pages
        [zensical, "build", "--strict", "--clean", "--config-file", config],
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise SiteBroken(run.stdout + run.stderr)
    return folder / "html"


def _relink(text: str) -> str:
    """Lead links between the root's pages and this folder's to where the site has these pages."""
    text = re.sub(r"\]\(docs/", "](", text)
    for name, page in ROOT_PAGES.items():
        text = re.sub(rf"\]\((?:\.\./)*{re.escape(name)}", f"]({page}", text)
    return text


def main(arguments: list[str]) -> int:
    """Build the site; the exit code says whether every link leads somewhere."""
    folder = Path(arguments[0]) if arguments else ROOT / ".local" / "site"
    try:
        html = build(folder)
    except SiteBroken as error:
        print(error, file=sys.stderr)
        return 1
    print(f"wrote {html / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
